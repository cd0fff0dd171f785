import type { Store } from "../store";

/**
 * What one window of a member of staff keeps over a reload, and no longer: nothing a customer
 * said or was told stays on the machine after the window is closed.
 */
export function windowStore(name: string): Store {
  const memory = new Map<string, string>();
  const prefix = `zhike:${name}:`;
  return {
    read(key) {
      try {
        const raw = sessionStorage.getItem(prefix + key) ?? memory.get(key);
        return raw === undefined ? undefined : (JSON.parse(raw) as unknown);
      } catch {
        return undefined;
      }
    },
    write(key, value) {
      memory.delete(key);
      try {
        if (value === undefined) sessionStorage.removeItem(prefix + key);
        else sessionStorage.setItem(prefix + key, JSON.stringify(value));
      } catch {
        memory.set(key, JSON.stringify(value));
      }
    },
  };
}
