/**
 * One instance as the balancer sees it. A pick reserves it: answer every pick either with started() and later ended(),
 * or with released(), and tell the kind of call that the pick was told. What comes without its pick (a second ended(), a
 * started() too many) is ignored.
 */
export interface Node<K> {
  readonly key: K;
  /** Calls picked or running now, streams that wait included. */
  readonly inFlight: number;
  /**
   * Latency expected of its next call, before its running calls are counted, in milliseconds; 0 while nobody knows. Where
   * there are several kinds of calls: of a call of any kind.
   */
  readonly ewmaMs: number;
  /** How likely its next call is to fail, 0 to 1. */
  readonly failureRate: number;
  /**
   * What picks of this kind of call compare; less is better, and the unit is of no meaning. Expected latency times what is
   * in flight, dearer the more calls fail.
   */
  load(kind?: string): number;
  /** The reserved call has begun. */
  started(kind?: string): void;
  /**
   * A started call that goes on, a stream, has its first answer: its latency is a sample. From then on it is no load for
   * calls, and its end is told without a latency.
   */
  answered(latencyMs: number, kind?: string): void;
  /**
   * A started call is known to be a stream, and waits for its first answer: from now on it is no load for calls, as one that has
   * answered is none, and its end is told without a latency, with `answered`. Not for one that answered() was told of, nor before that.
   * @param waitedMs since started().
   */
  waits(waitedMs: number, kind?: string): void;
  /**
   * A started call has ended.
   * @param latencyMs time since started(); undefined or NaN when it says nothing of the instance's speed, as a stream's.
   * @param ok whether it succeeded; undefined when it says nothing of the instance's health, as a cancelled call. The
   *   latency of a call that did not succeed counts only where it is longer than expected, so that failing fast is no merit.
   * @param answered whether answered() was told for it. Default: where it has no latency.
   */
  ended(latencyMs?: number, ok?: boolean, kind?: string, answered?: boolean): void;
  /** Gives back a pick that never started. */
  released(kind?: string): void;
}

/** What is shown of a node. */
export type ShownNode<K> = Pick<Weighed<K>, "key" | "inFlight" | "ewmaMs" | "failureRate" | "distance">;

/** A node as a pick has just compared it: what its load was made of, without working anything out again. */
export interface Weighed<K> extends Node<K> {
  /** The load that was compared. */
  readonly weighed: number;
  /** Latency expected then, in milliseconds, of a call of any kind; 0 while nobody knows. */
  readonly expectedMs: number;
  /** How many times dearer its calls are than those of one nearby. */
  readonly distance: number;
  /** Its share by weight, the mean being 1. */
  readonly share: number;
}
