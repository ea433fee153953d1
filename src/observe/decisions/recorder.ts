import type { Weighed } from "../../balancer/node.js";
import { epochOffset } from "../wall-time.js";
import type { AttemptOutcome, ComparedInstance, Decision, SetAside } from "./decision.js";

/** Picks kept where nobody says how many. */
export const DEFAULT_DECISIONS = 4_096;
const MOST_DECISIONS = 1 << 20;

/** Nodes a pick compares, and numbers kept of each. */
const COMPARED = 3;
const PARTS = 6;
const OUTCOMES: readonly AttemptOutcome[] = ["running", "ok", "failed", "ignored"];
const [RUNNING, OK, FAILED, IGNORED] = [0, 1, 2, 3] as const;

/** What one channel's records have in common, kept by reference and not by pick; nothing that holds the channel itself. */
export interface RecordedChannel {
  readonly id: number;
  readonly service: string;
  /** Replaced, never changed, when it is no longer true. */
  setAside: readonly SetAside[];
}

/**
 * A flight recorder: the last picks of a process, in arrays whose size does not change. A pick writes some thirty numbers, and
 * refers to names that are there already; text is made when somebody reads.
 */
export class FlightRecorder {
  readonly size: number;
  readonly #seqs: Float64Array;
  readonly #at: Float64Array;
  readonly #latency: Float32Array;
  readonly #code: Uint8Array;
  readonly #outcome: Uint8Array;
  readonly #attempt: Uint8Array;
  readonly #methods: string[];
  /** Of those compared; the chosen one comes first, and no name stands for none. */
  readonly #instances: string[];
  readonly #parts: Float32Array;
  readonly #channels: (RecordedChannel | undefined)[];
  readonly #setAside: (readonly SetAside[] | undefined)[];
  /** Of the next pick. */
  #seq = 0;

  /** @param size picks kept, a power of two at least as large is taken. Default 4,096. */
  constructor(size = DEFAULT_DECISIONS) {
    const n = 2 ** Math.ceil(Math.log2(Math.min(Math.max(size, 1), MOST_DECISIONS)));
    this.size = n;
    this.#seqs = new Float64Array(n).fill(-1);
    this.#at = new Float64Array(n);
    this.#latency = new Float32Array(n);
    this.#code = new Uint8Array(n);
    this.#outcome = new Uint8Array(n);
    this.#attempt = new Uint8Array(n);
    this.#methods = new Array<string>(n).fill("");
    this.#instances = new Array<string>(n * COMPARED).fill("");
    this.#parts = new Float32Array(n * COMPARED * PARTS);
    this.#channels = new Array<RecordedChannel | undefined>(n).fill(undefined);
    this.#setAside = new Array<readonly SetAside[] | undefined>(n).fill(undefined);
  }

  /**
   * A pick, before the chosen node is reserved.
   * @returns its number, for started() and ended().
   */
  picked(
    channel: RecordedChannel,
    method: string | undefined,
    chosen: Weighed<string>,
    first: Weighed<string>,
    second: Weighed<string>,
    remembered: Weighed<string>,
  ): number {
    const seq = this.#seq++;
    const slot = seq & (this.size - 1);
    this.#seqs[slot] = seq;
    this.#outcome[slot] = RUNNING;
    this.#attempt[slot] = 1;
    this.#methods[slot] = method ?? "";
    this.#channels[slot] = channel;
    this.#setAside[slot] = channel.setAside;
    const at = slot * COMPARED;
    this.#write(at, chosen);
    let n = 1;
    if (first !== chosen) this.#write(at + n++, first);
    if (second !== chosen && second !== first) this.#write(at + n++, second);
    if (n < COMPARED && remembered !== chosen && remembered !== first && remembered !== second)
      this.#write(at + n++, remembered);
    for (; n < COMPARED; n++) this.#instances[at + n] = "";
    return seq;
  }

  /** @param at milliseconds of performance.now at the pick. */
  at(seq: number, at: number): void {
    const slot = seq & (this.size - 1);
    if (this.#seqs[slot] === seq) this.#at[slot] = at;
  }

  /** A pick that came to nothing. */
  forget(seq: number): void {
    const slot = seq & (this.size - 1);
    if (this.#seqs[slot] !== seq) return;
    this.#seqs[slot] = -1;
    this.#channels[slot] = undefined;
  }

  /** The attempt has begun. @param attempt 1 for a call's first. */
  started(seq: number, attempt: number): void {
    const slot = seq & (this.size - 1);
    if (this.#seqs[slot] === seq) this.#attempt[slot] = Math.min(attempt, 255);
  }

  /** @param ok as the balancer is told: undefined when the end says nothing of the instance. */
  ended(seq: number, code: number, ok: boolean | undefined, latencyMs: number): void {
    const slot = seq & (this.size - 1);
    if (this.#seqs[slot] !== seq) return;
    this.#outcome[slot] = ok === undefined ? IGNORED : ok ? OK : FAILED;
    this.#code[slot] = code;
    this.#latency[slot] = latencyMs;
  }

  /** The oldest first. @param channel only of this one. Default all. */
  decisions(channel?: RecordedChannel): Decision[] {
    const found: Decision[] = [];
    const epoch = epochOffset();
    for (let seq = Math.max(0, this.#seq - this.size); seq < this.#seq; seq++) {
      const slot = seq & (this.size - 1);
      const of = this.#channels[slot];
      if (of && (channel === undefined || of === channel)) found.push(this.#read(slot, of, epoch));
    }
    return found;
  }

  #write(at: number, node: Weighed<string>): void {
    this.#instances[at] = node.key;
    const parts = this.#parts;
    const p = at * PARTS;
    parts[p] = node.weighed;
    parts[p + 1] = node.expectedMs;
    parts[p + 2] = node.inFlight;
    parts[p + 3] = node.failureRate;
    parts[p + 4] = node.distance;
    parts[p + 5] = node.share;
  }

  /** @param epoch the same for all that are read together: what lies between them is to stay exact. */
  #read(slot: number, { service }: RecordedChannel, epoch: number): Decision {
    const running = this.#outcome[slot] === RUNNING;
    const compared = [0, 1, 2].map((n) => slot * COMPARED + n).filter((at) => this.#instances[at] !== "");
    const instances = compared.map((at) => this.#compared(at));
    const [chosen, ...others] = instances;
    return {
      seq: this.#seqs[slot]!,
      at: epoch + this.#at[slot]!,
      service,
      method: this.#methods[slot]!,
      instance: this.#instances[slot * COMPARED]!,
      compared: instances,
      // Within 5 % they are about equal, and chance decides.
      probe: others.some(({ load }) => load < chosen!.load * 0.95),
      setAside: this.#setAside[slot] ?? [],
      attempt: this.#attempt[slot]!,
      outcome: OUTCOMES[this.#outcome[slot]!]!,
      code: running ? undefined : this.#code[slot]!,
      latencyMs: running ? undefined : rounded(this.#latency[slot]!),
    };
  }

  #compared(at: number): ComparedInstance {
    const [load, expectedMs, inFlight, failureRate, distance, share] = this.#parts.subarray(at * PARTS);
    return {
      instance: this.#instances[at]!,
      load: rounded(load!),
      expectedMs: rounded(expectedMs!),
      inFlight: inFlight!,
      failureRate: rounded(failureRate!),
      distance: rounded(distance!),
      share: rounded(share!),
    };
  }
}

/** To four digits, as a person reads them. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
