import type { RecordWithTtl } from "node:dns";
import { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { afterRead } from "../async/after-read.js";
import { askInTurn } from "./ask-in-turn.js";
import type { HostAnswer, LookupOptions } from "./host-lookup.js";

/**
 * 5 s is the timeout of resolv.conf(5): an answer takes seconds where a server asks others first, or a link is slow. c-ares
 * waits for each try twice as long as for the one before, so that answers which take 10 s are believed too.
 */
const TIMEOUT_MS = 5_000;
const TRIES = 3;

/** A server that is silent for a second is not the only one asked any more, and its late answer is taken all the same. */
const PACE = { nextServerMs: 1_000, giveUpMs: 30_000 };

/** How long one family's answer waits for the other's, in milliseconds: there are servers that answer A and never AAAA. */
const OTHER_FAMILY_MS = 1_000;

/**
 * Asks DNS servers for the A and AAAA records of exactly this name; c-ares turns to TCP where an answer does not fit UDP.
 * Where one family fails, its last addresses are kept beside the other's fresh ones.
 * @param servers `ip:port` each; the system's when undefined.
 * @throws Error naming the servers when there is no answer.
 */
export async function queryDns(
  name: string,
  servers: readonly string[] | undefined,
  { signal, previous }: LookupOptions,
): Promise<HostAnswer> {
  signal.throwIfAborted();
  const all = servers ?? new Resolver().getServers();
  try {
    return await askInTurn(all, (server, ended) => askServer(name, server, previous, ended), signal, PACE);
  } catch (error) {
    signal.throwIfAborted();
    throw explained(name, all, error as AggregateError);
  }
}

/** @throws ServerFailure when neither family gives an address and not both say that there is none. */
async function askServer(
  name: string,
  server: string,
  previous: HostAnswer | undefined,
  signal: AbortSignal,
): Promise<HostAnswer> {
  // A new resolver each time (0.1 ms): it has no cache; the one of c-ares, on by default in some releases of Node, holds an
  // empty answer for up to an hour (https://github.com/c-ares/c-ares/issues/1293).
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  resolver.setServers([server]);
  const cancel = () => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const v4 = ask(() => resolver.resolve4(name, { ttl: true }));
    const v6 = ask(() => resolver.resolve6(name, { ttl: true }));
    const [first, second] = await Promise.all([unlessLate(v4, v6), unlessLate(v6, v4)]);
    const answer = combine(first, second, previous);
    if (answer) return answer;
    throw new ServerFailure([first, second].flatMap((family) => ("failed" in family ? [family.failed] : [])));
  } finally {
    signal.removeEventListener("abort", cancel);
    // The family that was not waited for.
    cancel();
  }
}

/** By their codes: why a server gave no answer. */
class ServerFailure extends Error {
  readonly codes: readonly string[];

  constructor(codes: readonly string[]) {
    super(codes.join());
    this.codes = codes;
  }
}

/** Records; none with the code that says so; or the code of a failure. */
type FamilyAnswer =
  | { readonly records: readonly RecordWithTtl[]; readonly absent?: string }
  | { readonly failed: string };

async function ask(query: () => Promise<RecordWithTtl[]>): Promise<FamilyAnswer> {
  try {
    return { records: await query() };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return code === "ENOTFOUND" || code === "ENODATA" ? { records: [], absent: code } : { failed: code };
  }
}

/** The answer; a failure where the other family has given addresses and this one is still silent a while later. */
function unlessLate(answer: Promise<FamilyAnswer>, other: Promise<FamilyAnswer>): Promise<FamilyAnswer> {
  return new Promise((resolve) => {
    void other.then((given) => {
      if (!("records" in given) || given.records.length === 0) return;
      const stopTimer = afterRead(OTHER_FAMILY_MS, () => resolve({ failed: "ETIMEOUT" }));
      void answer.then(stopTimer);
    });
    void answer.then(resolve);
  });
}

function combine(v4: FamilyAnswer, v6: FamilyAnswer, previous: HostAnswer | undefined): HostAnswer | undefined {
  const records = [v4, v6].flatMap((family) => ("records" in family ? family.records : []));
  if (records.length === 0) {
    if ("failed" in v4 || "failed" in v6) return undefined;
    const exists = v4.absent === "ENODATA" || v6.absent === "ENODATA";
    return { addresses: [], absence: exists ? "it has neither an A nor an AAAA record" : "there is no such name" };
  }
  const kept = (previous?.addresses ?? []).filter((address) => "failed" in (isIPv6(address) ? v6 : v4));
  // Past the 256th record Node gives no TTL.
  const ttls = records.map(({ ttl }) => ttl).filter((ttl) => ttl !== undefined);
  return {
    addresses: [...records.map(({ address }) => address), ...kept],
    ttlMs: Math.min(...ttls) * 1_000,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ESERVFAIL: "answered that it failed (SERVFAIL)",
  EREFUSED: "refused to answer (REFUSED)",
  ETIMEOUT: "did not answer in time",
  ECONNREFUSED: "could not be reached (connection refused)",
  EBADRESP: "sent an answer that makes no sense",
  EFORMERR: "called the question malformed (FORMERR)",
};

/** @param failure of askInTurn; without failures in it all servers were silent. */
function explained(name: string, servers: readonly string[], failure: AggregateError): Error {
  const codes = new Set(
    failure.errors.flatMap((error) => (error instanceof ServerFailure ? error.codes : [String(error)])),
  );
  codes.delete("ECANCELLED");
  if (codes.size === 0) codes.add("ETIMEOUT");
  const why = [...codes].map((code) => REASONS[code] ?? `failed with ${code}`).join(" and ");
  return Object.assign(new Error(`DNS server ${servers.join(", ")}, asked for ${name}, ${why}`), {
    code: [...codes][0],
  });
}
