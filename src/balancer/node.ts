/**
 * One instance as the balancer sees it. A pick reserves it: answer every pick either with started() and later ended(),
 * or with released(). What comes without its pick (a second ended(), a started() too many) is ignored.
 */
export interface Node<K> {
  readonly key: K;
  /** Calls picked or running now. */
  readonly inFlight: number;
  /** Latency expected of its next call, before its running calls are counted, in milliseconds; 0 while nobody knows. */
  readonly ewmaMs: number;
  /** How likely its next call is to fail, 0 to 1. */
  readonly failureRate: number;
  /** What picks compare; less is better. Expected latency times calls in flight, dearer the more of them fail. */
  load(): number;
  /** The reserved call has begun. */
  started(): void;
  /**
   * A started call that goes on, a stream, has its first answer: its latency is a sample. Its end is then told without one.
   */
  answered(latencyMs: number): void;
  /**
   * A started call has ended.
   * @param latencyMs time since started(); undefined or NaN when it says nothing of the instance's speed, as a stream's.
   * @param ok whether it succeeded; undefined when it says nothing of the instance's health, as a cancelled call. The
   *   latency of a call that did not succeed counts only where it is longer than expected, so that failing fast is no merit.
   * @param report the server's own load report: accepted, and not used (docs/balancing.md says why).
   */
  ended(latencyMs?: number, ok?: boolean, report?: unknown): void;
  /** Gives back a pick that never started. */
  released(): void;
}
