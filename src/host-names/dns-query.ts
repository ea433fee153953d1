import type { RecordWithTtl } from "node:dns";
import { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import type { HostAnswer, LookupOptions } from "./host-lookup.js";

/** First wait for an answer, in milliseconds; it doubles with each of the tries, so silence is given up after 7 s. */
const TIMEOUT_MS = 1_000;
const TRIES = 3;

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
  // A new resolver each time (0.1 ms): it reads resolv.conf as it is now, and has no cache; the one of c-ares, on by default
  // in some releases of Node, holds an empty answer for up to an hour (https://github.com/c-ares/c-ares/issues/1293).
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers) resolver.setServers(servers);
  const cancel = () => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const [v4, v6] = await Promise.all([
      ask(() => resolver.resolve4(name, { ttl: true })),
      ask(() => resolver.resolve6(name, { ttl: true })),
    ]);
    signal.throwIfAborted();
    return combine(v4, v6, previous) ?? fail(name, resolver.getServers(), v4, v6);
  } finally {
    signal.removeEventListener("abort", cancel);
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

function fail(name: string, servers: readonly string[], ...families: FamilyAnswer[]): never {
  const codes = new Set(families.flatMap((family) => ("failed" in family ? [family.failed] : [])));
  const why = [...codes].map((code) => REASONS[code] ?? `failed with ${code}`).join(" and ");
  throw Object.assign(new Error(`DNS server ${servers.join(", ")}, asked for ${name}, ${why}`), {
    code: [...codes][0],
  });
}
