import { Event_EventType } from "../../src/proto/etcd.js";
import { SERVICE, type World } from "../world/world.js";
import type { Invariant } from "./invariant.js";

/** A put may be under way for so long, in milliseconds: a call's limit, and a slow path. */
const UNDER_WAY_MS = 20_000;

/** The addresses that etcd lists, in order; one that is listed twice stands twice. */
export function listedIn({ cluster }: World): string[] {
  return cluster
    .list(`${SERVICE}/`)
    .map(({ value }) => value.toString())
    .sort();
}

/** Who is to be listed: who serves, has not taken itself out, and was not taken out by an operator. */
export function toBeListed({ cluster, servers }: World): string[] {
  const paused = cluster.list(`${SERVICE}.~rollcall-paused/`).map(({ value }) => value.toString());
  return servers
    .flatMap(({ current }) => (current?.wantsListing ? [current.address] : []))
    .filter((address) => !paused.some((value) => value.includes(address)))
    .sort();
}

/** Nobody puts a key who has not said that it serves, or has long said that it does not. */
export function onlyWhatServesIsListed(world: World): Invariant {
  let wrong: string | undefined;
  world.cluster.replicated.store.onCommit(({ events }) => {
    for (const { type, kv } of events) {
      if (type !== Event_EventType.PUT || !kv!.key.toString().startsWith(`${SERVICE}/`)) continue;
      if (world.cluster.replaying) continue;
      const address = kv!.value.toString();
      const server = world.servers.find(({ current }) => current?.address === address)?.current;
      if (server?.process.state !== "running" || server.lives) continue;
      const sinceMs = world.scheduler.now - server.healthSince;
      if (sinceMs > UNDER_WAY_MS) wrong = `${address} was listed, and has not served for ${Math.round(sinceMs)} ms`;
    }
  });
  return { name: "only what serves is listed", second: () => wrong };
}

/** Who lives and can reach etcd is listed once; nobody else is. */
export function whoLivesIsListedOnce(world: World): Invariant {
  return {
    name: "who lives is listed once, and nobody else",
    settled: () => {
      const [are, should] = [listedIn(world), toBeListed(world)];
      return are.join() === should.join() ? undefined : `etcd lists [${are}], and [${should}] serve`;
    },
  };
}
