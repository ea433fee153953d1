import { pathBetween, type Trouble } from "../faults/trouble.js";
import type { CallRecord } from "../processes/call-record.js";
import type { Client } from "../processes/client.js";
import type { Server } from "../processes/server.js";
import type { Place, World } from "../world/world.js";
import type { Invariant } from "./invariant.js";

/** So long, in milliseconds, a fault may go unnoticed, and its end: two probes, a redial with the longest wait, and a lost path. */
const NOTICED_MS = 20_000;
/** So long may pass until what a server or the registry has said is heeded, in milliseconds. */
const HEEDED_MS = 6_000;

/** No call goes to an instance that says it does not serve, or is not listed any more, while others are ready. */
export function noCallToTheUnwilling(world: World, trouble: Trouble): Invariant {
  const sent = ({ client, address }: CallRecord): string | undefined => {
    const { now } = world.scheduler;
    // A process that was frozen makes calls before it reads what came meanwhile.
    if (!trouble.wellFor(HEEDED_MS, client.process.name)) return undefined;
    const { connections } = client.membership;
    const others = [...connections].filter(([id, { state, session }]) => {
      const settled = session?.word === true && now - session.wordAt > HEEDED_MS;
      return id !== address && state.is === "serving" && settled && client.listed?.has(id);
    });
    if (others.length === 0) return undefined;
    const session = connections.get(address!)?.session;
    if (session?.word === false && now > session.wordAt) {
      return `${client.process.name} called ${address}, which had said that it does not serve, while ${others[0]![0]} did`;
    }
    // What is in use while nobody is listed is given up some time after the first that is listed and serves.
    const known = others.find(([id]) => now - client.known.get(id)! > HEEDED_MS);
    if (known && !client.listed!.has(address!)) {
      return `${client.process.name} called ${address}, which is not listed, while ${known[0]} is`;
    }
    return undefined;
  };
  return { name: "no call goes to the unwilling", sent };
}

/** No call fails that had an instance which was healthy, reachable and known for long, unless a fault has just hit the one it was sent to. */
export function noCallFailsInVain(world: World, trouble: Trouble): Invariant {
  const isGood = ({ name, current }: Place<Server>, client: Client): boolean => {
    const { now } = world.scheduler;
    if (!current?.serving || current.process.state !== "running" || now - current.healthSince < NOTICED_MS)
      return false;
    const knownSince = client.known.get(current.address) ?? Number.POSITIVE_INFINITY;
    if (now - knownSince < NOTICED_MS) return false;
    return trouble.wellFor(NOTICED_MS, name, pathBetween(name, client.process.name));
  };
  const called: Invariant["called"] = (record, how) => {
    if (how === "answered") return undefined;
    const { client, address } = record;
    const { name } = client.process;
    if (!trouble.wellFor(NOTICED_MS, name)) return undefined;
    const good = world.servers.find((place) => isGood(place, client));
    if (!good) return undefined;
    if (address !== undefined) {
      const place = world.servers.find(({ current }) => current?.address === address);
      const subjects = place ? [place.name, pathBetween(place.name, name)] : [];
      const justHit = place
        ? !trouble.wellFor(NOTICED_MS, ...subjects) && !trouble.goneFor(NOTICED_MS, ...subjects)
        : world.scheduler.now - (world.diedAt.get(address) ?? 0) < NOTICED_MS;
      if (justHit) return undefined;
    }
    const where = address === undefined ? "without being sent" : `at ${address}`;
    return `a call of ${name} ended ${where} (${how}), while ${good.name} (${good.current!.address}) was well`;
  };
  return { name: "no call fails in vain", called };
}
