import { clock } from "../times";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long, as one reads it in a list: 45 秒, 12 分, 3 小时 20 分, 2 天 4 小时. */
export function span(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  if (length < MINUTE) return `${Math.floor(length / 1000)} 秒`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} 分`;
  const [whole, rest, names] =
    length < DAY
      ? [Math.floor(length / HOUR), Math.floor((length % HOUR) / MINUTE), [" 小时", " 分"]]
      : [Math.floor(length / DAY), Math.floor((length % DAY) / HOUR), [" 天", " 小时"]];
  return `${whole}${names[0] ?? ""}${rest ? ` ${rest}${names[1] ?? ""}` : ""}`;
}

/** A clock that ticks by seconds while it matters: 04:59, 1:02:03; what is over counts up. */
export function ticking(milliseconds: number): string {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

export interface Due {
  text: string;
  tone: "danger" | "wait" | "quiet";
}

/** What a deadline says now: it ticks in the last hour, and when it is over it says by how much. */
export function due(at: number, now: number): Due {
  const left = at - now;
  if (left < 0) return { text: `超时 ${-left < HOUR ? ticking(left) : span(-left)}`, tone: "danger" };
  if (left < HOUR) return { text: `剩 ${ticking(left)}`, tone: left < 10 * MINUTE ? "danger" : "wait" };
  return { text: `剩 ${span(left)}`, tone: "quiet" };
}

/** Today the clock, yesterday 昨天, before that the date: what fits into a list. */
export function listTime(at: number, now: number): string {
  const day = (value: number): number => Math.floor((value + 8 * HOUR) / DAY);
  const days = day(now) - day(at);
  if (days === 0) return clock(at);
  if (days === 1) return `昨天 ${clock(at)}`;
  return dateTime(at);
}

/** 11-25 18:05, in Shanghai. */
export function dateTime(at: number | string): string {
  const moment = typeof at === "string" ? Date.parse(at) : at;
  const local = new Date(moment + 8 * HOUR);
  const month = String(local.getUTCMonth() + 1).padStart(2, "0");
  return `${month}-${String(local.getUTCDate()).padStart(2, "0")} ${clock(moment)}`;
}

export { clock };
