import { quote } from "../../../address.js";
import { abortable } from "../../../async/abortable.js";
import { sleep } from "../../../async/backoff.js";
import { holding } from "../../../async/hold.js";
import { acquireCluster } from "../../../etcd-client/cluster.js";
import { singleKey } from "../../../etcd-client/key-range.js";
import { KVService } from "../../../etcd-client/methods.js";
import type { Session } from "../../../etcd-client/session.js";
import { DeleteRangeRequest, PutRequest } from "../../../proto/etcd.js";
import { pauseKey } from "../layout/keys.js";
import { layoutOf } from "../layout/layout.js";
import { checkEtcdSettings, type EtcdSettings } from "../settings.js";
import { listRegistrations, type Registered } from "./listing.js";

/** How often etcd is asked whether the instance has obeyed, in milliseconds. */
const LOOK_MS = 50;
/** How long an instance may take to obey, in milliseconds: one that knows of pauses does so within a round trip. */
const OBEY_MS = 3_000;

export interface PausedOrResumed {
  /** False when there was nothing to do. */
  readonly changed: boolean;
  /** Instances of the service that are listed now. */
  readonly listed: number;
}

/**
 * Asks an instance to leave the listing, and waits until it has. It goes on serving who is connected, and is listed again
 * when it is resumed, restarted, or has lost its lease. Does nothing for one that is paused.
 * @throws Error when there is no such instance, naming those there are; when it does not obey: the order is then withdrawn.
 */
export function pauseInstance(
  settings: EtcdSettings,
  service: string,
  address: string,
  signal: AbortSignal,
): Promise<PausedOrResumed> {
  return withSession(settings, signal, async (session) => {
    const path = layoutOf(settings.layout).path(service);
    const all = await look(settings, path, signal);
    const listed = at(all, service, address).filter(({ paused }) => !paused);
    if (listed.length === 0) return { changed: false, listed: countListed(all) };
    const orders = listed.map(({ id, lease, form }) => ({
      key: Buffer.from(pauseKey(path, id)),
      value: layoutOf(form === "kratos" ? "kratos" : "go-zero").pauseValue(path, id, address),
      lease,
    }));
    if (orders.some(({ lease }) => lease === undefined)) {
      throw new Error(
        `${address} is listed by a key without a lease, which no process keeps up: delete the key instead`,
      );
    }
    for (const { key, value, lease } of orders) await put(session, { key, value, lease: lease! }, signal);
    const left = await obeyed(settings, path, signal, (now) => !isListed(now, address));
    if (left) return { changed: true, listed: countListed(left) };
    for (const { key } of orders) await remove(session, key, signal);
    throw new Error(`${address} did not leave the listing, so it was not paused: is it a server of this Rollcall?`);
  });
}

/** Withdraws the order, and waits until the instance is listed. Does nothing for one that is listed. @throws as pauseInstance. */
export function resumeInstance(
  settings: EtcdSettings,
  service: string,
  address: string,
  signal: AbortSignal,
): Promise<PausedOrResumed> {
  return withSession(settings, signal, async (session) => {
    const path = layoutOf(settings.layout).path(service);
    const all = await look(settings, path, signal);
    const paused = at(all, service, address).filter((one) => one.paused);
    if (paused.length === 0) return { changed: false, listed: countListed(all) };
    for (const { key } of paused) await remove(session, Buffer.from(key), signal);
    const back = await obeyed(settings, path, signal, (now) => isListed(now, address));
    if (back) return { changed: true, listed: countListed(back) };
    throw new Error(`${address} is not listed again yet: does its process still run?`);
  });
}

async function withSession<T>(
  settings: EtcdSettings,
  signal: AbortSignal,
  run: (session: Session) => Promise<T>,
): Promise<T> {
  const { cluster, release } = acquireCluster(checkEtcdSettings(settings));
  try {
    return await holding(abortable(cluster.session(), signal).then(run));
  } finally {
    release();
  }
}

async function look(settings: EtcdSettings, path: string, signal: AbortSignal): Promise<readonly Registered[]> {
  const { registrations } = await listRegistrations(settings, { prefix: `${path}/`, signal });
  // Deeper keys are another service's.
  return registrations.filter((one) => one.service === path);
}

/** What there is of one address. @throws Error that names the others when there is nothing. */
function at(all: readonly Registered[], service: string, address: string): Registered[] {
  const found = all.filter(({ instance }) => instance?.address === address);
  if (found.length > 0) return found;
  const others = [...new Set(all.flatMap(({ instance }) => instance?.address ?? []))];
  throw new Error(
    `no instance ${address} of ${quote(service)} is registered; ${others.length > 0 ? `there are ${others.join(", ")}` : "nobody is under this key"}`,
  );
}

function isListed(all: readonly Registered[], address: string): boolean {
  return all.some(({ instance, paused }) => instance?.address === address && !paused);
}

function countListed(all: readonly Registered[]): number {
  return new Set(all.flatMap(({ instance, paused }) => (instance && !paused ? [instance.address] : []))).size;
}

/** What is registered once the condition holds; undefined when that takes too long. */
async function obeyed(
  settings: EtcdSettings,
  path: string,
  signal: AbortSignal,
  holds: (all: readonly Registered[]) => boolean,
): Promise<readonly Registered[] | undefined> {
  for (const end = performance.now() + OBEY_MS; performance.now() < end; await sleep(LOOK_MS, signal)) {
    const now = await look(settings, path, signal);
    if (holds(now)) return now;
  }
  return undefined;
}

function put(session: Session, kv: Pick<PutRequest, "key" | "value" | "lease">, signal: AbortSignal) {
  return session.call(KVService.put, PutRequest.fromPartial(kv), { signal });
}

function remove(session: Session, key: Buffer, signal: AbortSignal) {
  return session.call(KVService.deleteRange, DeleteRangeRequest.fromPartial(singleKey(key.toString())), { signal });
}
