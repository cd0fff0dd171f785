/**
 * Times as people in China read them. The shop's clock is Shanghai's wherever the
 * customer sits; it has had no summer time since 1991, so eight hours are added.
 */
const OFFSET = 8 * 3_600_000;
const DAY = 86_400_000;

export interface TimeWords {
  today: string;
  yesterday: string;
  /** Sunday first. */
  weekdays: readonly string[];
  day: (month: number, day: number, weekday: string) => string;
  year: (year: number) => string;
}

const two = (value: number): string => String(value).padStart(2, "0");
const dayNumber = (at: number): number => Math.floor((at + OFFSET) / DAY);

/** 18:05 */
export function clock(at: number): string {
  const local = new Date(at + OFFSET);
  return `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
}

function dayName(at: number, words: TimeWords): string {
  const local = new Date(at + OFFSET);
  const weekday = words.weekdays[local.getUTCDay()] ?? "";
  return words.day(local.getUTCMonth() + 1, local.getUTCDate(), weekday);
}

/** Over a group of messages: 18:05, 昨天 18:05, 11月25日（周三）18:05, with the year when it is another one. */
export function separator(at: number, now: number, words: TimeWords): string {
  const days = dayNumber(now) - dayNumber(at);
  if (days === 0) return `${words.today} ${clock(at)}`;
  if (days === 1) return `${words.yesterday} ${clock(at)}`;
  const year = new Date(at + OFFSET).getUTCFullYear();
  const isThisYear = year === new Date(now + OFFSET).getUTCFullYear();
  return `${isThisYear ? "" : words.year(year)}${dayName(at, words)}${clock(at)}`;
}

/** Does a message deserve a time of its own above it? After five minutes of silence, and on a new day. */
export function needsSeparator(at: number, previous: number | null): boolean {
  return previous === null || at - previous > 5 * 60_000 || dayNumber(at) !== dayNumber(previous);
}

/** A moment in a card: 11月25日（周三）18:00; a bare date without the clock; anything else as it is written. */
export function moment(value: string, words: TimeWords): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(value);
  if (!isDate && !/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value)) return value;
  const at = Date.parse(isDate ? `${value}T00:00:00+08:00` : withZone(value.replace(" ", "T")));
  if (Number.isNaN(at)) return value;
  return isDate ? dayName(at, words).trim() : `${dayName(at, words)}${clock(at)}`;
}

/** A time without a zone is the shop's. */
const withZone = (value: string): string => (/(Z|[+-]\d{2}:?\d{2})$/.test(value) ? value : `${value}+08:00`);

/** Sort key of a timeline entry; what cannot be read sorts last. */
export function timestamp(value: string): number {
  return Date.parse(withZone(value.replace(" ", "T"))) || 0;
}

/** ¥1,299.00 */
export function money(amount: string): string {
  const match = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(amount.trim());
  if (!match) return amount;
  const [, sign = "", whole = "", cents = ""] = match;
  return `${sign}¥${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents.padEnd(2, "0")}`;
}
