import type { Activity } from "../../../membership/connection/activity.js";
import type { Session } from "../../../membership/connection/transport.js";
import type { Subchannel } from "../../shield/experimental.js";
import { watchHealth } from "./health-watch.js";
import { ObservedSubchannel } from "./observed-subchannel.js";
import { probe } from "./probe.js";

/** A subchannel of grpc-js that is connected. */
export class GrpcSession implements Session {
  /** Where calls are started. */
  readonly observed: ObservedSubchannel;
  readonly watchHealth: Session["watchHealth"];
  readonly #subchannel: Subchannel;

  /** @param healthService name of the service whose health is watched, or undefined for none. */
  constructor(subchannel: Subchannel, activity: Activity, healthService: string | undefined) {
    this.#subchannel = subchannel;
    this.observed = new ObservedSubchannel(subchannel, activity);
    if (healthService === undefined) return;
    this.watchHealth = (tell) => {
      return watchHealth(subchannel, healthService, (word) => {
        activity.heard();
        tell(word);
      });
    };
  }

  probe(answered: () => void): () => void {
    return probe(this.#subchannel, answered);
  }

  endCalls(reason: string): void {
    this.observed.endCalls(reason);
  }
}
