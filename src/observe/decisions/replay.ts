import { P2cEwma } from "../../balancer/p2c/p2c-ewma.js";
import { subset } from "../../balancer/subset.js";
import { dice, Events } from "../virtual-time.js";
import { RecordedLatencies } from "./recorded-latencies.js";
import type { RecordedInstance, Recording } from "./recording.js";

/** What is to be different; what is left out is as it was recorded. */
export interface ReplaySettings {
  /** Default p2c_ewma. */
  readonly policy?: "p2c_ewma" | "round_robin";
  /** The zone of the client; empty for no preference. */
  readonly zone?: string;
  /** So many instances are called at most; 0 = all that were called. */
  readonly subset?: number;
  /** Weights by instance; those not named keep theirs. */
  readonly weights?: Readonly<Record<string, number>>;
  /** A second copy of a call that has not ended after so many milliseconds; the first answer wins. Default none. */
  readonly hedgeMs?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** How the calls of a recording went, or would have gone. */
export interface Outlook {
  readonly calls: number;
  readonly failures: number;
  /** Second copies sent. */
  readonly hedges: number;
  readonly meanMs: number;
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  /** Part of the calls by instance, 0 to 1; second copies not counted. */
  readonly shares: Readonly<Record<string, number>>;
}

/** How much dearer another zone is, as src/membership/zone.ts has it. */
const ELSEWHERE = 2;
/** Plays of the same arrivals by other dice, so that rare latencies weigh as they should. */
const PLAYS = 5;

/** What was recorded. */
export function outlookOf({ decisions }: Recording): Outlook {
  const ended = decisions.filter(({ outcome }) => outcome !== "running");
  const tally = new Tally();
  for (const { instance, latencyMs = 0, outcome } of ended) tally.add(instance, latencyMs, outcome === "failed");
  return tally.outlook();
}

/**
 * What would have been under other settings: plays the recorded arrivals against the real balancer in virtual time, each instance
 * answering as it did about that time with about that many calls in flight. Each recorded attempt is an arrival. Not known is what other
 * clients would have done, nor how an instance does under more calls than it ever had.
 * @throws TypeError when the recording has no call that ended, or a setting is none.
 */
export function replay(recording: Recording, settings: ReplaySettings = {}): Outlook {
  const arrivals = recording.decisions.filter(({ outcome }) => outcome !== "running");
  if (arrivals.length === 0)
    throw new TypeError("the recording has no call that has ended; record while calls are made");
  check(settings);
  const fleet = fleetOf(recording, settings);
  const tally = new Tally();
  const latencies = new RecordedLatencies(recording.decisions);
  for (let n = 0; n < PLAYS; n++) {
    play(arrivals, fleet, latencies, settings, dice((settings.seed ?? 1) * 7_919 + n), tally);
  }
  return tally.outlook(PLAYS);
}

function check({ policy, subset = 0, hedgeMs, weights = {} }: ReplaySettings): void {
  if (policy !== undefined && policy !== "p2c_ewma" && policy !== "round_robin") {
    throw new TypeError(`policy is ${JSON.stringify(policy)}; expected p2c_ewma or round_robin`);
  }
  if (!Number.isInteger(subset) || subset < 0)
    throw new TypeError(`subset is ${subset}; expected a whole number, 0 for all`);
  if (hedgeMs !== undefined && !(hedgeMs > 0))
    throw new TypeError(`hedgeMs is ${hedgeMs}; expected milliseconds above 0`);
  for (const [instance, weight] of Object.entries(weights)) {
    if (!(weight > 0)) throw new TypeError(`the weight of ${instance} is ${weight}; expected a number above 0`);
  }
}

/** About when the policy takes a call that goes on after its first message for a stream, in milliseconds (first-answers.ts). */
const STREAM_AFTER_MS = 15;

interface Placed {
  readonly id: string;
  readonly weight: number;
  readonly distance: number;
}

/** Everybody who was called or compared, with what the recording says of them. */
function fleetOf({ decisions, instances }: Recording, settings: ReplaySettings): Placed[] {
  const ids = new Set(
    decisions.flatMap(({ compared, instance }) => [instance, ...compared.map((one) => one.instance)]),
  );
  const known = new Map<string, RecordedInstance>(instances.flatMap((one) => [[one.id, one] as const]));
  const distances = new Map(
    decisions.flatMap(({ compared }) => compared.map(({ instance, distance }) => [instance, distance] as const)),
  );
  const size = settings.subset ?? 0;
  const chosen = size > 0 ? subset([...ids], size, "replay") : [...ids];
  const { zone } = settings;
  return chosen.map((id) => {
    const own = known.get(id);
    const recorded = distances.get(id) ?? 1;
    const distance = zone === undefined ? recorded : zone === "" || own?.zone === zone ? 1 : ELSEWHERE;
    return { id, weight: settings.weights?.[id] ?? own?.weight ?? 1, distance };
  });
}

type Arrival = Recording["decisions"][number];

/** A recording that has the balancer's first picks, when it knew nothing of anybody, is played from nothing as well. */
function beganCold([first]: readonly Arrival[]): boolean {
  return first!.compared.length > 0 && first!.compared.every(({ expectedMs }) => expectedMs === 0);
}

/** One play: the arrivals once to warm up the balancer, unless it began cold, and once to count. */
function play(
  arrivals: readonly Arrival[],
  fleet: readonly Placed[],
  latencies: RecordedLatencies,
  { policy = "p2c_ewma", hedgeMs }: ReplaySettings,
  random: () => number,
  tally: Tally,
): void {
  const first = arrivals[0]!.at;
  const span = arrivals.at(-1)!.at - first + 1;
  let now = 0;
  const places = new Map(fleet.map((one) => [one.id, one]));
  const balancer = new P2cEwma<string>({
    now: () => now,
    random,
    weight: (id) => places.get(id)!.weight,
    distance: (id) => places.get(id)!.distance,
  });
  balancer.set(places.keys());
  const turn = [...places.keys()];
  let turns = 0;
  const events = new Events();
  // round_robin chooses by turns; the balancer's nodes then only count what is in flight.
  const inFlight = new Map(turn.map((id) => [id, 0]));

  const send = (at: number, recorded: Arrival, rank: number, tried?: ReadonlySet<string>) => {
    const { method } = recorded;
    const node = policy === "p2c_ewma" ? balancer.pick(tried, method) : undefined;
    const id = node?.key ?? turn[turns++ % turn.length]!;
    const went = id === recorded.instance && tried === undefined ? latencies.same(recorded) : undefined;
    const drawn = went ?? latencies.at(rank, id, recorded.at, method, inFlight.get(id)!);
    node?.started(method);
    inFlight.set(id, inFlight.get(id)! + 1);
    let over = false;
    const { ms, ok } = drawn;
    const end = (latency: number | undefined, told: boolean | undefined) => {
      if (over) return;
      over = true;
      inFlight.set(id, inFlight.get(id)! - 1);
      node?.ended(latency, told, method);
    };
    // As the policy tells the balancer: at the end, with the time until the first message; a call that goes on after it is a stream.
    const { restMs } = latencies;
    if (ok && restMs > STREAM_AFTER_MS) {
      events.add(at + ms + STREAM_AFTER_MS, () => {
        if (!over) node?.answered(ms, method);
      });
      events.add(at + ms + restMs, () => end(undefined, ok));
    } else events.add(at + ms + (ok ? restMs : 0), () => end(ms, ok));
    return { id, ...drawn, cancelAt: (when: number) => events.add(when, () => end(undefined, undefined)) };
  };

  for (const counts of beganCold(arrivals) ? [true] : [false, true]) {
    const begin = counts ? span : 0;
    for (const recorded of arrivals) {
      const arrival = begin + recorded.at - first;
      events.runUntil(arrival, (time) => {
        now = time;
      });
      now = arrival;
      const one = send(arrival, recorded, latencies.rank(recorded));
      if (hedgeMs === undefined || one.ms <= hedgeMs || fleet.length < 2) {
        if (counts) tally.add(one.id, one.ms, one.ok === false);
        continue;
      }
      events.add(arrival + hedgeMs, () => {
        // A second copy is as slow as chance has it.
        const other = send(arrival + hedgeMs, recorded, random(), new Set([one.id]));
        const otherEnds = hedgeMs + other.ms;
        const wins = otherEnds < one.ms && other.ok !== false;
        if (wins) one.cancelAt(arrival + otherEnds);
        else other.cancelAt(arrival + one.ms);
        if (!counts) return;
        tally.hedges += 1;
        tally.add(one.id, wins ? otherEnds : one.ms, (wins ? other.ok : one.ok) === false);
      });
    }
    events.runUntil(begin + span, (time) => {
      now = time;
    });
  }
  events.runUntil(Number.POSITIVE_INFINITY, (time) => {
    now = time;
  });
}

/** Counts calls into an outlook. */
class Tally {
  readonly #latencies: number[] = [];
  readonly #byInstance = new Map<string, number>();
  #failures = 0;
  hedges = 0;

  add(instance: string, ms: number, failed: boolean): void {
    this.#latencies.push(ms);
    this.#byInstance.set(instance, (this.#byInstance.get(instance) ?? 0) + 1);
    if (failed) this.#failures += 1;
  }

  /** @param plays how many plays were counted together. */
  outlook(plays = 1): Outlook {
    const sorted = Float64Array.from(this.#latencies).sort();
    const n = sorted.length;
    const at = (share: number) => sorted[Math.min(n - 1, Math.floor(share * n))] ?? 0;
    return {
      calls: Math.round(n / plays),
      failures: Math.round(this.#failures / plays),
      hedges: Math.round(this.hedges / plays),
      meanMs: n === 0 ? 0 : sorted.reduce((sum, ms) => sum + ms, 0) / n,
      medianMs: at(0.5),
      p90Ms: at(0.9),
      p99Ms: at(0.99),
      shares: Object.fromEntries([...this.#byInstance].map(([id, calls]) => [id, calls / n])),
    };
  }
}
