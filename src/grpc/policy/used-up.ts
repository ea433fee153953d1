import { Metadata, status } from "@grpc/grpc-js";
import type { CallHistory } from "../call-facts.js";
import { type PickResult, PickResultType, QUEUE } from "../shield.js";

const DETAILS = "the call has used all attempts that Retry allows";

/** How the pick of a call ends of which no further attempt may be made; another copy of it runs, so its caller never sees this end. */
const USED_UP: PickResult = {
  ...QUEUE,
  pickResultType: PickResultType.DROP,
  status: { code: status.UNAVAILABLE, details: DETAILS, metadata: new Metadata() },
};

/** Undefined for a call that may have a further attempt. */
export function usedUp(history: CallHistory | undefined): PickResult | undefined {
  return history && history.started >= history.mostAttempts ? USED_UP : undefined;
}
