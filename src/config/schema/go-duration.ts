import { quote } from "../../address.js";

/** Nanoseconds in each unit; micro is written u, µ (U+00B5) or μ (U+03BC). */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const LIMIT = 1n << 63n;

/**
 * Reads a duration as Go's time.ParseDuration does ("300ms", "-1.5h", "2h45m"), to the nanosecond.
 * @returns nanoseconds
 * @throws TypeError that quotes the text and says what is wrong with it.
 */
export function parseGoDuration(text: string): bigint {
  const fail = (why: string): never => {
    throw new TypeError(`${quote(text)} is not a Go duration: ${why}; expected for example 20s, 1m30s or 500ms`);
  };
  const [, sign, body] = /^([-+]?)(.*)$/s.exec(text) as unknown as [string, string, string];
  if (body === "0") return 0n;
  if (body === "") fail("it is empty");
  const part = /([0-9]*)(?:\.([0-9]*))?([^0-9.]*)/y;
  let total = 0n;
  while (part.lastIndex < body.length) {
    const [whole, digits, fraction = "", unit] = part.exec(body) as unknown as [string, string, string?, string?];
    if (digits === "" && fraction === "") return fail(`it needs a number before ${quote(whole)}`);
    if (!unit) return fail("it has no unit (ns, us, ms, s, m, h)");
    if (!Object.hasOwn(UNITS, unit))
      return fail(`it has an unknown unit ${quote(unit)} (units are ns, us, ms, s, m, h)`);
    const unitNs = UNITS[unit]!;
    total += BigInt(digits) * unitNs + fractionOf(unitNs, fraction);
    if (total > LIMIT) fail("it is too long for Go, which ends at about 292 years");
  }
  if (sign === "-") return -total;
  return total < LIMIT ? total : fail("it is too long for Go, which ends at about 292 years");
}

/** The fraction of a unit, rounded as Go rounds: digits past int64 are dropped, and the product is a float64. */
function fractionOf(unitNs: bigint, digits: string): bigint {
  let kept = 0n;
  let scale = 1;
  for (const digit of digits) {
    if (kept > (LIMIT - 1n) / 10n) break;
    const next = kept * 10n + BigInt(digit);
    if (next > LIMIT) break;
    kept = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(kept) * (Number(unitNs) / scale)));
}

/** Writes nanoseconds as Go's Duration.String does: "1m30s", "1.5ms", "0s". The inverse of parseGoDuration. */
export function formatGoDuration(ns: bigint): string {
  if (ns < 0n) return `-${formatGoDuration(-ns)}`;
  if (ns === 0n) return "0s";
  if (ns < UNITS.us!) return `${ns}ns`;
  if (ns < UNITS.ms!) return `${decimal(ns, 3)}\u00b5s`;
  if (ns < UNITS.s!) return `${decimal(ns, 6)}ms`;
  const hours = ns / UNITS.h!;
  const minutes = (ns % UNITS.h!) / UNITS.m!;
  const seconds = `${decimal(ns % UNITS.m!, 9)}s`;
  if (hours > 0n) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${minutes}m${seconds}` : seconds;
}

/** `value` with its last `places` digits behind the point, without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "");
}
