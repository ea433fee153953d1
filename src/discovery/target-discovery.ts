import { afterRead } from "../async/after-read.js";
import { detached } from "../async/detached.js";
import { throttled } from "../async/throttle.js";
import { discoveryOf } from "../backends/table.js";
import { log } from "../log.js";
import type { Discovery, Target } from "../registry.js";
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

interface Run {
  readonly abort: AbortController;
  refresh: () => void;
}

export interface TargetDiscoveryOptions {
  /** Called with the whole set, first when something is known and then at every change. It may be empty. */
  readonly onSet: (set: readonly ResolvedInstance[]) => void;
  /** Called when nothing more will come, for a reason that no retry can mend; start() tries again all the same. */
  readonly onFailure: (error: Error) => void;
  /** Default: what this process remembers. */
  readonly lastKnown?: LastKnownSets | undefined;
}

/**
 * From a target to resolved instances, for whoever connects to them: loads the backend, watches the service, follows host
 * names, and starts from the last known set when the registry does not answer. Outages end nothing.
 */
export class TargetDiscovery {
  /** What is known, and why not more. */
  readonly status: ChannelStatus;
  readonly #options: TargetDiscoveryOptions;
  readonly #lastKnown: LastKnownSets;
  /** Asked for once, however often this is started and stopped. */
  #opened: ReturnType<typeof discoveryOf> | undefined;
  #run: Run | undefined;
  /** Why it could not go on, as it was logged. */
  #failure: string | undefined;

  constructor(target: Target, options: TargetDiscoveryOptions) {
    this.status = new ChannelStatus(target);
    this.#options = options;
    this.#lastKnown = options.lastKnown ?? remembered;
  }

  /** Starts watching, after stop() too; while it is watched, asks for a fresh answer soon. Cheap to call often. */
  start(): void {
    if (this.#run) this.#run.refresh();
    else this.#begin();
  }

  /** Ends the watch. `onSet` is not called any more. */
  stop(): void {
    this.#run?.abort.abort();
    this.#run = undefined;
  }

  #begin(): void {
    const run: Run = { abort: new AbortController(), refresh: () => {} };
    this.#run = run;
    detached(() => this.#follow(run)).catch((error: Error) => {
      if (run.abort.signal.aborted) return;
      this.#run = undefined;
      run.abort.abort();
      this.#fail(error);
    });
  }

  async #follow(run: Run): Promise<void> {
    const { signal } = run.abort;
    const { discovery, target } = await this.#open();
    const known = await recall(this.#lastKnown, target);
    // Loaded here, because importing Rollcall must cost next to nothing.
    const { followNames } = await import("./follow-names.js");
    if (signal.aborted) return;
    this.status.target = target;
    this.status.trouble = undefined;
    for (const service of known?.services ?? []) this.status.called.add(service);

    const sets = new Succession(
      known?.instances.map(({ instance }) => instance),
      signal,
    );
    const troubles = new Troubles(this.status);
    const watched = discovery.watch(target.service, {
      signal,
      background: true,
      onTrouble: (trouble) => {
        troubles.set("registry", trouble);
        if (trouble) sets.useFirst();
      },
    });
    const names = followNames(sets.follow(watched), {
      signal,
      onTrouble: (trouble) => troubles.set("names", trouble),
      lastKnown: known && addressesIn(known),
      owner: target.service,
      sourceOf: (set) => sets.sourceOf(set),
    });
    run.refresh = () => refresh(discovery, target, names);
    const stopHeadStart = afterRead(HEAD_START_MS, () => {
      sets.useFirst();
      names.useLastKnown();
    });
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
      keeper.stop();
    }
  }

  #open(): ReturnType<typeof discoveryOf> {
    if (!this.#opened) {
      this.#opened = discoveryOf(this.status.target);
      this.#opened.catch(() => {
        this.#opened = undefined;
      });
    }
    return this.#opened;
  }

  /** @param answered whether it is the registry's word; else it was only remembered. */
  #tell(set: readonly ResolvedInstance[], answered: boolean, known: KnownSet | undefined): void {
    const ageMs = answered ? 0 : Date.now() - (known?.at ?? Date.now());
    this.#failure = undefined;
    this.status.listed = set.length;
    this.status.source = answered ? "registry" : known?.unconfirmed ? "snapshot" : "memory";
    this.status.answeredAt = performance.now() - ageMs;
    if (!answered && set.length > 0) this.#sayWhereFrom(set, ageMs, known?.unconfirmed === true);
    const unconfirmed = !answered && known?.unconfirmed === true;
    this.#options.onSet(unconfirmed ? set.map((one) => ({ ...one, unconfirmed })) : set);
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

  #fail(error: Error): void {
    const { status } = this;
    if (this.#failure !== error.message) {
      log.error({ service: status.target.service, err: error }, "discovery cannot go on");
    }
    this.#failure = error.message;
    status.trouble = error;
    this.#options.onFailure(new Error(status.explain() ?? error.message, { cause: error }));
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
