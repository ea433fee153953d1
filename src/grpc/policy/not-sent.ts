import { Metadata, status } from "@grpc/grpc-js";
import { type CallFacts, NO_ATTEMPT_LEFT } from "../call-facts.js";
import { type PickResult, PickResultType, QUEUE } from "../shield/experimental.js";

/** How the pick of a copy ends that may not be sent. Another copy runs, or has ended: that end is the call's. */
export const NOT_SENT: PickResult = {
  ...QUEUE,
  pickResultType: PickResultType.DROP,
  status: { code: status.UNAVAILABLE, details: NO_ATTEMPT_LEFT, metadata: new Metadata() },
};

/** Undefined for a call that may have a further attempt. */
export function usedUp(facts: CallFacts | undefined): PickResult | undefined {
  return facts?.isUsedUp ? NOT_SENT : undefined;
}
