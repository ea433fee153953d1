import type { TestContext } from "node:test";
import { type Client, createClient } from "@connectrpc/connect";
import {
  createRollcallTransport,
  type RollcallTransport,
  type RollcallTransportOptions,
} from "../../src/connect/index.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";
import { startTalk, type TalkServer, type TalkServerOptions } from "./talk-server.js";
import { Talk } from "./talk-service.js";

export const registry = new FixtureRegistry("connect-fixture");
export const PROTOCOLS = ["connect", "grpc", "grpc-web"] as const;
let services = 0;

interface Fleet {
  readonly servers: TalkServer[];
  /** The name that servers see calls made to. */
  readonly authority: string;
  readonly transport: RollcallTransport;
  readonly client: Client<typeof Talk>;
}

/** Servers, listed, and a client of them whose connections stand. */
export async function fleet(
  t: TestContext,
  names: readonly string[],
  options: Partial<RollcallTransportOptions> = {},
  serverOptions: TalkServerOptions = {},
): Promise<Fleet> {
  services += 1;
  const authority = `talk-${services}.rpc`;
  const service = `fleets/${authority}`;
  const servers = await Promise.all(names.map((name) => startTalk(name, serverOptions)));
  registry.list(
    service,
    servers.map(({ address }) => address),
  );
  const transport = createRollcallTransport({ target: registry.target(service), protocol: "connect", ...options });
  t.after(async () => {
    await Promise.all(servers.map((server) => server.kill().catch(() => {})));
    await transport.close();
  });
  await until(() => transport.stats().ready === servers.length, "all are connected");
  return { servers, authority, transport, client: createClient(Talk, transport) };
}
