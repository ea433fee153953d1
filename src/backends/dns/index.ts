import { isIP } from "node:net";
import { formatAddress, parseAddress, quote } from "../../address.js";
import { holdUnless } from "../../async/hold.js";
import { Latest } from "../../async/latest.js";
import type { Timing } from "../../async/timing.js";
import { queryDns } from "../../host-names/dns-query.js";
import { DEFAULT_PACE, FollowedHost, type Pace } from "../../host-names/followed-host.js";
import type { HostLookup } from "../../host-names/host-lookup.js";
import { systemLookup } from "../../host-names/system-lookup.js";
import type { Instance } from "../../instance.js";
import type { Backend, Discovery, Target, WatchOptions } from "../../registry.js";
import { staticDiscovery } from "../static/index.js";

/**
 * `dns:///name:port`: every address of the name is an instance; `dns://server:port/name:port` asks that server.
 * `min_ttl` and `max_ttl` (seconds, default 1 and 5) bound how long an answer is held, whatever the TTL of its records.
 */
export const dnsBackend: Backend = {
  discovery: (target) => dnsDiscovery(target),
};

export interface DnsOptions {
  /** Instead of the target's server or, where it names none, of the system's way. */
  readonly lookup?: HostLookup;
  readonly timing?: Timing;
}

/** @throws TypeError when a server is not an IP address, or a parameter is no number of seconds. */
export function dnsDiscovery(target: Target, { lookup = lookupOf(target.hosts), timing }: DnsOptions = {}): Discovery {
  return new DnsDiscovery(lookup, paceOf(target.params), timing);
}

class DnsDiscovery implements Discovery {
  readonly #lookup: HostLookup;
  readonly #pace: Pace;
  readonly #timing: Timing | undefined;
  readonly #followed = new Set<FollowedHost>();

  constructor(lookup: HostLookup, pace: Pace, timing: Timing | undefined) {
    this.#lookup = lookup;
    this.#pace = pace;
    this.#timing = timing;
  }

  watch(service: string, options: WatchOptions): AsyncIterable<readonly Instance[]> {
    const { host, port } = parseAddress(service);
    return isIP(host) ? staticDiscovery([service]).watch(service, options) : this.#follow(host, port, options);
  }

  refresh(): void {
    for (const host of this.#followed) host.refresh();
  }

  async *#follow(name: string, port: number, options: WatchOptions): AsyncGenerator<readonly Instance[]> {
    const { signal, onTrouble, background } = options;
    if (signal.aborted) return;
    const sets = new Latest<readonly Instance[]>(signal);
    let addresses: readonly string[] | undefined;
    let trouble: string | undefined;
    const host = new FollowedHost(name, {
      lookup: this.#lookup,
      pace: this.#pace,
      timing: this.#timing,
      owner: name,
      onChange: () => {
        if (host.trouble?.message !== trouble) onTrouble?.(host.trouble);
        trouble = host.trouble?.message;
        if (host.addresses && host.addresses !== addresses) {
          sets.set(host.addresses.map((ip) => ({ address: formatAddress({ host: ip, port }) })));
        }
        addresses = host.addresses;
      },
    });
    const close = () => {
      host.close();
      this.#followed.delete(host);
    };
    this.#followed.add(host);
    const letGo = holdUnless(background);
    signal.addEventListener("abort", close, { once: true });
    try {
      yield* sets;
    } finally {
      signal.removeEventListener("abort", close);
      close();
      letGo();
    }
  }
}

function lookupOf(hosts: readonly string[]): HostLookup {
  if (hosts.length === 0) return systemLookup();
  for (const server of hosts) {
    if (!isIP(parseAddress(server).host)) {
      throw new TypeError(`${quote(server)} cannot be asked for names: a DNS server is given by its IP address`);
    }
  }
  return (host, options) => queryDns(host.replace(/\.$/, ""), hosts, options);
}

function paceOf(params: Target["params"]): Pace {
  const maxMs = milliseconds(params, "max_ttl") ?? DEFAULT_PACE.maxMs;
  const minMs = milliseconds(params, "min_ttl") ?? Math.min(DEFAULT_PACE.minMs, maxMs);
  if (minMs > maxMs) throw new TypeError(`min_ttl (${minMs / 1_000} s) is longer than max_ttl (${maxMs / 1_000} s)`);
  return { minMs, maxMs };
}

function milliseconds(params: Target["params"], name: string): number | undefined {
  const text = params[name];
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0.1 && seconds <= 3_600) return seconds * 1_000;
  throw new TypeError(`${name}=${quote(text)} is not a number of seconds from 0.1 to 3600`);
}
