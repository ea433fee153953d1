import { discoveryOf } from "../../backends/table.js";
import { followNames } from "../../discovery/follow-names.js";
import type { ResolvedInstance } from "../../discovery/resolved-instance.js";
import type { Instance } from "../../instance.js";
import type { Discovery, Target } from "../../registry.js";
import { ANSWER_LIMIT_MS } from "./etcd-options.js";

/**
 * What a client would find at a target and dial: its backend asked, host names resolved, by the client's own means.
 * @throws Error that says why there is no answer.
 */
export function resolvedInstances(target: Target): Promise<readonly ResolvedInstance[]> {
  return first(target, ({ discovery, service }, signal, onTrouble) =>
    followNames(discovery.watch(service, { signal, onTrouble }), { signal, onTrouble }),
  );
}

/** What is listed at a target, names as they are. @throws Error that says why there is no answer. */
export function listedInstances(target: Target): Promise<readonly Instance[]> {
  return first(target, ({ discovery, service }, signal, onTrouble) => discovery.watch(service, { signal, onTrouble }));
}

/** The first set within the limit; a trouble told before it ends the waiting. */
async function first<T>(
  target: Target,
  watch: (
    at: { discovery: Discovery; service: string },
    signal: AbortSignal,
    onTrouble: (trouble: Error | undefined) => void,
  ) => AsyncIterable<T>,
): Promise<T> {
  // The limit is the registry's: loading its backend's code does not count.
  const { discovery, target: read } = await discoveryOf(target);
  const done = new AbortController();
  let trouble: Error | undefined;
  const limit = setTimeout(() => done.abort(), ANSWER_LIMIT_MS);
  try {
    const onTrouble = (error: Error | undefined) => {
      trouble = error;
      if (error) done.abort();
    };
    for await (const set of watch({ discovery, service: read.service }, done.signal, onTrouble)) return set;
    throw trouble ?? new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`);
  } finally {
    clearTimeout(limit);
    done.abort();
  }
}
