import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Why tests that drive etcdctl cannot run here, or false. With CI=true a missing etcdctl is an error. */
export function etcdctlSkipReason(): string | false {
  if (!spawnSync(etcdctlCommand(), ["version"], { env: etcdctlEnvironment() }).error) return false;
  const reason = `no ${etcdctlCommand()}: install it (Debian: etcd-client)`;
  if (process.env.CI === "true") throw new Error(reason);
  return reason;
}

/** Runs etcdctl against an endpoint and resolves with what it printed; rejects with what it said on standard error. */
export async function etcdctl(endpoint: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(etcdctlCommand(), ["--endpoints", endpoint, ...args], {
    env: etcdctlEnvironment(),
    timeout: 30_000,
    maxBuffer: 1 << 26,
  });
  return stdout;
}

/** Starts an etcdctl that goes on by itself (`watch`, `lease keep-alive`); the caller kills it. */
export function spawnEtcdctl(endpoint: string, ...args: string[]): ChildProcess {
  return spawn(etcdctlCommand(), ["--endpoints", endpoint, ...args], {
    env: etcdctlEnvironment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
}

/** The etcdctl beside a chosen etcd, else the one on PATH. */
function etcdctlCommand(): string {
  const beside = process.env.ROLLCALL_ETCD && join(dirname(process.env.ROLLCALL_ETCD), "etcdctl");
  return beside && existsSync(beside) ? beside : "etcdctl";
}

function etcdctlEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("ETCDCTL_"));
  return { ...Object.fromEntries(own), ETCDCTL_API: "3" };
}
