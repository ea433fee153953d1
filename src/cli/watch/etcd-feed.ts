import { sleep } from "../../async/backoff.js";
import { EtcdDiscovery, type EtcdSettings, listRegistrations, type Registered } from "../../backends/etcd/index.js";
import { leaveReason } from "../../operator/leave-reason.js";
import { answerOf } from "../registry/etcd-options.js";
import type { LeaveReason, Listed } from "./changes.js";

/** How often leases are looked at, which is how a crash is told from a stop. Milliseconds. */
const LOOK_MS = 1_000;
/** Looking takes at most so much of the time: a registry of 20,000 keys is looked at less often. */
const SHARE = 0.1;

export interface FeedOptions {
  readonly signal: AbortSignal;
  /** Told when the registry does not answer, and `undefined` when it does again. */
  readonly onTrouble: (trouble: Error | undefined) => void;
}

/** What is listed in etcd, and why what left did. */
export interface Look {
  readonly listed: readonly Listed[];
  readonly why: (left: Listed) => LeaveReason | undefined;
}

/**
 * Looks at a service, or at everything, now and then and whenever etcd says that the service has changed.
 * @param service empty for all
 */
export async function* watchEtcd(
  settings: EtcdSettings,
  service: string,
  { signal, onTrouble }: FeedOptions,
): AsyncGenerator<Look, void> {
  const prefix = service && `${service}/`;
  let changed = new AbortController();
  const troubles = new Troubles(onTrouble);
  if (service) {
    const watching = { signal, onTrouble: (trouble: Error | undefined) => troubles.watch(trouble) };
    onChanges(settings, service, watching, () => changed.abort());
  }
  while (!signal.aborted) {
    const began = performance.now();
    // Before the look: what changes during it is looked at again at once.
    changed = new AbortController();
    try {
      const { registrations } = await answerOf(settings, (limit) =>
        listRegistrations(settings, { prefix, signal: limit }),
      );
      const at = performance.now();
      // Deeper keys are listed to a client of the service as well.
      yield { listed: listedOf(registrations, service, at), why: (left) => whyLeft(left, registrations) };
      troubles.look(undefined);
    } catch (error) {
      if (!signal.aborted) troubles.look(error as Error);
    }
    const wait = Math.max(LOOK_MS, (performance.now() - began) / SHARE);
    await sleep(wait, AbortSignal.any([signal, changed.signal]));
  }
}

/** etcd is asked in two ways, which an outage ends one after the other: it is told once, and so is its end. */
class Troubles {
  readonly #tell: (trouble: Error | undefined) => void;
  #told: "by the watch" | "by a look" | undefined;

  constructor(tell: (trouble: Error | undefined) => void) {
    this.#tell = tell;
  }

  /** The watch fails, or goes on: it knows best why. */
  watch(trouble: Error | undefined): void {
    if (!trouble && !this.#told) return;
    this.#told = trouble && "by the watch";
    this.#tell(trouble);
  }

  /** A look failed, or did not. */
  look(trouble: Error | undefined): void {
    if (trouble ? this.#told !== undefined : this.#told !== "by a look") return;
    this.#told = trouble && "by a look";
    this.#tell(trouble);
  }
}

/** Tells of every change that etcd tells of a service. */
function onChanges(settings: EtcdSettings, service: string, options: FeedOptions, changed: () => void): void {
  void (async () => {
    for await (const _ of new EtcdDiscovery(settings).watch(service, options)) changed();
  })().catch(options.onTrouble);
}

function listedOf(registrations: readonly Registered[], service: string, seenAt: number): Listed[] {
  return registrations.flatMap(({ service: own, instance, paused, lease, ttlSeconds, grantedTtlSeconds }) => {
    if (!instance || paused) return [];
    const known = lease === undefined ? undefined : { grantedSeconds: grantedTtlSeconds ?? 0, ttlSeconds, seenAt };
    return [{ service: service || own, instance, lease: known }];
  });
}

function whyLeft(left: Listed, now: readonly Registered[]): LeaveReason | undefined {
  const paused = now.some(
    ({ service, instance, paused }) =>
      paused && service === left.service && instance?.address === left.instance.address,
  );
  return paused ? "paused" : leaveReason(left.lease, performance.now());
}
