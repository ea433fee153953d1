import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { freePort } from "../network/ports.js";
import { until } from "../until.js";
import { outlivedBy } from "./outlived-by.js";

export interface Redis {
  /** `host:port` */
  readonly address: string;
  readonly pid: number;
  /** HSET. */
  set(key: string, field: string, value: string): Promise<void>;
  /** SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>;
}

export interface RedisOptions {
  /** Default any. */
  readonly port?: number;
  readonly password?: string;
  /** PEM files; with them it speaks TLS only. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile: string };
  /** One that answers for all slots. */
  readonly cluster?: boolean;
}

/** Why tests that need a real Redis cannot run here, or false. With CI=true a missing one is an error. */
export function redisSkipReason(): string | false {
  if (!spawnSync(command(), ["--version"]).error) return false;
  const reason = `no ${command()}: install it (Debian: redis-server) or set ROLLCALL_REDIS`;
  if (process.env.CI === "true") throw new Error(reason);
  return reason;
}

/** Starts a Redis of the test's own, and resolves when it answers. */
export async function startRedis({ port, password, tls, cluster }: RedisOptions = {}): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-redis-"));
  const listen = port ?? (await freePort());
  const args = [
    ...["--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"],
    ...(tls ? ["--port", "0", "--tls-port", `${listen}`] : ["--port", `${listen}`]),
    ...(tls ? ["--tls-cert-file", tls.certFile, "--tls-key-file", tls.keyFile, "--tls-ca-cert-file", tls.caFile] : []),
    ...(tls ? ["--tls-auth-clients", "no"] : []),
    ...(password ? ["--requirepass", password] : []),
    ...(cluster ? ["--cluster-enabled", "yes", "--cluster-port", `${await freePort()}`] : []),
  ];
  const child = spawn(command(), args, { stdio: "ignore" });
  const ended = once(child, "exit").then(() => rmSync(folder, { recursive: true, force: true }));
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
    watchdog.kill("SIGKILL");
  };
  const watchdog = outlivedBy(child.pid!, folder);
  const client = createClient({
    socket: {
      host: "127.0.0.1",
      port: listen,
      reconnectStrategy: () => (child.exitCode === null && child.signalCode === null ? 20 : false),
      ...(tls && { tls: true as const, rejectUnauthorized: false }),
    },
    ...(password && { password }),
  });
  client.on("error", () => {});
  await client.connect();
  if (cluster) {
    await client.sendCommand(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    await until(
      async () => /cluster_state:ok/.test(String(await client.sendCommand(["CLUSTER", "INFO"]))),
      "a cluster",
    );
  }
  return {
    address: `127.0.0.1:${listen}`,
    pid: child.pid!,
    async set(key, field, value) {
      await client.hSet(key, field, value);
    },
    async kill() {
      client.destroy();
      await kill();
    },
  };
}

function command(): string {
  return process.env.ROLLCALL_REDIS || "redis-server";
}
