/**
 * Requests per second through rollcall/pool and rollcall/undici beside undici's own Pool and BalancedPool, and through
 * rollcall/connect beside Connect's bare transport, in short paired runs that take turns. `npm run bench:pool [rounds]`, about three minutes.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Agent, BalancedPool, type Dispatcher, Pool } from "undici";
import { Order } from "../examples/order/order-schema.js";

// As published: run from its sources, a package carries what its transpiler adds to every function.
const built = async (name: string) => import(new URL(`../dist/${name}.js`, import.meta.url).href);
const { rollcallInterceptor } = (await built("undici")) as typeof import("../src/undici/index.js");
const { createPool } = (await built("pool")) as typeof import("../src/pool/index.js");
const { createRollcallTransport } = (await built("connect")) as typeof import("../src/connect/index.js");

const rounds = Number(process.argv[2] ?? 40);
/** Short, so that what disturbs the machine hits one pair of many. */
const RUN_MS = 250;
const WARM_MS = 2_000;

interface Contestant {
  call(): Promise<unknown>;
  close(): Promise<void>;
}

const equal = await withServers([0, 0, 0], async (addresses) => {
  const [first] = addresses;
  const http = await compare("3 equal instances, HTTP/1.1, 64 in flight", 64, {
    "undici Pool (1 instance)": viaUndici(new Pool(`http://${first!.http}`), `http://${first!.http}`),
    "undici BalancedPool": viaUndici(new BalancedPool(addresses.map(({ http }) => `http://${http}`)), "http://any"),
    "undici's Pools in turn": poolsInTurn(addresses),
    "undici, origin and Host set": inTurn(addresses),
    "rollcall/undici": rollcallHttp(addresses),
    "rollcall/pool of undici's Pools": pooled(addresses),
  });
  const connect = await compare("3 equal instances, Connect over HTTP/2, 64 in flight", 64, {
    "Connect's transport (1 instance)": bareConnect(first!.connect),
    "rollcall/connect": rollcallConnect(addresses),
  });
  return { http, connect };
});
const slow = await withServers([0, 0, 40], async (addresses) => {
  // Few in flight: with many, each waits longer for the client's own CPU than for the slow instance.
  const http = await compare("one of 3 answers in 40 ms, HTTP/1.1, 4 in flight", 4, {
    "undici BalancedPool": viaUndici(new BalancedPool(addresses.map(({ http }) => `http://${http}`)), "http://any"),
    "rollcall/undici": rollcallHttp(addresses),
    "rollcall/pool of undici's Pools": pooled(addresses),
  });
  return http;
});
const words = (ratios: Record<string, number>) =>
  Object.entries(ratios).map(([name, ratio]) => `${ratio.toFixed(2)} x ${name}`);
console.log(`
rollcall/pool, equal instances (wanted: 0.95): ${words(equal.http).join(", ")}
rollcall/connect, equal instances (wanted: 0.95): ${words(equal.connect).join(", ")}
rollcall/pool, a slow one of three (wanted: 5 x BalancedPool): ${words(slow).join(", ")}`);

type Addresses = readonly { readonly http: string; readonly connect: string }[];

async function withServers<R>(delays: number[], run: (addresses: Addresses) => Promise<R>): Promise<R> {
  const servers = fork(new URL("./support/http-servers.ts", import.meta.url), delays.map(String), {
    execArgv: ["--import", "tsx"],
  });
  const [addresses] = (await once(servers, "message")) as [Addresses];
  try {
    return await run(addresses);
  } finally {
    servers.disconnect();
    await once(servers, "exit");
  }
}

function viaUndici(dispatcher: Dispatcher, origin: string, close = async () => {}): Contestant {
  return {
    call: async () => {
      const { body } = await dispatcher.request({ origin, path: "/", method: "GET" });
      await body.text();
    },
    close: async () => {
      await close();
      await dispatcher.destroy();
    },
  };
}

/** What an interceptor of undici costs that knows nothing: instances in turn, and the host that the caller named kept. */
function inTurn(addresses: Addresses): Contestant {
  let at = 0;
  const interceptor: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    at = (at + 1) % addresses.length;
    return dispatch({ ...options, origin: `http://${addresses[at]!.http}`, headers: { host: "order.http" } }, handler);
  };
  return viaUndici(new Agent().compose(interceptor), "http://order.http");
}

function rollcallHttp(addresses: Addresses): Contestant {
  const interceptor = rollcallInterceptor(`direct:///${addresses.map(({ http }) => http).join(",")}`);
  return viaUndici(new Agent().compose(interceptor), "http://order.http", () => interceptor.close());
}

/** What several instances cost that nobody balances. */
function poolsInTurn(addresses: Addresses): Contestant {
  const pools = addresses.map(({ http }) => new Pool(`http://${http}`));
  let at = 0;
  return {
    call: async () => {
      at = (at + 1) % pools.length;
      const { body } = await pools[at]!.request({ path: "/", method: "GET" });
      await body.text();
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}

function pooled(addresses: Addresses): Contestant {
  const pool = createPool(`direct:///${addresses.map(({ http }) => http).join(",")}`, {
    connect: (_instance, { address }) => new Pool(`http://${address.host}:${address.port}`),
    close: (connection) => connection.destroy(),
  });
  return {
    call: () =>
      pool.run(async (connection) => {
        const { body } = await connection.request({ path: "/", method: "GET" });
        await body.text();
      }),
    close: () => pool.close(),
  };
}

function bareConnect(address: string): Contestant {
  const transport = createConnectTransport({ baseUrl: `http://${address}`, httpVersion: "2" });
  const client = createClient(Order, transport);
  return { call: () => client.find({ id: "1" }), close: async () => {} };
}

function rollcallConnect(addresses: Addresses): Contestant {
  const target = `direct:///${addresses.map(({ connect }) => connect).join(",")}`;
  const transport = createRollcallTransport({ target, protocol: "connect" });
  const client = createClient(Order, transport);
  return { call: () => client.find({ id: "1" }), close: () => transport.close() };
}

interface Run {
  readonly rate: number;
  /** CPU of this process for each call, in microseconds: a busy machine disturbs it least. */
  readonly cpu: number;
}

/** @returns the calls per second of the last one against those of each other, as the median of paired runs. */
async function compare(
  title: string,
  inFlight: number,
  contestants: Record<string, Contestant>,
): Promise<Record<string, number>> {
  const all = Object.entries(contestants);
  const runs = all.map((): Run[] => []);
  for (const [, contestant] of all) await load(contestant, inFlight, WARM_MS); // JIT and connections are warm when it counts
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, so that nobody always runs after the same other.
    for (let turn = 0; turn < all.length; turn++) {
      const at = (round + turn) % all.length;
      runs[at]!.push(await load(all[at]![1], inFlight, RUN_MS));
    }
  }
  console.log(`\n${title} (${rounds} paired runs of ${RUN_MS} ms)`);
  const ratio = (of: number, to: number) => median(runs[of]!.map(({ rate }, round) => rate / runs[to]![round]!.rate));
  all.forEach(([name], at) => {
    const rate = median(runs[at]!.map((run) => run.rate)).toFixed(0);
    const cpu = median(runs[at]!.map((run) => run.cpu)).toFixed(0);
    const against = `${ratio(at, 0).toFixed(2)} x ${all[0]![0]}`;
    console.log(`  ${name.padEnd(34)} ${rate.padStart(6)} calls/s  ${cpu.padStart(6)} µs CPU a call  ${against}`);
  });
  for (const [, contestant] of all) await contestant.close();
  return Object.fromEntries(all.slice(0, -1).map(([name], at) => [name, ratio(all.length - 1, at)]));
}

async function load({ call }: Contestant, inFlight: number, forMs: number): Promise<Run> {
  let calls = 0;
  const before = process.cpuUsage();
  const began = performance.now();
  const end = began + forMs;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() < end) {
        await call();
        calls += 1;
      }
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return { rate: (calls * 1000) / (performance.now() - began), cpu: (user + system) / calls };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
