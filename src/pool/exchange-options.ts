import { checkNames, refuse } from "../target/given.js";

/** What one exchange asks for. */
export interface ExchangeOptions {
  /** Ends the wait for an instance, and is handed on to the exchange. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What exchanges of about the same cost have in common, as a method's name: latencies are compared with those of their kind.
   * Few and fixed, no addresses of single things. Default: all are of one kind.
   */
  readonly kind?: string | undefined;
}

const NAMES = ["signal", "kind"];

/** @throws TypeError that names what cannot be obeyed: a signal that is given without its name would abort nothing. */
export function checkExchangeOptions(options: ExchangeOptions): void {
  if (isSignal(options)) throw new TypeError("an exchange takes its signal by name: { signal }");
  if (typeof options !== "object" || options === null) checkNames("an exchange", options, NAMES);
  // Asked for each exchange, so no list of names is made.
  for (const name in options) {
    if (name !== "signal" && name !== "kind") checkNames("an exchange", options, NAMES);
  }
  const { signal, kind } = options;
  if (signal !== undefined && !isSignal(signal)) refuse("signal", signal, "an AbortSignal");
  if (kind !== undefined && typeof kind !== "string") refuse("kind", kind, "a text");
}

/** By its shape: a test runner's globals may be classes of their own. */
function isSignal(value: unknown): boolean {
  return typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value;
}
