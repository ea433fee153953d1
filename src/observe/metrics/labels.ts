import type { Target } from "../../registry.js";

/** So many methods and so many targets are told apart; further ones are `other`, as gRFC A66 has it: a proxy forwards any path. */
const MOST = 1_000;

/** A label of a text, for as many texts as are told apart. */
function bounded(labelOf: (text: string) => string): (text: string) => string {
  const labels = new Map<string, string>();
  return (text) => {
    const known = labels.get(text);
    if (known !== undefined) return known;
    if (labels.size >= MOST) return "other";
    const label = labelOf(text);
    labels.set(text, label);
    return label;
  };
}

/** `pkg.Service/Method` of a path, for metrics. */
export const methodLabel = bounded((path) => path.replace(/^\//, ""));

const targetLabel = bounded((target) => target);

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
  return { service, target: targetLabel(target) };
}
