// A client of HTTP or Connect that calls when asked: arguments are its name in CLIENTS, the instances' addresses as JSON, and how
// many calls it has in flight.
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Agent, BalancedPool, type Dispatcher, Pool } from "undici";
import { Order } from "../../examples/order/order-schema.js";
import { callWhenAsked } from "./contestant.js";

// As published: run from its sources, a package carries what its transpiler adds to every function.
const built = async (name: string) => import(new URL(`../../dist/${name}.js`, import.meta.url).href);
const { rollcallInterceptor } = (await built("undici")) as typeof import("../../src/undici/index.js");
const { createPool } = (await built("pool")) as typeof import("../../src/pool/index.js");
const { createRollcallTransport } = (await built("connect")) as typeof import("../../src/connect/index.js");

interface Address {
  readonly http: string;
  readonly connect: string;
}
type Call = () => Promise<unknown>;

const CLIENTS: Record<string, (addresses: readonly Address[]) => Call> = {
  "undici Pool (1 instance)": ([first]) => request(new Pool(`http://${first!.http}`), `http://${first!.http}`),
  "undici BalancedPool": (addresses) =>
    request(new BalancedPool(addresses.map(({ http }) => `http://${http}`)), "http://any"),
  "undici's Pools in turn": poolsInTurn,
  "undici, origin and Host set": originSet,
  "rollcall/undici": (addresses) =>
    request(new Agent().compose(rollcallInterceptor(direct(addresses.map(({ http }) => http)))), "http://order.http"),
  "rollcall/pool of undici's Pools": pooled,
  "Connect's transport (1 instance)": ([first]) =>
    find(createConnectTransport({ baseUrl: `http://${first!.connect}`, httpVersion: "2" })),
  "rollcall/connect": (addresses) =>
    find(createRollcallTransport({ target: direct(addresses.map(({ connect }) => connect)), protocol: "connect" })),
};

const [name = "", addresses = "", inFlight = ""] = process.argv.slice(2);
callWhenAsked(CLIENTS[name]!(JSON.parse(addresses)), Number(inFlight));

function direct(addresses: readonly string[]): string {
  return `direct:///${addresses.join(",")}`;
}

function request(dispatcher: Dispatcher, origin: string): Call {
  return async () => {
    const { body } = await dispatcher.request({ origin, path: "/", method: "GET" });
    await body.text();
  };
}

/** What an interceptor of undici costs that knows nothing: instances in turn, and the host that the caller named kept. */
function originSet(addresses: readonly Address[]): Call {
  let at = 0;
  const interceptor: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    at = (at + 1) % addresses.length;
    return dispatch({ ...options, origin: `http://${addresses[at]!.http}`, headers: { host: "order.http" } }, handler);
  };
  return request(new Agent().compose(interceptor), "http://order.http");
}

/** What several instances cost that nobody balances. */
function poolsInTurn(addresses: readonly Address[]): Call {
  const pools = addresses.map(({ http }) => new Pool(`http://${http}`));
  let at = 0;
  return async () => {
    at = (at + 1) % pools.length;
    await get(pools[at]!);
  };
}

function pooled(addresses: readonly Address[]): Call {
  const pool = createPool(direct(addresses.map(({ http }) => http)), {
    connect: (_instance, { address }) => new Pool(`http://${address.host}:${address.port}`),
  });
  return () => pool.run(get);
}

async function get(connection: Pool): Promise<void> {
  const { body } = await connection.request({ path: "/", method: "GET" });
  await body.text();
}

function find(transport: Transport): Call {
  const client = createClient(Order, transport);
  return () => client.find({ id: "1" });
}
