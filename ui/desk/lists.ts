import type { Item } from "../shared/staff/desk-protocol";

/** The four lists of the left column. */
export const LISTS = ["mine", "waiting", "bot", "all"] as const;
export type ListName = (typeof LISTS)[number];

const at = (value: string | null | undefined): number => (value ? Date.parse(value) : 0);
const isSnoozed = (item: Item, now: number): boolean => at(item.snoozed_until) > now;
/** The customer has the last word: somebody owes an answer. */
export const isOwed = (item: Item): boolean => item.owner === "human" && item.last?.from === "customer";

export function belongs(item: Item, list: ListName): boolean {
  switch (list) {
    case "mine":
      return item.mine;
    case "waiting":
      return item.owner === "queued";
    case "bot":
      return item.owner === "bot";
    case "all":
      return true;
  }
}

/**
 * The order of a list. Waiting: as the queue says. Mine: what is overdue, then who waits for an
 * answer, longest first, then the rest, newest first; what is snoozed stands last. Others: newest first.
 */
export function ordered(items: readonly Item[], list: ListName, now: number): Item[] {
  const newest = (a: Item, b: Item): number => at(b.last?.at ?? b.opened_at) - at(a.last?.at ?? a.opened_at);
  const found = items.filter((item) => belongs(item, list));
  if (list === "waiting") {
    return found.sort(
      (a, b) => (a.position ?? 1e9) - (b.position ?? 1e9) || at(a.waiting_since) - at(b.waiting_since),
    );
  }
  if (list !== "mine") return found.sort(newest);
  const rank = (item: Item): number => (isSnoozed(item, now) ? 3 : item.overdue ? 0 : isOwed(item) ? 1 : 2);
  return found.sort((a, b) => {
    const difference = rank(a) - rank(b);
    if (difference) return difference;
    return rank(a) <= 1 ? at(a.last?.at) - at(b.last?.at) : newest(a, b);
  });
}

/** Does a conversation show what is searched for: name, words, topic, who holds it? */
export function matches(item: Item, search: string): boolean {
  const words = search.trim().toLowerCase();
  if (!words) return true;
  const shown = [item.customer.name, item.last?.text, item.topic_label, item.agent?.name, item.customer.tier_label];
  return shown.some((one) => one?.toLowerCase().includes(words));
}

/** The neighbour in a list; at its ends it stays. */
export function neighbour(items: readonly Item[], current: string | null, step: 1 | -1): string | null {
  if (!items.length) return null;
  const index = items.findIndex((item) => item.conversation === current);
  if (index < 0) return (step === 1 ? items[0] : items[items.length - 1])?.conversation ?? null;
  return items[Math.min(items.length - 1, Math.max(0, index + step))]?.conversation ?? null;
}
