/**
 * Business hours of the people, as the embedding page writes them: `9:00-21:00`, or with
 * days of the week (1 is Monday) `1-5 9:00-18:00; 6-7 10:00-17:00`. Shanghai time.
 */
export interface Span {
  days: readonly number[];
  from: number;
  to: number;
}

const SPAN = /^(?:([1-7])(?:-([1-7]))?\s+)?(\d{1,2}):(\d{2})\s*[-–~]\s*(\d{1,2}):(\d{2})$/;

/** @returns null when nothing, or something unreadable, is written: then people are simply there */
export function readHours(written: string | null): Span[] | null {
  if (!written?.trim()) return null;
  const spans: Span[] = [];
  for (const part of written.split(/[;\uff1b]/)) {
    const match = SPAN.exec(part.trim());
    if (!match) return null;
    const first = Number(match[1] ?? 1);
    const last = Number(match[2] ?? match[1] ?? 7);
    const days = [1, 2, 3, 4, 5, 6, 7].filter((day) => day >= first && day <= last);
    const from = Number(match[3]) * 60 + Number(match[4]);
    const to = Number(match[5]) * 60 + Number(match[6]);
    spans.push({ days, from, to });
  }
  return spans;
}

export function isOpen(spans: readonly Span[] | null, now: number): boolean {
  if (!spans) return true;
  const local = new Date(now + 8 * 3_600_000);
  const day = local.getUTCDay() || 7;
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  return spans.some((span) => span.days.includes(day) && minute >= span.from && minute < span.to);
}
