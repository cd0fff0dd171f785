import { span } from "../shared/staff/spans";
import type { Figure } from "./types";

const whole = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 1 });

/** Under an hour with its seconds: whoever is held to two minutes wants to see them. */
function short(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60 || whole >= 3600) return span(whole * 1000);
  return `${Math.floor(whole / 60)} 分${whole % 60 ? ` ${whole % 60} 秒` : ""}`;
}

/** A value in its unit, as it is read: 83.2%, 4.21, +42, 71.0, 3 分, 1,204. */
export function shown(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "—";
  switch (unit) {
    case "share":
      return `${(value * 100).toFixed(1)}%`;
    case "score":
      return value.toFixed(2);
    case "points":
      return `${value > 0 ? "+" : ""}${value.toFixed(1)}`;
    case "index":
      return value.toFixed(1);
    case "seconds":
      return short(value);
    default:
      return whole.format(value);
  }
}

/** 80.1%–86.0%; empty when no interval is known. */
export function interval(figure: Figure): string {
  if (figure.low === null || figure.high === null) return "";
  return `${shown(figure.low, figure.unit)}–${shown(figure.high, figure.unit)}`;
}

export const count = (value: number): string => whole.format(value);

/** 2026-11-24 in Shanghai, `back` days before `now`. */
export function shopDay(now: number, back = 0): string {
  return new Date(now + 8 * 3_600_000 - back * 86_400_000).toISOString().slice(0, 10);
}
