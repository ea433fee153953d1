import { status } from "@grpc/grpc-js";
import type { ConnectionCall } from "../../shield/connection-calls.js";
import type { Subchannel } from "../../shield/experimental.js";
import { askConnection, letProcessEnd, streamsLeft } from "../../subchannel-internals.js";
import { startHealthCall } from "./health-call.js";

/**
 * Asks over a connection whether anybody is at its other end. Any answer will do, a refusal too. A call of
 * grpc.health.v1, because servers close connections that send HTTP/2 pings more often than they allow (grpc-go: every five
 * minutes); a frame of settings where a further call would have to wait for one of those that run.
 * @returns gives up asking: `answered` is not called after it.
 */
export function probe(subchannel: Subchannel, answered: () => void): () => void {
  const stopAsking = streamsLeft(subchannel) < 1 ? askConnection(subchannel, answered) : undefined;
  return stopAsking ?? askByCall(subchannel, answered);
}

function askByCall(subchannel: Subchannel, answered: () => void): () => void {
  let stopAsking: (() => void) | undefined;
  let call: ConnectionCall | undefined;
  let over = false;
  const alive = () => {
    if (over) return;
    over = true;
    answered();
  };
  startHealthCall("Check", subchannel, "", {
    onReceiveMetadata: alive,
    onReceiveMessage: alive,
    // A connection that breaks says so by itself.
    onReceiveStatus: alive,
  }).then(
    (started) => {
      call = started;
      if (over) {
        call.cancelWithStatus(status.CANCELLED, "no longer asked");
        return;
      }
      letProcessEnd(subchannel, call);
      // The last stream may have been taken while its credentials were made.
      if (streamsLeft(subchannel) < 0) stopAsking = askConnection(subchannel, alive);
    },
    // It could not be asked, so there is no answer.
    () => {},
  );
  return () => {
    over = true;
    stopAsking?.();
    call?.cancelWithStatus(status.CANCELLED, "no longer asked");
  };
}
