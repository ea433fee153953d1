/** The constants of the balancer. docs/balancing.md shows what each one does when it is halved and doubled. */
export interface Tuning {
  /** What an instance usually does is remembered for about so long (Finagle and go-zero take the same). Milliseconds. */
  readonly usualMs: number;
  /** What it does just now is remembered for about so long: shorter than the spells of slowness it is to notice. Milliseconds. */
  readonly recentMs: number;
  /** The mean of all instances counts as so many calls of one instance, so that a single answer already outweighs it. */
  readonly poolCalls: number;
  /** What an instance usually does counts as so many recent calls. */
  readonly usualCalls: number;
  /** A millisecond without an answer counts as so many: the answer that is missing would have come later still. */
  readonly silence: number;
  /** A latency counts as at most so many times the mean, so that one outlier does not banish an instance. */
  readonly outlier: number;
  /** Added to the calls in flight: the new call, and half a call for those of other clients, which nobody here sees. */
  readonly unseenCalls: number;
  /** The load of an instance is divided by its chance to succeed to this power. */
  readonly failurePower: number;
  /** The n-th failure (or success) in a row moves the failure rate n-in-so-many of the way. */
  readonly failureCalls: number;
  /** A disliked instance gets one pick in so many: 0.25 %, well under the 0.4 % of calls that a dead one may cost. */
  readonly probePicks: number;
  /** And in a large set one in so many of its fair share, so that many disliked ones stay cheap together. */
  readonly probeShare: number;
  /** A probe is rarer the longer the last call took, up to so many times: probing a hanging instance costs deadlines. */
  readonly probePrice: number;
}

export const tuning: Tuning = {
  usualMs: 10_000,
  recentMs: 300,
  poolCalls: 0.3,
  usualCalls: 0.5,
  silence: 2,
  outlier: 8,
  unseenCalls: 1.5,
  failurePower: 3,
  failureCalls: 8,
  probePicks: 400,
  probeShare: 16,
  probePrice: 6,
};
