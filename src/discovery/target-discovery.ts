import { afterRead } from "../async/after-read.js";
import { detached } from "../async/detached.js";
import { memoised } from "../async/memoise.js";
import { Retries } from "../async/retries.js";
import { callListener } from "../async/supervise.js";
import { throttled } from "../async/throttle.js";
import type { Timing } from "../async/timing.js";
import { discoveryOf } from "../backends/table.js";
import { log } from "../log.js";
import type { Discovery, Target } from "../registry.js";
import { refuse } from "../target/given.js";
import type { FollowedNames } from "./follow-names.js";
import { type KnownSet, type LastKnownSets, remembered } from "./last-known.js";
import type { ResolvedInstance } from "./resolved-instance.js";
import { recall, SetKeeper } from "./set-keeper.js";
import { ChannelStatus } from "./status.js";
import { Succession } from "./succession.js";
import { Troubles } from "./troubles.js";

/**
 * How long a registry, and DNS, may take to answer before the last known set is used, in milliseconds: long enough for an
 * answer of one that is well, short enough for the deadlines of calls. Where trouble is reported it is used at once.
 */
const HEAD_START_MS = 250;

/** How long calls wait for the registry's first answer where all instances are gone that are remembered, in milliseconds. */
const ANSWER_AWAITED_MS = 3_000;

/** From start() to stop(). */
interface Run {
  readonly abort: AbortController;
  /** Of following the target; its watch has its own. */
  readonly retries: Retries;
  refresh: () => void;
}

export interface TargetDiscoveryOptions {
  /** Called with the whole set, first when something is known and then at every change. It may be empty. */
  readonly onSet: (set: readonly ResolvedInstance[]) => void;
  /** Called when an attempt has failed and nothing is known: whoever waits need not. It is tried again by itself. */
  readonly onFailure: (error: Error) => void;
  /** Default: what this process remembers. */
  readonly lastKnown?: LastKnownSets | undefined;
  /** Of the retries. Default: the system's. */
  readonly timing?: Timing | undefined;
}

/**
 * From a target to resolved instances, for whoever connects to them: loads the backend, watches the service, follows host
 * names, and starts from the last known set when the registry does not answer. Outages end nothing, and neither do backends
 * that cannot be had, or whose watch throws or ends: they are tried again, and what is known stays in use.
 */
export class TargetDiscovery {
  /** What is known, and why not more. */
  readonly status: ChannelStatus;
  readonly #options: TargetDiscoveryOptions;
  readonly #lastKnown: LastKnownSets;
  /** Asked for once, however often this is started and stopped. */
  readonly #open: () => ReturnType<typeof discoveryOf>;
  #run: Run | undefined;
  /** What was handed on last, once something was since the start. */
  #handedOn: readonly ResolvedInstance[] | undefined;
  /** The failure that was logged last. */
  #reported: string | undefined;

  constructor(target: Target, options: TargetDiscoveryOptions) {
    this.status = new ChannelStatus(target);
    this.#options = options;
    this.#lastKnown = options.lastKnown ?? remembered;
    this.#open = memoised(() => discoveryOf(this.status.target));
  }

  /** Starts watching, after stop() too; while it is watched, asks for a fresh answer, or a retry, soon. Cheap to call often. */
  start(): void {
    this.#run?.refresh();
    this.#run?.retries.hurry();
    if (!this.#run) this.#begin();
  }

  /** Ends the watch. `onSet` is not called any more. */
  stop(): void {
    this.#run?.abort.abort();
    this.#run = undefined;
  }

  #begin(): void {
    const run: Run = { abort: new AbortController(), retries: new Retries(this.#options.timing), refresh: () => {} };
    this.#run = run;
    this.status.trouble = undefined;
    const follow = (signal: AbortSignal) => this.#follow(run, signal);
    const failed = (error: Error, first: boolean) => {
      this.status.trouble = error;
      this.#report(error, first);
      if (this.status.listed === undefined) this.#tellFailure(error);
    };
    void detached(() => run.retries.run(run.abort.signal, follow, failed));
  }

  async #follow(run: Run, signal: AbortSignal): Promise<void> {
    const { discovery, target } = await this.#open();
    const known = await recall(this.#lastKnown, target);
    // Loaded here, because importing Rollcall must cost next to nothing.
    const { followNames } = await import("./follow-names.js");
    if (signal.aborted) return;
    this.status.target = target;
    this.status.trouble = undefined; // the backend has been had
    for (const service of known?.services ?? []) this.status.called.add(service);

    const sets = new Succession(
      known?.instances.map(({ instance }) => instance),
      signal,
    );
    this.#handedOn = undefined;
    this.status.isAwaited = known !== undefined;
    const troubles = new Troubles(this.status, () => {
      sets.useFirst();
      this.#awaitNoLonger();
    });
    const watch = (attempt: AbortSignal) => this.#watch(discovery, sets, troubles, attempt);
    const retries = new Retries(this.#options.timing);
    void retries.run(signal, watch, (error, first) => {
      troubles.set("watch", error);
      troubles.set("registry", undefined);
      this.#report(error, first);
      if (!sets.hasBegun) this.#tellFailure(error);
    });
    const names = followNames(sets, {
      signal,
      onTrouble: (trouble) => troubles.set("names", trouble),
      lastKnown: known && addressesIn(known),
      owner: target.service,
      sourceOf: (set) => sets.sourceOf(set),
    });
    run.refresh = () => {
      retries.hurry();
      refresh(discovery, target, names);
    };
    const stopHeadStart = afterRead(HEAD_START_MS, () => {
      sets.useFirst();
      names.useLastKnown();
    });
    const stopWaiting = afterRead(ANSWER_AWAITED_MS, () => this.#awaitNoLonger());
    const keeper = new SetKeeper(this.#lastKnown, this.status, () => troubles.ofRegistry === undefined);
    try {
      for await (const set of throttled(names, signal)) {
        if (signal.aborted) return;
        const { answered } = sets;
        if (answered) keeper.keep(set);
        this.#tell(set, answered, known);
      }
    } finally {
      stopHeadStart();
      stopWaiting();
      keeper.stop();
      run.refresh = () => {};
    }
  }

  /** Hands on what one watch says until it fails; an end that nobody has asked for is a failure too. */
  async #watch(discovery: Discovery, sets: Succession, troubles: Troubles, signal: AbortSignal): Promise<void> {
    const { service } = this.status.target;
    const onTrouble = (trouble: Error | undefined) => {
      if (signal.aborted) return;
      troubles.set("registry", trouble);
    };
    for await (const set of discovery.watch(service, { signal, background: true, onTrouble })) {
      if (signal.aborted) return;
      if (!Array.isArray(set)) refuse("what its watch yields", set, "a list of instances");
      troubles.set("watch", undefined);
      sets.answer(set);
    }
    if (!signal.aborted) throw new Error(`the watch of ${this.status.registry} has ended by itself`);
  }

  /** @param answered whether it is the registry's word; else it was only remembered. */
  #tell(set: readonly ResolvedInstance[], answered: boolean, known: KnownSet | undefined): void {
    const ageMs = answered ? 0 : Date.now() - (known?.at ?? Date.now());
    this.status.listed = set.length;
    this.status.source = answered ? "registry" : known?.unconfirmed ? "snapshot" : "memory";
    this.status.answeredAt = performance.now() - ageMs;
    if (answered) this.status.isAwaited = false;
    else if (set.length > 0) this.#sayWhereFrom(set, ageMs, known?.unconfirmed === true);
    const unconfirmed = this.status.source === "snapshot";
    this.#handOn(unconfirmed ? set.map((one) => ({ ...one, unconfirmed })) : set);
  }

  #handOn(set: readonly ResolvedInstance[]): void {
    this.#handedOn = set;
    this.#options.onSet(set);
  }

  /** The registry's first answer is not to be expected soon: whoever connects to what is remembered looks at it anew. */
  #awaitNoLonger(): void {
    if (!this.status.isAwaited) return;
    this.status.isAwaited = false;
    if (this.#handedOn) this.#handOn(this.#handedOn);
  }

  #sayWhereFrom({ length }: readonly ResolvedInstance[], ageMs: number, unconfirmed: boolean): void {
    const { target, registry } = this.status;
    const facts = { service: target.service, instances: length, ageMs: Math.round(ageMs) };
    const service = JSON.stringify(target.service);
    if (unconfirmed) {
      const start = `${registry} has not answered: starting from a snapshot of ${service}`;
      log.warn(facts, `${start}; an instance is used once it has said that it serves ${service}`);
    } else log.info(facts, `${registry} has not answered: starting from the last known instances of ${service}`);
  }

  /** @param first whether the attempt before did not fail. */
  #report(error: Error, first: boolean): void {
    const { service } = this.status.target;
    if (first || this.#reported !== error.message)
      log.error({ service, err: error }, "discovery has failed and is tried again; what is known stays in use");
    this.#reported = error.message;
  }

  #tellFailure(error: Error): void {
    const why = new Error(this.status.explain() ?? error.message, { cause: error });
    callListener("what is told that a discovery has failed", () => this.#options.onFailure(why));
  }
}

function refresh(discovery: Discovery, target: Target, names: FollowedNames): void {
  discovery.refresh?.(target.service);
  names.refresh();
}

/** The addresses that host names had, by name. */
function addressesIn({ instances }: KnownSet): (host: string) => readonly string[] | undefined {
  const byHost = new Map<string, readonly string[]>();
  for (const { instance, addresses } of instances) {
    const name = instance.address.replace(/:\d+$/, "");
    const hosts = addresses.map(({ host }) => host);
    byHost.set(name, hosts);
  }
  return (host) => byHost.get(host);
}
