import { setMaxListeners } from "node:events";
import { sleep } from "../async/backoff.js";
import {
  type EtcdSettings,
  listPresences,
  listRegistrations,
  PRESENCES,
  type Present,
  type Registered,
  watchForChanges,
} from "../backends/etcd/index.js";

/** How long etcd may take to answer, in milliseconds. */
const ANSWER_MS = 5_000;
/** How often leases are looked at although nothing has changed, in milliseconds. */
const LOOK_MS = 2_000;
/** Changes that follow each other this closely are looked at together, in milliseconds. */
const TOGETHER_MS = 50;
/** Looking takes at most so much of the time: thousands of leases are looked at less often. */
const SHARE = 0.2;

/** What etcd says. */
export interface RegistryLook {
  readonly registrations: readonly Registered[];
  /** The error where they cannot be read. */
  readonly presences: readonly Present[] | Error;
  /** performance.now() of when it was asked. */
  readonly at: number;
}

/** Looks at etcd whenever a key has changed, and now and then. An error is a look that failed; the next follows. */
export async function* looksAtRegistry(
  settings: EtcdSettings,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<RegistryLook | Error> {
  let ring = () => {};
  let rung = false;
  const watch = watchForChanges(settings, [prefix, `${PRESENCES}/`], () => {
    rung = true;
    ring();
  });
  try {
    while (!signal.aborted) {
      const began = performance.now();
      rung = false;
      yield await look(settings, prefix, signal).catch((error: Error) => error);
      const took = performance.now() - began;
      await sleep(Math.max(TOGETHER_MS, took / SHARE), signal);
      if (rung) continue;
      const over = new AbortController();
      ring = () => over.abort();
      await sleep(LOOK_MS, AbortSignal.any([signal, over.signal]));
    }
  } finally {
    watch.close();
  }
}

async function look(settings: EtcdSettings, prefix: string, signal: AbortSignal): Promise<RegistryLook> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  setMaxListeners(0, limit); // one for each lease that is asked for
  const at = performance.now();
  try {
    const { registrations } = await listRegistrations(settings, { prefix, signal: limit });
    const presences = await listPresences(settings, limit).catch((error: Error) => {
      if (limit.aborted) throw error;
      return error;
    });
    return { registrations, presences, at };
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    throw new Error(`no answer within ${ANSWER_MS / 1000} s from etcd at ${settings.hosts.join(", ")}`);
  }
}
