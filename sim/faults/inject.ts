import { pauseInstance, resumeInstance } from "../../src/backends/etcd/operator/pausing.js";
import { etcdSettings } from "../../src/backends/etcd/settings.js";
import type { Connection } from "../network/connection.js";
import type { Server } from "../processes/server.js";
import { Process } from "../world/process.js";
import { type Place, SERVICE, type World } from "../world/world.js";
import type { Kind } from "./fault.js";

const nothing = (): void => {};

/** Lets something go wrong now. @returns what ends it. */
export function inject(world: World, what: Kind): () => void {
  const { cluster, network } = world;
  switch (what.is) {
    case "member crashes": {
      const member = cluster.members[what.member - 1]!;
      cluster.crash(member);
      return () => cluster.restart(member);
    }
    case "member freezes":
      return freeze(world, cluster.members[what.member - 1]!.process);
    case "member is slow": {
      const member = cluster.members[what.member - 1]!;
      member.slowMs += what.ms;
      return () => {
        member.slowMs -= what.ms;
      };
    }
    case "member is cut off": {
      const member = cluster.members[what.member - 1]!;
      cluster.cutOff(member, true);
      return () => cluster.cutOff(member, false);
    }
    case "watches are silent": {
      const member = cluster.members[what.member - 1]!;
      member.freezeWatches(true);
      return () => member.freezeWatches(false);
    }
    case "history is compacted":
      cluster.compact();
      return nothing;
    case "history is short":
      return repeat(world, 150, () => cluster.compact());
    case "strangers are listed":
      return strangers(world, what.everyMs);
    case "nonsense is listed":
      cluster.put(`${SERVICE}/nonsense`, "nobody lives here");
      return () => cluster.delete(`${SERVICE}/nonsense`);
    case "data is lost":
      cluster.wipe();
      return nothing;
    case "backup is restored":
      cluster.restore(what.revisions);
      return nothing;
    case "leases are revoked":
      cluster.expireLeases();
      return nothing;
    case "tokens expire":
      cluster.expireTokens();
      return nothing;
    case "path is silent":
      return between(world, what, (a, b) => network.silence(a, b));
    case "path is slow":
      return between(world, what, (a, b) => network.slow(a, b, what.ms));
    case "path is flaky":
      return repeat(world, what.ms, () => {
        eachConnection(world, what, (connection) => network.reset(connection));
      });
    case "connections are reset":
      return eachConnection(world, what, (connection) => network.reset(connection));
    case "connections are forgotten":
      return eachConnection(world, what, (connection) => network.forget(connection));
    case "connections are half closed":
      return eachConnection(world, what, (connection, a) => network.halfClose(connection, a));
    case "process freezes": {
      const process = world.at(what.place);
      return process ? freeze(world, process) : nothing;
    }
    case "clock jumps": {
      const process = world.at(what.place);
      if (process) process.clockOffsetMs += what.ms;
      return nothing;
    }
    case "process is killed":
      return kill(world, what.place, what.moves);
    default:
      return onServer(world, what);
  }
}

function freeze(world: World, process: Process): () => void {
  world.freeze(process);
  return () => world.thaw(process);
}

/** Again and again, at irregular times. */
function repeat(world: World, everyMs: number, act: () => void): () => void {
  let on = true;
  const again = () => {
    if (!on) return;
    act();
    world.scheduler.after(world.dice.between(0, 2 * everyMs), undefined, again);
  };
  again();
  return () => {
    on = false;
  };
}

function strangers(world: World, everyMs: number): () => void {
  const { cluster } = world;
  const keys = ["a", "b", "c"].map((name) => `${SERVICE}/${name}`);
  let turn = 0;
  const end = repeat(world, everyMs, () => {
    turn += 1;
    const key = keys[turn % keys.length]!;
    if (turn % 2 === 0) cluster.delete(key);
    else cluster.put(key, `10.9.0.${(turn % 200) + 1}:8000`);
  });
  return () => {
    end();
    for (const key of keys) cluster.delete(key);
  };
}

function between(world: World, { a, b }: { a: string; b: string }, act: (a: Process, b: Process) => () => void) {
  const [one, other] = [world.at(a), world.at(b)];
  return one && other ? act(one, other) : nothing;
}

function eachConnection(
  world: World,
  { a, b }: { a: string; b: string },
  act: (connection: Connection, a: Process) => void,
): () => void {
  const [one, other] = [world.at(a), world.at(b)];
  if (one && other) for (const connection of world.network.between(one, other)) act(connection, one);
  return nothing;
}

function kill(world: World, name: string, moves: boolean): () => void {
  const server = world.servers.find((place) => place.name === name);
  if (server?.current) {
    const { current } = server;
    world.exit(current.process);
    current.left();
    server.current = undefined;
    return () => {
      if (!server.current) world.startServer(server, moves ? undefined : current.address);
    };
  }
  const client = world.clients.find((place) => place.name === name);
  if (!client?.current) return nothing;
  world.exit(client.current.process);
  client.current = undefined;
  return () => {
    if (!client.current) world.startClient(client);
  };
}

type OnServer = Extract<Kind, { readonly is: `server ${string}` | `operator ${string}` }>;

function onServer(world: World, what: OnServer): () => void {
  const place = world.servers.find(({ name }) => name === what.place)!;
  const server = place.current;
  if (!server) return nothing;
  // As soon as its process gets to it.
  const asServer = (act: () => void) => {
    world.scheduler.after(0, server.process, act);
  };
  switch (what.is) {
    case "server is restarted":
      return restart(world, place, server, what.moves);
    case "server is unwilling":
      asServer(() => server.setWilling(false));
      return () => asServer(() => server.setWilling(true));
    case "server rests":
      asServer(() => server.pause());
      return () => asServer(() => server.resume());
    case "operator deletes its key":
      for (const id of idsOf(world, server)) world.cluster.delete(`${SERVICE}/${id}`);
      return nothing;
    case "operator deletes its attributes":
      for (const id of idsOf(world, server)) world.cluster.delete(`${SERVICE}.~rollcall/${id}`);
      return nothing;
    case "operator pauses it":
      operate(world, (settings, signal) => pauseInstance(settings, SERVICE, server.address, signal));
      return () => operate(world, (settings, signal) => resumeInstance(settings, SERVICE, server.address, signal));
  }
}

/** Under what a server is listed. */
function idsOf({ cluster }: World, { address }: Server): string[] {
  const listed = cluster.list(`${SERVICE}/`).filter(({ value }) => value.toString() === address);
  return listed.map(({ key }) => key.toString("latin1").slice(SERVICE.length + 1));
}

function restart(world: World, place: Place<Server>, server: Server, moves: boolean): () => void {
  world.scheduler.after(0, server.process, () => server.stop());
  const again = () => {
    if (place.current !== server) return;
    if (!server.stopped && server.process.state !== "dead") {
      world.scheduler.after(100, undefined, again);
      return;
    }
    server.left();
    world.startServer(place, moves ? undefined : server.address);
  };
  return again;
}

/** A command that an operator runs, in a process of its own; what it says when it fails is not of interest here. */
function operate(
  world: World,
  command: (settings: ReturnType<typeof etcdSettings>, signal: AbortSignal) => Promise<unknown>,
): void {
  const process = new Process("operator");
  world.scheduler.after(0, process, () => {
    const limit = new AbortController();
    setTimeout(() => limit.abort(new Error("the operator gave up")), 10_000);
    command(etcdSettings(world.target()), limit.signal)
      .catch(() => {})
      .finally(() => world.exit(process));
  });
}
