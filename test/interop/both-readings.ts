import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  loadConfig,
  type RpcClientConfig,
  type RpcServerConfig,
  rpcClientConfig,
  rpcServerConfig,
} from "../../src/index.js";
import { readWithGozero } from "../support/real-parts/gozero.js";

const schemas = {
  server: rpcServerConfig,
  client: z.object({ OrderRpc: rpcClientConfig }),
  both: rpcServerConfig.extend({ OrderRpc: rpcClientConfig }),
};
/** What a file holds: a server, a client under OrderRpc, or both. */
export type Kind = keyof typeof schemas;

/** Reads with both, and compares all that means something here. */
export async function assertSameReading(yaml: string, kind: Kind): Promise<void> {
  const theirs = (await readWithGozero(yaml, kind)) as unknown as GoConfig;
  assert.equal(theirs.error, undefined);
  assert.deepEqual(ours(await readHere(yaml, kind), theirs), comparable(theirs));
}

/** @throws ConfigError when Rollcall refuses the file. */
export async function readHere(
  yaml: string,
  kind: Kind,
): Promise<Partial<RpcServerConfig & { OrderRpc: RpcClientConfig }>> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-interop-config-"));
  try {
    const file = join(folder, "service.yaml");
    writeFileSync(file, yaml);
    return await loadConfig(file, schemas[kind]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Go's structs as JSON: what was not given is "" or null, a duration is in nanoseconds. */
interface GoEtcd {
  readonly Hosts: string[] | null;
  readonly ID: string;
  readonly [key: string]: unknown;
}
interface GoClient {
  readonly Etcd: GoEtcd;
  readonly Endpoints: string[] | null;
  readonly KeepaliveTime: number;
  readonly [key: string]: unknown;
}
interface GoConfig {
  readonly Name?: string;
  readonly Etcd: GoEtcd;
  readonly MethodTimeouts: { FullMethod: string; Timeout: number }[] | null;
  readonly Auth?: boolean;
  readonly Redis?: { readonly Host: string; readonly PingTimeout: number };
  readonly Telemetry?: { readonly Batcher: string };
  readonly OrderRpc?: GoClient;
  readonly [key: string]: unknown;
}

/** Of a server, what means something here. The rest is go-zero's own machinery. */
const SERVER_KEYS = ["Name", "ListenOn", "Timeout", "Health", "Mode", "MethodTimeouts", "StrictControl"];
const REDIS_KEYS = ["Host", "Type", "User", "Pass", "Tls", "NonBlock", "Key"];

/** The part of what go-zero read that means something here, in milliseconds and without zero values. */
function comparable(config: GoConfig): unknown {
  const { OrderRpc } = config;
  return withoutEmpty({
    ...(config.Name !== undefined && {
      ...pick(config, SERVER_KEYS),
      Auth: config.Auth,
      Redis: config.Redis?.Host ? redis(config.Redis, config.Redis.PingTimeout / 1e6) : undefined,
      // Without the section the struct is empty, its defaults too.
      Telemetry: config.Telemetry?.Batcher ? withoutEmpty({ ...config.Telemetry }) : undefined,
      Etcd: config.Etcd.Hosts && withoutEmpty({ ...config.Etcd }),
      MethodTimeouts: (config.MethodTimeouts ?? []).map(({ FullMethod, Timeout }) => ({
        FullMethod,
        Timeout: Timeout / 1e6,
      })),
    }),
    OrderRpc:
      OrderRpc &&
      withoutEmpty({
        ...OrderRpc,
        // Endpoints and Target come before it.
        Etcd: OrderRpc.Endpoints || OrderRpc.Target ? undefined : withoutEmpty({ ...OrderRpc.Etcd }),
        KeepaliveTime: OrderRpc.KeepaliveTime / 1e6 || undefined,
      }),
  });
}

/** What Rollcall read, without what go-zero does not know. */
function ours(config: Partial<RpcServerConfig & { OrderRpc: RpcClientConfig }>, theirs: GoConfig): unknown {
  const etcd = (given: RpcServerConfig["Etcd"], known: GoEtcd) =>
    given && withoutEmpty(pick({ ...given, ID: String(given.ID ?? 0) }, Object.keys(known)));
  const { OrderRpc } = config;
  const client = theirs.OrderRpc;
  return withoutEmpty({
    ...pick(config, SERVER_KEYS),
    Auth: theirs.Name === undefined ? undefined : (config.Auth ?? false),
    Redis: config.Redis && redis(config.Redis, config.Redis.PingTimeout),
    Telemetry: config.Telemetry && withoutEmpty({ ...config.Telemetry }),
    Etcd: etcd(config.Etcd, theirs.Etcd),
    OrderRpc:
      OrderRpc &&
      client &&
      withoutEmpty(
        pick(
          { ...OrderRpc, Etcd: etcd(OrderRpc.Endpoints || OrderRpc.Target ? undefined : OrderRpc.Etcd, client.Etcd) },
          Object.keys(client),
        ),
      ),
  });
}

function pick(from: object, keys: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)));
}

function withoutEmpty(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => ![undefined, null, ""].includes(value as "")));
}

function redis(settings: object, PingTimeout: number): object {
  return withoutEmpty({ ...pick(settings, REDIS_KEYS), PingTimeout });
}
