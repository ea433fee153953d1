import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { queryDns } from "./dns-query.js";
import type { HostAnswer, HostLookup, LookupOptions } from "./host-lookup.js";
import { LookupQueue } from "./lookup-queue.js";
import { addressesInHostsFile, fullNames, searchListOf } from "./system-files.js";

/** Where the system keeps what it knows of host names. */
export interface SystemFiles {
  /** Default /etc/hosts, or its counterpart on Windows. */
  readonly hostsFile?: string;
  /** Default /etc/resolv.conf. */
  readonly resolvConf?: string;
  /** DNS servers instead of the system's, `ip:port` each. */
  readonly servers?: readonly string[];
}

const HOSTS_FILE =
  process.platform === "win32"
    ? join(process.env.SystemRoot ?? "C:\\Windows", "System32\\drivers\\etc\\hosts")
    : "/etc/hosts";

/**
 * Looks names up as getaddrinfo does, but knows how long an answer holds: the hosts file, then DNS with resolv.conf's search
 * list, and getaddrinfo itself for what neither knows (mDNS, `localhost`, whatever else the system has been taught).
 */
export function systemLookup(files: SystemFiles = {}): HostLookup {
  return (host, options) => queue.run(options, () => lookUp(host, options, files));
}

/** All lookups of this process. */
const queue = new LookupQueue();

async function lookUp(
  host: string,
  options: LookupOptions,
  { hostsFile = HOSTS_FILE, resolvConf = "/etc/resolv.conf", servers }: SystemFiles,
): Promise<HostAnswer> {
  const listed = addressesInHostsFile(await textOf(hostsFile), host).filter((address) => isIP(address));
  if (listed.length > 0) return { addresses: listed };
  const names = fullNames(host, searchListOf(await textOf(resolvConf)));
  // What DNS knew before, it would know now.
  const knownToDns = options.previous?.name !== undefined;
  try {
    const answer = await searchDns(names, servers, options);
    if (answer.addresses.length > 0 || knownToDns) return answer;
    return (await askSystem(host)) ?? answer;
  } catch (error) {
    // A server that is silent would be so to getaddrinfo, which keeps one of Node's few threads while it waits.
    const silent = (error as NodeJS.ErrnoException).code === "ETIMEOUT";
    const known = knownToDns || silent || options.signal.aborted ? undefined : await askSystem(host);
    if (known) return known;
    throw error;
  }
}

/** The first of the names that has an address. The one that had it last time is asked first, and is mostly all that is asked. */
async function searchDns(
  names: readonly string[],
  servers: readonly string[] | undefined,
  { signal, previous }: LookupOptions,
): Promise<HostAnswer> {
  const known = previous?.name;
  const order = known !== undefined && names.includes(known) ? new Set([known, ...names]) : names;
  let failure: unknown;
  let absence: string | undefined;
  for (const name of order) {
    try {
      const answer = await queryDns(name, servers, { signal, previous: name === known ? previous : undefined });
      // A name found only because an earlier one failed is not remembered.
      if (answer.addresses.length > 0) return { ...answer, name: failure ? undefined : name };
      absence ??= answer.absence;
    } catch (error) {
      // As glibc: one domain of the list whose servers are broken does not hide a name in another. But a name that is
      // known is not traded for another because of a failure.
      if (name === known || (error as NodeJS.ErrnoException).code !== "ESERVFAIL") throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return { addresses: [], name: known, absence: `${absence} (DNS was asked for ${[...order].join(", ")})` };
}

async function askSystem(host: string): Promise<HostAnswer | undefined> {
  try {
    return { addresses: (await lookup(host, { all: true })).map(({ address }) => address) };
  } catch {
    // DNS has given the reason already.
    return undefined;
  }
}

/** Not every system has these files, or shows them; DNS and getaddrinfo are still asked then. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
