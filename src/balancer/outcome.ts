/**
 * What the end of a call says of the instance that served it:
 * - `success`: it did its work; the latency is a sample of its speed.
 * - `failure`: it, or the way to it, is at fault; it should get fewer calls.
 * - `ignore`: the caller caused the end, so it says nothing of the instance.
 */
export type Outcome = "success" | "failure" | "ignore";

/** By numeric gRPC status code (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md). */
const OUTCOMES: readonly Outcome[] = [
  "success", // 0 OK
  "ignore", // 1 CANCELLED: the caller gave up; see CANCELLED_BY_FAR_SIDE
  "failure", // 2 UNKNOWN: what a handler that throws becomes
  "ignore", // 3 INVALID_ARGUMENT: wrong at every instance
  "failure", // 4 DEADLINE_EXCEEDED: too slow, whoever set the deadline; see LASTED_TO_DEADLINE
  "ignore", // 5 NOT_FOUND: an answer
  "ignore", // 6 ALREADY_EXISTS: an answer
  "ignore", // 7 PERMISSION_DENIED: the caller's rights
  "failure", // 8 RESOURCE_EXHAUSTED: how an overloaded instance sheds calls
  "ignore", // 9 FAILED_PRECONDITION: the state of the data
  "ignore", // 10 ABORTED: a conflict between callers
  "ignore", // 11 OUT_OF_RANGE: the caller read past the end
  "failure", // 12 UNIMPLEMENTED: an instance of an older version
  "failure", // 13 INTERNAL: a broken invariant, or a stream reset
  "failure", // 14 UNAVAILABLE: not there, or going away
  "failure", // 15 DATA_LOSS: its data is damaged
  "ignore", // 16 UNAUTHENTICATED: the caller's credentials
];

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;

/** The instance gave up: it resets its streams when it is shut down, or its handler was cancelled by nobody we know. */
const CANCELLED_BY_FAR_SIDE: Outcome = "failure";

/** A stream that answers lasts until somebody ends it, and its deadline is a way to say when: subscriptions are renewed so. */
const LASTED_TO_DEADLINE: Outcome = "ignore";

/**
 * What a call that ended with this gRPC status code says of its instance. Codes gRPC does not know are UNKNOWN.
 * @param byFarSide whether the instance, or the connection to it, ended the call rather than the caller. Default false.
 * @param lasted whether it was answered by a message, and its own deadline has passed. Default false.
 */
export function outcomeOf(code: number, byFarSide = false, lasted = false): Outcome {
  if (code === CANCELLED && byFarSide) return CANCELLED_BY_FAR_SIDE;
  if (code === DEADLINE_EXCEEDED && lasted) return LASTED_TO_DEADLINE;
  return OUTCOMES[code] ?? "failure";
}
