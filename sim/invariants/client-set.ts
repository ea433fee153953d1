import { WEIGHT } from "../processes/server.js";
import type { World } from "../world/world.js";
import type { Invariant } from "./invariant.js";
import { listedIn } from "./listing.js";

/** After quiet a client knows what etcd lists, is connected to those, and to nobody else. */
export function clientsKnowWhatIsListed(world: World): Invariant {
  const expected = world.setup.attributes ? WEIGHT : undefined;
  const settled = () => {
    const listed = [...new Set(listedIn(world))];
    for (const { name, current } of world.callers()) {
      if (!current) return `${name} does not run`;
      const known = current.listed && [...current.listed.keys()].sort();
      if (known?.join() !== listed.join()) return `${name} knows [${known ?? "nothing"}], and etcd lists [${listed}]`;
      const weightless = [...(current.listed ?? [])].filter(([, { weight }]) => weight !== expected).map(([id]) => id);
      if (weightless.length > 0) return `${name} does not know the attributes of [${weightless}]`;
      const { connections } = current.membership;
      const connected = [...connections].filter(([, { state }]) => state.is === "serving" || state.is === "probing");
      const ids = connected.map(([id]) => id).sort();
      const others = [...connections.keys()].filter((id) => !listed.includes(id));
      // Where nobody is listed those that still answer are kept.
      if (listed.length > 0 && others.length > 0)
        return `${name} is still connected to [${others}], which are not listed`;
      const serving = listed.filter((address) => servesAt(world, address));
      const missing = serving.filter((address) => !ids.includes(address));
      if (missing.length > 0) return `${name} is not connected to [${missing}]`;
    }
    return undefined;
  };
  return { name: "a client's set is etcd's", settled };
}

function servesAt({ servers }: World, address: string): boolean {
  return servers.some(({ current }) => current?.address === address && current.serving);
}
