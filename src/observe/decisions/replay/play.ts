import type { Node } from "../../../balancer/node.js";
import { P2cEwma } from "../../../balancer/p2c/p2c-ewma.js";
import { Events } from "../../virtual-time.js";
import type { Recording } from "../recording.js";
import type { Placed } from "./fleet.js";
import type { Tally } from "./outlook.js";
import type { RecordedLatencies } from "./recorded-latencies.js";

type Arrival = Recording["decisions"][number];

export interface PlaySettings {
  /** The earliest first; at least one. */
  readonly arrivals: readonly Arrival[];
  readonly fleet: readonly Placed[];
  readonly latencies: RecordedLatencies;
  readonly policy: "p2c_ewma" | "round_robin";
  /** When a second copy is sent; undefined for never. Milliseconds. */
  readonly hedgeMs: number | undefined;
  readonly random: () => number;
}

/** About when the policy takes a call that goes on after its first message for a stream, in milliseconds (call-picker.ts). */
const STREAM_AFTER_MS = 15;

/** One play of the recorded arrivals against the real balancer, in virtual time. */
export class Play {
  readonly #settings: PlaySettings;
  readonly #balancer: P2cEwma<string>;
  readonly #ids: readonly string[];
  readonly #inFlight: Map<string, number>;
  readonly #events = new Events();
  #now = 0;
  /** Of round_robin. */
  #turns = 0;

  constructor(settings: PlaySettings) {
    this.#settings = settings;
    const places = new Map(settings.fleet.map((one) => [one.id, one]));
    this.#ids = [...places.keys()];
    this.#inFlight = new Map(this.#ids.map((id) => [id, 0]));
    this.#balancer = new P2cEwma<string>({
      now: () => this.#now,
      random: settings.random,
      weight: (id) => places.get(id)!.weight,
      distance: (id) => places.get(id)!.distance,
    });
    this.#balancer.set(this.#ids);
  }

  /** The arrivals once to warm up the balancer, unless it began cold, and once to count. */
  run(tally: Tally): void {
    const { arrivals } = this.#settings;
    const span = arrivals.at(-1)!.at - arrivals[0]!.at + 1;
    if (!beganCold(arrivals)) this.#arriveAll(0, span, undefined);
    this.#arriveAll(span, span, tally);
    this.#runUntil(Number.POSITIVE_INFINITY);
  }

  /** @param tally undefined where the calls do not count. */
  #arriveAll(begin: number, span: number, tally: Tally | undefined): void {
    const { arrivals } = this.#settings;
    for (const recorded of arrivals) {
      const at = begin + recorded.at - arrivals[0]!.at;
      this.#runUntil(at);
      this.#now = at;
      this.#call(at, recorded, tally);
    }
    this.#runUntil(begin + span);
  }

  #runUntil(end: number): void {
    this.#events.runUntil(end, (at) => {
      this.#now = at;
    });
  }

  #call(at: number, recorded: Arrival, tally: Tally | undefined): void {
    const { hedgeMs, latencies } = this.#settings;
    const first = this.#send(at, recorded, latencies.rank(recorded));
    if (hedgeMs === undefined || first.ms <= hedgeMs || this.#ids.length < 2) {
      tally?.add(first.instance, first.ms, first.ok === false);
    } else {
      this.#events.add(at + hedgeMs, () => this.#hedge(first, at, hedgeMs, recorded, tally));
    }
  }

  /** Sends the second copy of a call that arrived at `at`. Whichever ends first wins; the other one is cancelled. */
  #hedge(first: Copy, at: number, hedgeMs: number, recorded: Arrival, tally: Tally | undefined): void {
    // A second copy is as slow as chance has it.
    const second = this.#send(at + hedgeMs, recorded, this.#settings.random(), new Set([first.instance]));
    const secondMs = hedgeMs + second.ms;
    const wins = secondMs < first.ms && second.ok !== false;
    if (wins) this.#events.add(at + secondMs, () => first.cancel(secondMs));
    else this.#events.add(at + first.ms, () => second.cancel(first.ms - hedgeMs));
    tally?.addHedge();
    tally?.add(first.instance, wins ? secondMs : first.ms, (wins ? second.ok : first.ok) === false);
  }

  /**
   * Sends a copy of a call to whom the policy picks, and tells the balancer of it as the policy does: at the end, with the time
   * until the first message; a call that goes on after that is a stream.
   */
  #send(at: number, recorded: Arrival, rank: number, tried?: ReadonlySet<string>): Copy {
    const { latencies, policy } = this.#settings;
    const { method } = recorded;
    const node = policy === "p2c_ewma" ? this.#balancer.pick(tried, method) : undefined;
    const id = node?.key ?? this.#ids[this.#turns++ % this.#ids.length]!;
    const same = id === recorded.instance && !tried ? latencies.same(recorded) : undefined;
    const { ms, ok } = same ?? latencies.at(rank, id, recorded.at, method, this.#inFlight.get(id)!);
    const copy = new Copy(id, ms, ok, method, node, this.#inFlight);
    const { restMs } = latencies;
    if (ok && restMs > STREAM_AFTER_MS) {
      this.#events.add(at + ms + STREAM_AFTER_MS, () => copy.goesOn());
      this.#events.add(at + ms + restMs, () => copy.end(undefined));
    } else {
      this.#events.add(at + ms + (ok ? restMs : 0), () => copy.end(ms));
    }
    return copy;
  }
}

/** A copy of a call at one instance, from its start to its end. */
class Copy {
  readonly instance: string;
  /** Until its first message. */
  readonly ms: number;
  /** Undefined when its end says nothing of the instance. */
  readonly ok: boolean | undefined;
  readonly #method: string;
  readonly #node: Node<string> | undefined;
  readonly #inFlight: Map<string, number>;
  #hasAnswered = false;
  #over = false;

  /** @param node undefined where the balancer has not picked the instance. */
  constructor(
    instance: string,
    ms: number,
    ok: boolean | undefined,
    method: string,
    node: Node<string> | undefined,
    inFlight: Map<string, number>,
  ) {
    this.instance = instance;
    this.ms = ms;
    this.ok = ok;
    this.#method = method;
    this.#node = node;
    this.#inFlight = inFlight;
    node?.started(method);
    inFlight.set(instance, inFlight.get(instance)! + 1);
  }

  /** It has had its first message, and has not ended. */
  goesOn(): void {
    if (this.#over) return;
    this.#hasAnswered = true;
    this.#node?.answered(this.ms, this.#method);
  }

  /** @param ms undefined where its latency has been told, or says nothing. */
  end(ms: number | undefined): void {
    this.#finish(ms, this.ok);
  }

  /** Another copy has won, after this one ran for so long: as the policy tells of a call that was given up. */
  cancel(afterMs: number): void {
    this.#finish(this.#hasAnswered ? undefined : afterMs, undefined);
  }

  #finish(ms: number | undefined, ok: boolean | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#inFlight.set(this.instance, this.#inFlight.get(this.instance)! - 1);
    this.#node?.ended(ms, ok, this.#method);
  }
}

/** A recording that has the balancer's first picks, when it knew nothing of anybody, is played from nothing as well. */
function beganCold([first]: readonly Arrival[]): boolean {
  return first!.compared.length > 0 && first!.compared.every(({ expectedMs }) => expectedMs === 0);
}
