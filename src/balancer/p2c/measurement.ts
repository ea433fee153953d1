import type { Kind } from "./kinds.js";

/** Shorter latencies count as this (a clock too coarse to see them): a load of 0 would win whatever is in flight. */
const SHORTEST_MS = 0.001;
/** A zero that V8 keeps as a fraction from the start: a field that turns into one later lies elsewhere in memory. */
const NOTHING = -0;

/**
 * One latency, measured against what calls of its kind take. Numbers are fields and not handed from function to function, which may
 * cost an allocation; and one object serves a whole balancer, because what each kind keeps, a call waits for.
 */
export class Measurement {
  /** As long as it may count, in milliseconds. */
  counted = NOTHING;
  /** The root of that: one slow answer says less of an instance than its length. */
  root = NOTHING;
  /**
   * The root, and so much more or less as calls of its kind take less or more than those of a usual kind. Comparable whatever the
   * kind, and for calls of one kind only the root itself.
   */
  compared = NOTHING;
  /** Told by the kind as it learns: how much longer such calls seem to take than before, as a share of the root. */
  drift = NOTHING;

  /** @param pool knows what calls of a usual kind take, as a root; 0 while nobody does. */
  take(latencyMs: number, kind: Kind, { unit }: { readonly unit: number }): void {
    this.counted = Math.max(SHORTEST_MS, Math.min(latencyMs, kind.longestMs));
    this.root = Math.sqrt(this.counted);
    if (kind.answers > 0) this.compared = this.root * kind.perRoot * unit;
    else if (unit > 0) this.compared = kind.perFirstRoot > 0 ? this.root * kind.perFirstRoot * unit : unit;
    else this.compared = this.root;
  }
}
