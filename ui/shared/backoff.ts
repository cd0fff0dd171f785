/**
 * Waiting time before a reconnect: doubles from half a second to fifteen, of which the
 * upper half is random, so that after a server restart the visitors do not all come at once.
 *
 * @param attempt 0 for the first retry
 * @param random a number in [0, 1)
 * @returns milliseconds
 */
export function backoff(attempt: number, random: number): number {
  const full = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(full / 2 + (full / 2) * random);
}
