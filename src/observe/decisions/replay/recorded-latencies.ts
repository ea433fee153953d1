import type { Recording } from "../recording.js";

/** So many records on each side of a moment are its neighbours. */
const NEIGHBOURS = 8;

interface Answer {
  readonly at: number;
  readonly inFlight: number;
  readonly ms: number;
  /** Undefined when its end said nothing of the instance. */
  readonly ok: boolean | undefined;
}

/** So few answers with about that many calls in flight say too little: then all neighbours count. */
const ENOUGH = 6;

/**
 * What a call would have met elsewhere: a call that was among the slowest of its instance at its time is among the slowest of the
 * other one at that time too, for much of what a call takes belongs to the call. Of about the same time, method and calls in flight.
 */
export class RecordedLatencies {
  readonly #byInstance = new Map<string, Answer[]>();
  readonly #byMethod = new Map<string, Answer[]>();
  readonly #all: Answer[] = [];
  readonly #ranks = new Map<Recording["decisions"][number], number>();
  /**
   * How much longer than its latency a call is in flight, in milliseconds: it is picked before it starts, and ends after its first
   * message. Not recorded, but seen in how many calls were in flight at each pick.
   */
  readonly restMs: number;

  constructor(decisions: Recording["decisions"]) {
    for (const decision of decisions) {
      const answer = answerOf(decision);
      if (!answer) continue;
      put(this.#byInstance, decision.instance, answer);
      put(this.#byMethod, `${decision.instance} ${decision.method}`, answer);
      this.#all.push(answer);
    }
    this.restMs = restOf([...this.#byInstance.values()]);
  }

  /** Where the recorded call stood among its neighbours: 0 the quickest, 1 the slowest. */
  rank(decision: Recording["decisions"][number]): number {
    const known = this.#ranks.get(decision) ?? this.#rank(decision);
    this.#ranks.set(decision, known);
    return known;
  }

  #rank(decision: Recording["decisions"][number]): number {
    const own = answerOf(decision);
    if (!own) return 0.5;
    const among = this.#neighbours(decision.instance, own.at, decision.method, own.inFlight);
    const quicker = among.filter(({ ms }) => ms < own.ms).length;
    return (quicker + 0.5) / among.length;
  }

  /** A call that goes where it went takes what it took. */
  same(decision: Recording["decisions"][number]): Answer | undefined {
    return answerOf(decision);
  }

  /** The neighbour of that rank at another instance, or at another time. One that was never called answers as all did. */
  at(rank: number, instance: string, at: number, method: string, inFlight: number): Answer {
    const among = this.#neighbours(instance, at, method, inFlight);
    return among[Math.min(among.length - 1, Math.floor(rank * among.length))]!;
  }

  /** The quickest first. */
  #neighbours(instance: string, at: number, method: string, inFlight: number): Answer[] {
    const own = this.#byMethod.get(`${instance} ${method}`) ?? this.#byInstance.get(instance) ?? this.#all;
    const middle = indexOf(own, at);
    const near = own.slice(Math.max(0, middle - NEIGHBOURS), middle + NEIGHBOURS);
    const alike = near.filter((one) => Math.abs(Math.log2((1 + one.inFlight) / (1 + inFlight))) <= 0.5);
    return (alike.length >= ENOUGH ? alike : near).sort((a, b) => a.ms - b.ms);
  }
}

function answerOf({ instance, at, latencyMs, outcome, compared }: Recording["decisions"][number]): Answer | undefined {
  if (outcome === "running" || latencyMs === undefined) return undefined;
  const inFlight = compared.find((one) => one.instance === instance)?.inFlight ?? 0;
  return { at, inFlight, ms: latencyMs, ok: outcome === "ignored" ? undefined : outcome === "ok" };
}

function put(map: Map<string, Answer[]>, key: string, answer: Answer): void {
  const list = map.get(key);
  if (list) list.push(answer);
  else map.set(key, [answer]);
}

/** The first that is not earlier. */
function indexOf(answers: readonly Answer[], at: number): number {
  let low = 0;
  let high = answers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (answers[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** No call stays longer without a message, in milliseconds. */
const MOST_REST_MS = 1_000;

/** The rest with which as many calls are in flight at the picks as were, found by halving. */
function restOf(instances: readonly (readonly Answer[])[]): number {
  const recorded = instances.flat().reduce((sum, { inFlight }) => sum + inFlight, 0);
  let [low, high] = [0, MOST_REST_MS];
  if (inFlightWith(0, instances) >= recorded) return 0;
  for (let i = 0; i < 16; i++) {
    const middle = (low + high) / 2;
    if (inFlightWith(middle, instances) < recorded) low = middle;
    else high = middle;
  }
  return low;
}

/** Calls that were in flight at the picks of the same instance, all picks together. */
function inFlightWith(rest: number, instances: readonly (readonly Answer[])[]): number {
  let sum = 0;
  for (const answers of instances) {
    answers.forEach(({ at, ms }, own) => {
      sum += Math.max(0, indexOf(answers, at + ms + rest) - own - 1);
    });
  }
  return sum;
}
