/** What the browser keeps for a visitor: token, unsent messages, draft, used buttons, last read message. */
export interface Store {
  read(key: string): unknown;
  write(key: string, value: unknown): void;
}

/**
 * A store in `localStorage`, under a prefix of the site's own. Private windows and
 * blocked storage throw at any access; then the visit lives in memory only.
 */
export function browserStore(site: string): Store {
  const memory = new Map<string, unknown>();
  const prefix = `zhike:${site}:`;
  return {
    read(key) {
      if (memory.has(key)) return memory.get(key);
      try {
        const raw = localStorage.getItem(prefix + key);
        return raw === null ? undefined : (JSON.parse(raw) as unknown);
      } catch {
        return undefined;
      }
    },
    write(key, value) {
      try {
        if (value === undefined) localStorage.removeItem(prefix + key);
        else localStorage.setItem(prefix + key, JSON.stringify(value));
        memory.delete(key);
      } catch {
        memory.set(key, value);
      }
    },
  };
}

export function memoryStore(): Store {
  const values = new Map<string, string>();
  return {
    read: (key) => {
      const raw = values.get(key);
      return raw === undefined ? undefined : (JSON.parse(raw) as unknown);
    },
    write: (key, value) => {
      if (value === undefined) values.delete(key);
      else values.set(key, JSON.stringify(value));
    },
  };
}
