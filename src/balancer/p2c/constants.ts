// The constants of the balancer. docs/balancing.md says where each one comes from.

/** What an instance usually does is remembered for about so long, in milliseconds. Finagle and go-zero take the same. */
export const USUAL_MS = 10_000;
/** What it does just now is remembered for about so long: shorter than the spells of slowness that it is to notice. */
export const RECENT_MS = 300;
/** The means of a kind of call follow about so many of its calls. */
export const MEAN_CALLS = 100;
/** The mean of all instances counts as so many calls of one instance, so that two answers already outweigh it. */
export const MEAN_AS_CALLS = 0.6;
/** What an instance usually does counts as so many recent calls where latencies vary as exponential ones do. */
export const USUAL_AS_CALLS = 2.2;
/** How much the roots of exponential latencies vary: 4/pi - 1, the variance of the root to the square of its mean. */
export const EXPONENTIAL_NOISE = 4 / Math.PI - 1;
/** The noise of latencies is the mean over about so many of them. */
export const NOISE_CALLS = 200;
/** Noise less or more than so many times that of exponential latencies counts as that. */
export const LEAST_NOISE = 1;
export const MOST_NOISE = 8;
/**
 * Noise beyond CALM is that of calls of several kinds told as one: up to so much above the mean, for each unit of it, instances are
 * taken to be alike.
 */
export const CALM = 2;
export const ALIKE = 0.1;
/** A millisecond without an answer counts as so many: the answer that is missing will come later still. */
export const SILENCE = 2.5;
/** A latency counts as at most so many times the mean, so that one outlier does not banish an instance. */
export const OUTLIER = 16;
/** To a cheap call, what is in flight counts by this share as what it costs, and else as so many calls: each holds a worker. */
export const CHEAP_COST_SHARE = 0.5;
/** Added to the calls in flight: the new call, and one for those of other clients, which nobody here sees. */
export const UNSEEN_CALLS = 2;
/**
 * So many calls in flight at one instance are a crowd and count double, and more of them ever more: they wait for each
 * other, and no answer has told of it yet. Without this, every tenth simulation of bursts of 100 calls put more than 20 on one
 * of 10 instances.
 */
export const CROWD = 16;
/** Where instances have many calls in flight now, so many times their mean is a crowd: bounded loads, softened (see docs). */
export const CROWD_SHARE = 1.8;
/** A crowd counts at most so many times: a full instance is still better than one that fails. */
export const CROWD_LIMIT = 4;
/** Loads that differ by less than this share are taken as equal: the estimates are no better than that. */
export const ABOUT_EQUAL = 0.05;
/** How long what is known of an instance that left is kept for its return: the expiration period of gRFC A58. */
export const KEPT_AFTER_LEAVING_MS = 180_000;
/** So many kinds of calls are told apart; the rarest is forgotten for a new one. */
export const KINDS = 256;

/** The load of an instance is divided by its chance to succeed to this power. */
export const FAILURE_POWER = 4;
/** The n-th failure, or success, in a row moves the failure rate n in so many of the way. */
export const FAILURE_RUN = 6;
/** A disliked instance gets one pick in so many: 0.25 %, well under the 0.4 % of calls that a dead one may cost. */
export const PROBE_PICKS = 400;
/** And in a large set one in so many of its fair share, so that many disliked ones together stay cheap. */
export const PROBE_SHARE = 16;
/** Or after so long, in milliseconds, if that is sooner: a client of few calls must not wait for hours. */
export const PROBE_MS = 45_000;
/** One that is p times as slow as the mean, and did not fail, gets one pick in so many times (p - 1)⁴ of its fair share. */
export const SLOW_SHARE = 4;
/** A probe is rarer the longer the last call took, up to so many times: to probe an instance that hangs costs deadlines. */
export const PROBE_PRICE = 8;
