import type { Target } from "../../registry.js";

/** So many methods are told apart; further ones are `other`, as gRFC A66 has it: a proxy forwards any path. */
const MOST_METHODS = 1_000;

const methods = new Map<string, string>();

/** `pkg.Service/Method` of a path, for metrics. */
export function methodLabel(path: string): string {
  const known = methods.get(path);
  if (known !== undefined) return known;
  if (methods.size >= MOST_METHODS) return "other";
  const label = path.replace(/^\//, "");
  methods.set(path, label);
  return label;
}

/** What a channel's calls have in common in metrics and spans. */
export interface ChannelLabels {
  /** Service key. */
  readonly service: string;
  /** gRFC A66's `grpc.target`, without what may be secret. */
  readonly target: string;
}

export function channelLabels({ scheme, hosts, service }: Target): ChannelLabels {
  const where = hosts.join(",");
  const target = where === "" || where === service ? `${scheme}:///${service}` : `${scheme}:///${where}?key=${service}`;
  return { service, target };
}
