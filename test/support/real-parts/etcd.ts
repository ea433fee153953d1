import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../network/ports.js";
import { type Etcd, EtcdProcess, etcdCommand } from "./etcd-process.js";

export type { Etcd };

const ELECTION_LIMIT_MS = 60_000;
const MOST_TRIES = 3;

export interface EtcdOptions {
  /** Further flags of etcd, for example `["--cert-file", …]`; they win over the helper's own. */
  args?: string[];
  /** Data folder. Default: a temporary one, removed by stop(). */
  dir?: string;
  /** Default: a free one. */
  clientPort?: number;
}

export interface EtcdCluster {
  readonly members: readonly Etcd[];
  /** The members' endpoints, for a client's list of hosts. */
  readonly endpoints: readonly string[];
  /** The member that leads now; awaits an election that is under way. */
  leader(): Promise<Etcd>;
  stop(): Promise<void>;
}

/** Why tests that need a real etcd cannot run here, or false. With CI=true a missing etcd is an error. */
export function etcdSkipReason(): string | false {
  if (etcdVersion()) return false;
  const reason = `no etcd at ${etcdCommand()}: install it (Debian: etcd-server, etcd-client) or set ROLLCALL_ETCD`;
  if (process.env.CI === "true") throw new Error(reason);
  return reason;
}

/** `[major, minor, patch]` of the etcd in use, undefined when there is none. */
export function etcdVersion(): [number, number, number] | undefined {
  const { stdout } = spawnSync(etcdCommand(), ["--version"], { encoding: "utf8" });
  const match = /etcd Version: (\d+)\.(\d+)\.(\d+)/.exec(stdout ?? "");
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

export async function startEtcd(options: EtcdOptions = {}): Promise<Etcd> {
  // A single node elects itself, so short ticks are safe; they also bring the smallest lease down to 1 s.
  const [etcd] = await startNodes(1, ["--heartbeat-interval=20", "--election-timeout=200"], options);
  return etcd!;
}

/** `options.args` go to every member; ports and folders are the cluster's own. */
export async function startEtcdCluster(size: number, options: { args?: string[] } = {}): Promise<EtcdCluster> {
  const members = await startNodes(size, ["--heartbeat-interval=50", "--election-timeout=500"], options);
  return {
    members,
    endpoints: members.map((member) => member.endpoint),
    leader: () => findLeader(members),
    stop: async () => {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

/** Other ports are tried when somebody else has taken one in the meantime. */
async function startNodes(size: number, pace: string[], options: EtcdOptions): Promise<EtcdProcess[]> {
  for (let tries = 1; ; tries++) {
    const nodes = await prepare(size, pace, options);
    const ends = await Promise.allSettled(nodes.map((node) => node.start()));
    const failure = ends.find((end) => end.status === "rejected")?.reason as Error | undefined;
    if (!failure) return nodes;
    await Promise.all(nodes.map((node) => node.stop()));
    if (tries === MOST_TRIES || options.clientPort || !/address already in use/.test(failure.message)) throw failure;
  }
}

/** Chooses ports and folders; all members of a cluster have to know all peers before the first one starts. */
async function prepare(size: number, pace: string[], options: EtcdOptions): Promise<EtcdProcess[]> {
  const args = options.args ?? [];
  const scheme = args.some((arg) => /^--(cert-file|auto-tls)\b/.test(arg)) ? "https" : "http";
  const places = [];
  for (let i = 0; i < size; i++) {
    const home = mkdtempSync(join(tmpdir(), "rollcall-etcd-"));
    const [client, peer, metrics] = [options.clientPort ?? (await freePort()), await freePort(), await freePort()];
    places.push({ name: `m${i}`, home, client, peer: `http://127.0.0.1:${peer}`, metrics });
  }
  const initialCluster = places.map(({ name, peer }) => `${name}=${peer}`).join(",");

  return places.map(({ name, home, client, peer, metrics }) => {
    const dir = options.dir ?? join(home, "data");
    const flags = (token: string) => [
      `--name=${name}`,
      `--data-dir=${dir}`,
      `--listen-client-urls=${scheme}://127.0.0.1:${client}`,
      `--advertise-client-urls=${scheme}://127.0.0.1:${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=${initialCluster}`,
      `--initial-cluster-token=${size === 1 ? token : initialCluster}`,
      `--listen-metrics-urls=http://127.0.0.1:${metrics}`,
      "--logger=zap",
      ...(canSkipFsync() ? ["--unsafe-no-fsync"] : []),
      ...pace,
      ...args,
    ];
    const metricsUrl = `http://127.0.0.1:${metrics}/metrics`;
    return new EtcdProcess({ name, endpoint: `127.0.0.1:${client}`, metricsUrl, home, dir, flags });
  });
}

async function findLeader(members: readonly EtcdProcess[]): Promise<Etcd> {
  for (const end = Date.now() + ELECTION_LIMIT_MS; Date.now() < end; await pause(20)) {
    for (const member of members) if (await member.leads()) return member;
  }
  throw new Error(`no leader among ${members.map(({ endpoint }) => endpoint).join(", ")}`);
}

/** `--unsafe-no-fsync` came with etcd 3.4.10; a killed process loses nothing by it, only a killed machine does. */
function canSkipFsync(): boolean {
  const [major, minor, patch] = etcdVersion() ?? [0, 0, 0];
  return major > 3 || (major === 3 && (minor > 4 || (minor === 4 && patch >= 10)));
}
