import { status } from "@grpc/grpc-js";
import type { ConnectionCall, Subchannel } from "../shield.js";
import { startHealthCall } from "./health-call.js";

/**
 * Asks over a connection whether anybody is at its other end. Any answer will do, a refusal too. A call of
 * grpc.health.v1, because servers close connections that send HTTP/2 pings oftener than they allow (grpc-go: every five
 * minutes).
 * @returns false when nothing came within `limitMs` milliseconds.
 */
export function givesSignOfLife(subchannel: Subchannel, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let call: ConnectionCall | undefined;
    // After a stall of this process timers come first; an answer that is there already is still read before this is.
    const giveUp = () => {
      resolve(false);
      call?.cancelWithStatus(status.CANCELLED, "no sign of life");
    };
    const timer = setTimeout(() => setImmediate(giveUp), limitMs);
    timer.unref();
    const alive = () => {
      clearTimeout(timer);
      resolve(true);
    };
    startHealthCall("Check", subchannel, "", {
      onReceiveMetadata: alive,
      onReceiveMessage: alive,
      // A connection that breaks says so by itself.
      onReceiveStatus: alive,
    }).then((started) => {
      call = started;
    }, alive);
  });
}
