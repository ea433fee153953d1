/** A server that asks to be left alone for a day is asked again after a minute: it may have meant another. Milliseconds. */
const LONGEST_MS = 60_000;

/** The milliseconds that a Retry-After header asks for, seconds or a date (RFC 9110, section 10.2.3); 0 for what is neither. */
export function readRetryAfter(header: string | undefined, now: number = Date.now()): number {
  if (header === undefined) return 0;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Math.max(ms || 0, 0);
}

/**
 * How long to wait where a server asked for so many milliseconds: at least that long, at most a minute, and up to a fifth
 * longer by chance, because it has asked all its clients for the same.
 */
export function politeWait(askedMs: number, random: () => number = Math.random): number {
  const ms = askedMs > 0 ? Math.min(askedMs, LONGEST_MS) : 0;
  return ms * (1 + 0.2 * random());
}
