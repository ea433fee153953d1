import type { ComparedInstance, Decision } from "./decision.js";

/** So many calls must have ended for their failures to say more than what the balancer expects. */
const ENOUGH = 5;

/** What recorded decisions show of one instance: how its calls went, and how it stood whenever it was compared. */
export class Evidence {
  readonly instance: string;
  /** Picks it got. */
  picks = 0;
  distance = 1;
  share = 1;
  #ended = 0;
  #failures = 0;
  #latencySum = 0;
  #compared = 0;
  // Means over the picks that compared it.
  #expectedMs = 0;
  #inFlight = 0;
  #failureRate = 0;

  constructor(instance: string) {
    this.instance = instance;
  }

  picked({ outcome, latencyMs = 0 }: Decision): void {
    this.picks += 1;
    if (outcome !== "ok" && outcome !== "failed") return;
    this.#ended += 1;
    this.#latencySum += latencyMs;
    if (outcome === "failed") this.#failures += 1;
  }

  compared({ expectedMs, inFlight, failureRate, distance, share }: ComparedInstance): void {
    this.#compared += 1;
    this.#expectedMs += (expectedMs - this.#expectedMs) / this.#compared;
    this.#inFlight += (inFlight - this.#inFlight) / this.#compared;
    this.#failureRate += (failureRate - this.#failureRate) / this.#compared;
    this.distance = distance;
    this.share = share;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The part of its calls that was seen to fail, or that the balancer expects to where too few were seen. */
  get failing(): number {
    return this.#ended >= ENOUGH ? this.#failures / this.#ended : this.#failureRate;
  }

  /** As the balancer expects it; before it does, as it was. */
  get latencyMs(): number {
    if (this.#expectedMs > 0) return this.#expectedMs;
    return this.#ended > 0 ? this.#latencySum / this.#ended : 0;
  }
}

/** Of every instance that was picked or compared; the one with the most picks first. */
export function evidenceIn(decisions: readonly Decision[]): Evidence[] {
  const found = new Map<string, Evidence>();
  const of = (instance: string): Evidence => {
    const evidence = found.get(instance) ?? new Evidence(instance);
    found.set(instance, evidence);
    return evidence;
  };
  for (const decision of decisions) {
    of(decision.instance).picked(decision);
    for (const one of decision.compared) of(one.instance).compared(one);
  }
  return [...found.values()].sort((a, b) => b.picks - a.picks || (a.instance < b.instance ? -1 : 1));
}
