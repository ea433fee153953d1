import { loadBackend } from "../backends/table.js";
import { followHosts, type ResolvedInstance } from "../discovery/follow-names.js";
import type { Instance } from "../instance.js";
import type { Discovery, Target } from "../registry.js";
import { ANSWER_LIMIT_MS } from "./etcd-options.js";

/** @throws Error when the backend only registers. */
export async function discoveryOf(target: Target): Promise<Discovery> {
  const { discovery } = await loadBackend(target.scheme);
  if (!discovery) throw new Error(`the backend "${target.scheme}" finds no instances, it only registers`);
  return discovery(target);
}

/**
 * What a client would find at a target and dial: its backend asked, host names resolved, by the client's own means.
 * @throws Error that says why there is no answer.
 */
export async function resolvedInstances(target: Target): Promise<readonly ResolvedInstance[]> {
  return first((signal, onTrouble) =>
    discoveryOf(target).then((discovery) =>
      followHosts(discovery.watch(target.service, { signal, onTrouble }), { signal, onTrouble }),
    ),
  );
}

/** What is listed at a target, names as they are. @throws Error that says why there is no answer. */
export function listedInstances(target: Target): Promise<readonly Instance[]> {
  return first(async (signal, onTrouble) => (await discoveryOf(target)).watch(target.service, { signal, onTrouble }));
}

/** The first set within the limit; a trouble told before it ends the waiting. */
async function first<T>(
  watch: (signal: AbortSignal, onTrouble: (trouble: Error | undefined) => void) => Promise<AsyncIterable<T>>,
): Promise<T> {
  const done = new AbortController();
  let trouble: Error | undefined;
  const limit = setTimeout(() => done.abort(), ANSWER_LIMIT_MS);
  try {
    const onTrouble = (error: Error | undefined) => {
      trouble = error;
      if (error) done.abort();
    };
    for await (const set of await watch(done.signal, onTrouble)) return set;
    throw trouble ?? new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`);
  } finally {
    clearTimeout(limit);
    done.abort();
  }
}
