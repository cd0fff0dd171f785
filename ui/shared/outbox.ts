import type { Store } from "./store";

/** A message of the customer that the server has not acknowledged. */
export interface Unsent {
  id: string;
  text: string;
  /** Set when a button was pressed: what the server issued with it. */
  payload: string | null;
  /** Number of the message whose button was pressed. */
  source: number | null;
  at: number;
  /** Why it was given up; null while it is still tried. */
  failed: string | null;
}

const KEY = "outbox";
const LIMIT = 50;

/**
 * Unsent messages, kept in the browser until the server acknowledges them. Every change
 * reads the stored list first, because another tab of the same site may have changed it.
 */
export class Outbox {
  constructor(private readonly store: Store) {}

  items(): Unsent[] {
    const stored = this.store.read(KEY);
    return Array.isArray(stored) ? stored.filter(isUnsent) : [];
  }

  add(item: Unsent): void {
    this.save([...this.items(), item].slice(-LIMIT));
  }

  remove(id: string): void {
    this.save(this.items().filter((item) => item.id !== id));
  }

  setFailed(id: string, failed: string | null): void {
    this.save(this.items().map((item) => (item.id === id ? { ...item, failed } : item)));
  }

  private save(items: Unsent[]): void {
    this.store.write(KEY, items.length ? items : undefined);
  }
}

function isUnsent(value: unknown): value is Unsent {
  const item = value as Partial<Unsent> | null;
  return typeof item === "object" && typeof item?.id === "string" && typeof item.text === "string";
}

/** A random UUID, also on plain-http intranet pages, where `crypto.randomUUID` does not exist. */
export function uuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
