import { log } from "../../../log.js";
import type { Subchannel } from "../../shield/experimental.js";

/** Tells, once for a channel, that a server has closed a connection because it was pinged too often. */
export class TooManyPings {
  #told = false;

  /**
   * Listens until the returned function is called.
   * @param setMs time between two pings as it was set, in milliseconds; grpc-js doubles its own at each complaint.
   */
  listenTo(subchannel: Subchannel, instance: string, setMs: number): () => void {
    const listener = (_subchannel: Subchannel, _before: unknown, _state: unknown, keepaliveMs: number) => {
      // grpc-js slows down all connections of the channel, so only the first that changes is the one complained about.
      if (this.#told || !(keepaliveMs > setMs)) return;
      this.#told = true;
      log.warn(
        { instance },
        `a server closed its connection because of too many pings: KeepaliveTime is ${setMs} ms, and Go servers ` +
          "allow a ping every 5 minutes unless told otherwise; raise KeepaliveTime to 5m or more, or lower the server's " +
          `keepalive.EnforcementPolicy.MinTime. From now on it is ${keepaliveMs} ms`,
      );
    };
    subchannel.addConnectivityStateListener(listener);
    return () => subchannel.removeConnectivityStateListener(listener);
  }
}
