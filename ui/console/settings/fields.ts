import type { Span } from "./types";

/** What somebody typed between 、 , ， ; or spaces, each once. */
export function skillsOf(typed: string): string[] {
  return [...new Set(typed.split(/[、,，;；\s]+/).filter(Boolean))];
}

const TIME = /^\d{1,2}[:：]\d{2}$/;
/** Whether every time is written as 9:00; whether it can be one is the service's to say. */
export const areTimes = (spans: readonly Span[]): boolean =>
  spans.every((one) => TIME.test(one.opens.trim()) && TIME.test(one.closes.trim()));

/** A week that may be changed, all seven days in it. */
export function weekOf(given: Record<string, Span[]>): Span[][] {
  return Array.from({ length: 7 }, (_, day) => (given[String(day)] ?? []).map((one) => ({ ...one })));
}
