import type { Activity } from "../../membership/activity.js";
import type { HealthWord, Session } from "../../membership/transport.js";
import type { Subchannel } from "../shield.js";
import { streamLimit } from "../subchannel-internals.js";
import { watchHealth } from "./health-watch.js";
import { ObservedSubchannel } from "./observed-subchannel.js";
import { probe } from "./probe.js";

/** With fewer streams than these a health Watch would take a tenth of them and more: then it is not made. */
const STREAMS_TO_SPARE = 10;

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
    if (healthService !== undefined) this.watchHealth = (tell) => this.#watchHealth(healthService, activity, tell);
  }

  probe(answered: () => void): () => void {
    return probe(this.#subchannel, answered);
  }

  endCalls(reason: string): void {
    this.observed.endCalls(reason);
  }

  #watchHealth(service: string, activity: Activity, tell: (word: HealthWord) => void): () => void {
    const limit = streamLimit(this.#subchannel);
    if (limit < STREAMS_TO_SPARE) {
      tell({ notTold: `the server allows ${limit} calls at a time, too few to spend one on a health Watch` });
      return () => {};
    }
    return watchHealth(this.#subchannel, service, (word) => {
      activity.heard();
      tell(word);
    });
  }
}
