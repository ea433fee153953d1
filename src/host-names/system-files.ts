/** The addresses that a hosts file (hosts(5)) gives a name; case and a final dot do not matter. */
export function addressesInHostsFile(text: string, host: string): string[] {
  const wanted = bare(host);
  const found = new Set<string>();
  for (const line of text.split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address && names.some((name) => bare(name) === wanted)) found.add(address);
  }
  return [...found];
}

/** How resolv.conf completes names. */
export interface SearchList {
  readonly domains: readonly string[];
  /** A name with at least so many dots is asked for as it is before the domains are tried. */
  readonly ndots: number;
}

/** Reads `search`, `domain` (the last of them counts) and `options ndots:n` of a resolv.conf(5). */
export function searchListOf(resolvConf: string): SearchList {
  let domains: string[] = [];
  let ndots = 1;
  for (const line of resolvConf.split("\n")) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "search") domains = values;
    else if (keyword === "domain") domains = values.slice(0, 1);
    else if (keyword === "options") {
      const option = values.findLast((value) => /^ndots:\d+$/.test(value));
      // glibc's ceiling.
      if (option) ndots = Math.min(15, Number(option.slice("ndots:".length)));
    }
  }
  return { domains: domains.map(bare), ndots };
}

/** The full names that a host name may mean, in the order in which they are to be asked for (resolver(3)). */
export function fullNames(host: string, { domains, ndots }: SearchList): string[] {
  if (host.endsWith(".")) return [bare(host)];
  const asItIs = bare(host);
  const completed = domains.map((domain) => (domain === "" ? asItIs : `${asItIs}.${domain}`));
  const dots = asItIs.split(".").length - 1;
  return [...new Set(dots >= ndots ? [asItIs, ...completed] : [...completed, asItIs])];
}

function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
