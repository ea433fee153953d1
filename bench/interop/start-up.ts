import * as grpc from "@grpc/grpc-js";
import { freePort } from "../../test/support/network/ports.js";
import { BareEtcd } from "../registry/bare.js";
import type { Comparison } from "./comparison.js";
import { BOTH, type Contestant, type Files, GO_ZERO, type Name, type NodeProgram, OURS } from "./contestants.js";
import { NotingInstance } from "./instances.js";
import { Program } from "./program.js";
import { Echo, say } from "./programs/echo.js";

/** Beside both: grpc-js and nothing else, without a registry. */
const BARE = "bare grpc-js";
const CONTESTANTS = [...BOTH, BARE] as const;
const CONNECT_EVERY_MS = 5;

type Times = Record<(typeof CONTESTANTS)[number], number[]>;

/** From starting a process to its first answered call: as a client that finds one instance in etcd, and as a server that is found. */
export async function startUp(
  rounds: number,
  both: Readonly<Record<Name, Contestant>>,
  node: NodeProgram,
  etcd: string,
  files: Files,
): Promise<Comparison[]> {
  const registry = new BareEtcd(etcd);
  const { instance, addresses } = await NotingInstance.start();
  const client: Times = { [OURS]: [], [GO_ZERO]: [], [BARE]: [] };
  const server: Times = { [OURS]: [], [GO_ZERO]: [], [BARE]: [] };
  const port = await freePort(); // of one server after the other
  try {
    await registry.put("start-up.rpc/0", addresses[0]!);
    const file = files.client("start-up.rpc");
    for (let round = -1; round < rounds; round++) {
      for (const name of round % 2 ? CONTESTANTS.toReversed() : CONTESTANTS) {
        const asClient = name === BARE ? node("bare", "client", addresses[0]!) : both[name].callOnce(file);
        const clientTook = await clientStart(asClient);
        const key = `start-up-${round}-${name.replace(" ", "-")}.rpc`;
        const serverTook =
          name === BARE
            ? await bareStart(node, port)
            : await serverStart(both[name].serve(files.server(key, port)), etcd, key);
        if (round < 0) continue; // programs are in the cache of the disk when it counts
        client[name].push(clientTook);
        server[name].push(serverTook);
      }
    }
  } finally {
    instance.stop();
    registry.close();
  }
  return [
    comparison("a client's process starts, until its first call is answered", client),
    comparison("a server's process starts, until it answers its first call", server),
  ];
}

async function clientStart(command: readonly string[]): Promise<number> {
  const began = performance.now();
  const program = new Program(command);
  try {
    await program.next();
    return performance.now() - began;
  } finally {
    await program.kill();
  }
}

/** The call is made by grpc-js as soon as a bare watch sees the key. go-zero writes it before it listens: then connecting is tried again. */
async function serverStart(command: readonly string[], etcd: string, key: string): Promise<number> {
  const watcher = new BareEtcd(etcd);
  let isListed = (_address: string): void => {};
  const listed = new Promise<string>((resolve) => {
    isListed = resolve;
  });
  await watcher.watch(key, (address) => isListed(address));
  const began = performance.now();
  const program = new Program(command, { isHeard: false });
  try {
    await callOnce(await listed);
    return performance.now() - began;
  } finally {
    await program.kill();
    watcher.close();
  }
}

async function bareStart(node: NodeProgram, port: number): Promise<number> {
  const address = `127.0.0.1:${port}`;
  const began = performance.now();
  const program = new Program(node("bare", "server", address));
  try {
    await program.next();
    await callOnce(address);
    return performance.now() - began;
  } finally {
    await program.kill();
  }
}

async function callOnce(address: string): Promise<void> {
  const client = new Echo(address, grpc.credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": CONNECT_EVERY_MS,
    "grpc.max_reconnect_backoff_ms": CONNECT_EVERY_MS,
    "grpc.use_local_subchannel_pool": 1,
  });
  const waiting = new grpc.Metadata({ waitForReady: true });
  try {
    await say(client, waiting);
  } finally {
    client.close();
  }
}

function comparison(what: string, times: Times): Comparison {
  return { what, unit: "ms", figures: times, beside: [{ what: BARE, figures: times[BARE] }] };
}
