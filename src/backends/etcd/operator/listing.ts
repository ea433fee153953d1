import { setMaxListeners } from "node:events";
import { abortable } from "../../../async/abortable.js";
import { holding } from "../../../async/hold.js";
import { Semaphore } from "../../../async/semaphore.js";
import { acquireCluster } from "../../../etcd-client/cluster.js";
import { isDenied, isLeaseGone } from "../../../etcd-client/errors.js";
import { type KeyRange, prefixRange } from "../../../etcd-client/key-range.js";
import { KVService, LeaseService } from "../../../etcd-client/methods.js";
import type { Session } from "../../../etcd-client/session.js";
import type { Instance } from "../../../instance.js";
import { type KeyValue, RangeRequest, type RangeResponse } from "../../../proto/etcd.js";
import { attributesKey, operatorRange, readKey } from "../layout/keys.js";
import { readAttributes, readInstance, readSince, type ValueForm } from "../layout/value.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";

/** One key under which an instance is listed, or seems to be. */
export interface Registered {
  readonly key: string;
  /** The part of the key before its last slash. */
  readonly service: string;
  /** The part of the key after its last slash. */
  readonly id: string;
  /**
   * Undefined when the value is no instance; `problem` then says why, and never shows the value. A weight of 0 is one that
   * gets no calls while others are there (Kratos).
   */
  readonly instance?: Instance;
  /** How the value is written, where it is not a plain address. */
  readonly form?: Exclude<ValueForm, "address">;
  readonly problem?: string;
  /** Why its weight, zone and metadata cannot be read, without showing them: as for clients, it is an instance without them. */
  readonly attributesProblem?: string;
  /** Length of the key's value. */
  readonly valueBytes: number;
  /** An operator has asked for it not to be listed: it lives, and takes part no more. */
  readonly paused?: true;
  /** Undefined for a key without a lease: nothing takes it out when its process dies. */
  readonly lease?: bigint;
  /**
   * Seconds until the lease runs out unless it is renewed, and what it was granted for; both 0 for one that is gone. Undefined
   * where etcd has not said so in time.
   */
  readonly ttlSeconds?: number;
  readonly grantedTtlSeconds?: number;
  /** When it was registered, in milliseconds since the epoch by its own clock; known of instances with attributes. */
  readonly since?: number;
}

export interface Listing {
  /** The host that answered. */
  readonly host: string;
  readonly revision: bigint;
  /** In the order of their keys. */
  readonly registrations: readonly Registered[];
  /** Addresses that several keys of a service list, most keys first. A few while a server restarts are usual, many are not. */
  readonly duplicates: readonly Duplicate[];
}

export interface Duplicate {
  readonly service: string;
  readonly address: string;
  /** How many there are, at least 2. */
  readonly keys: number;
}

export interface ListOptions {
  /** Keys that begin with this. Default: all; with a role of few rights name a prefix it covers. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/** How long a listing may take before it does without the leases that are still unknown, in milliseconds. */
const TTLS_WITHIN_MS = 3_000;
/** Leases that are asked for at a time, because a far etcd takes its time for each. */
const LEASES_AT_ONCE = 128;

/**
 * What is registered in etcd, read once. All of an etcd that others use too may hold keys that are no instances: those
 * come with a `problem`.
 * @throws EtcdError; an Error naming each host when none can be used.
 */
export async function listRegistrations(settings: EtcdSettings, options: ListOptions = {}): Promise<Listing> {
  return holding(readRegistrations(checkEtcdSettings(settings), options));
}

async function readRegistrations(settings: EtcdSettings, { prefix = "", signal }: ListOptions): Promise<Listing> {
  const { cluster, release } = acquireCluster(settings);
  const enough = AbortSignal.timeout(TTLS_WITHIN_MS);
  try {
    const session = await abortable(cluster.session(), signal);
    const { header, kvs } = await readPrefix(session, prefix, signal);
    const ttls = await timesToLive(session, new Set(kvs.map(({ lease }) => lease)), enough, signal);
    const all = new Map(kvs.map((kv) => [kv.key.toString(), kv]));
    const registrations = kvs
      .filter((kv) => !["attributes", "presence"].includes(readKey(kv.key)?.kind ?? ""))
      .map((kv) => readRegistered(kv, all, ttls.get(kv.lease)));
    const duplicates = findDuplicates(registrations);
    return { host: session.host, revision: header!.revision, registrations, duplicates };
  } finally {
    release();
  }
}

interface TimeToLive {
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
}

/** Of as many leases as etcd tells of until it is enough: who is listed is known without them. */
async function timesToLive(
  session: Session,
  leases: Set<bigint>,
  enough: AbortSignal,
  signal: AbortSignal | undefined,
): Promise<Map<bigint, TimeToLive>> {
  const semaphore = new Semaphore(LEASES_AT_ONCE);
  const found = new Map<bigint, TimeToLive>();
  const until = signal ? AbortSignal.any([enough, signal]) : enough;
  setMaxListeners(0, until); // one for each lease that is asked for
  const ask = async (ID: bigint) => {
    if (until.aborted) return;
    try {
      const { TTL, grantedTTL } = await session.call(
        LeaseService.leaseTimeToLive,
        { ID, keys: false },
        { signal: until },
      );
      found.set(ID, { ttlSeconds: Math.max(0, Number(TTL)), grantedTtlSeconds: Number(grantedTTL) });
    } catch (error) {
      if (isLeaseGone(error)) found.set(ID, { ttlSeconds: 0, grantedTtlSeconds: 0 });
      else if (!until.aborted) throw error;
    }
  };
  leases.delete(0n);
  await Promise.all([...leases].map((ID) => semaphore.run(() => ask(ID))));
  signal?.throwIfAborted();
  return found;
}

/** A prefix that is a whole service's is read with the service's attributes and pauses, where the role covers them. */
async function readPrefix(session: Session, prefix: string, signal: AbortSignal | undefined): Promise<RangeResponse> {
  const read = (range: KeyRange) => session.call(KVService.range, RangeRequest.fromPartial(range), { signal });
  if (!/[^/]\/$/.test(prefix)) return read(prefixRange(prefix));
  try {
    return await read(operatorRange(prefix.slice(0, -1)));
  } catch (error) {
    if (!isDenied(error)) throw error;
    return read(prefixRange(prefix));
  }
}

function readRegistered(kv: KeyValue, all: ReadonlyMap<string, KeyValue>, ttl: TimeToLive | undefined): Registered {
  const key = kv.key.toString();
  const { kind, service, id } = readKey(kv.key) ?? { kind: "instance", service: "", id: key };
  const known = {
    key,
    service,
    id,
    valueBytes: kv.value.length,
    ...(kind === "pause" && { paused: true as const }),
    ...(kv.lease !== 0n && { lease: kv.lease, ...ttl }),
  };
  try {
    const { instance, form } = readInstance(kv.value);
    const { attributes, ...told } = toldOf(all.get(attributesKey(service, id)));
    return { ...known, ...(form !== "address" && { form }), ...told, instance: { ...instance, ...attributes } };
  } catch (error) {
    return { ...known, problem: (error as Error).message };
  }
}

/** What the key of an instance's attributes says, where there is one. */
function toldOf(
  kv: KeyValue | undefined,
): Pick<Registered, "since" | "attributesProblem"> & { readonly attributes?: Omit<Instance, "address"> } {
  if (!kv) return {};
  try {
    const attributes = readAttributes(kv.value);
    const since = readSince(kv.value);
    return { attributes, ...(since !== undefined && { since }) };
  } catch (error) {
    return { attributesProblem: (error as Error).message };
  }
}

function findDuplicates(registrations: readonly Registered[]): Duplicate[] {
  const counts = new Map<string, { service: string; address: string; keys: number }>();
  for (const { service, instance, paused } of registrations) {
    if (!instance || paused) continue;
    const name = `${service}\0${instance.address}`;
    const count = counts.get(name) ?? { service, address: instance.address, keys: 0 };
    count.keys += 1;
    counts.set(name, count);
  }
  return [...counts.values()].filter(({ keys }) => keys > 1).sort((a, b) => b.keys - a.keys);
}
