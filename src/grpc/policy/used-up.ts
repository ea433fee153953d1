import { Metadata, status } from "@grpc/grpc-js";
import { type CallHistory, NO_ATTEMPT_LEFT } from "../call-facts.js";
import { type PickResult, PickResultType, QUEUE } from "../shield/experimental.js";

/** How the pick of a call ends of which no further attempt may be made. Another copy runs, or has ended: that end is the call's. */
const USED_UP: PickResult = {
  ...QUEUE,
  pickResultType: PickResultType.DROP,
  status: { code: status.UNAVAILABLE, details: NO_ATTEMPT_LEFT, metadata: new Metadata() },
};

/** Undefined for a call that may have a further attempt. */
export function usedUp(history: CallHistory | undefined): PickResult | undefined {
  return history?.isUsedUp ? USED_UP : undefined;
}
