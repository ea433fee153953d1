import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "../network/ports.js";
import { outlivedBy } from "./outlived-by.js";

const START_LIMIT_MS = 60_000;
const MOST_TRIES = 3;

export interface EtcdOptions {
  /** Further flags of etcd, for example `["--cert-file", …]`; they win over the helper's own. */
  args?: string[];
  /** Data folder. Default: a temporary one, removed by stop(). */
  dir?: string;
  /** Default: a free one. */
  clientPort?: number;
}

/** A real etcd process on 127.0.0.1. */
export interface Etcd {
  readonly name: string;
  /** `127.0.0.1:port` of the client API. */
  readonly endpoint: string;
  /** Plain HTTP whatever TLS the client API has; `/health` is answered beside it. */
  readonly metricsUrl: string;
  /** Of the process that runs now; another one after restart(). */
  readonly pid: number;
  readonly dir: string;
  /** Whether the process exists (a stopped one, by SIGSTOP, does). */
  readonly running: boolean;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /**
   * kill(), then starts again on the same ports: with its data or, wiped, as a new cluster with another id (a single node
   * only). Resolves when healthy; members that make up a lost quorum have to be restarted together.
   */
  restart(options?: { wipe?: boolean }): Promise<void>;
  /** kill(), and the temporary folder is removed. */
  stop(): Promise<void>;
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

/** The same for tests that drive etcdctl. */
export function etcdctlSkipReason(): string | false {
  if (!spawnSync(etcdctlCommand(), ["version"], { env: etcdctlEnvironment() }).error) return false;
  const reason = `no ${etcdctlCommand()}: install it (Debian: etcd-client)`;
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

class EtcdProcess implements Etcd {
  readonly name: string;
  readonly endpoint: string;
  readonly metricsUrl: string;
  readonly dir: string;
  readonly #home: string;
  readonly #flags: (token: string) => string[];
  #child: ChildProcess | undefined;
  #watchdog: ChildProcess | undefined;
  #generation = 0;

  constructor(place: {
    name: string;
    endpoint: string;
    metricsUrl: string;
    home: string;
    dir: string;
    flags: (token: string) => string[];
  }) {
    this.name = place.name;
    this.endpoint = place.endpoint;
    this.metricsUrl = place.metricsUrl;
    this.dir = place.dir;
    this.#home = place.home;
    this.#flags = place.flags;
  }

  get pid(): number {
    if (!this.#child?.pid) throw new Error(`etcd ${this.name} is not running`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#home, "etcd.log"), "a");
    const token = `${this.#home}-${this.#generation}`;
    const child = spawn(etcdCommand(), this.#flags(token), { stdio: ["ignore", log, log] });
    closeSync(log);
    child.on("error", () => {}); // told by the exit that #ready sees
    child.unref();
    this.#child = child;
    this.#watchdog = child.pid ? outlivedBy(child.pid, this.#home) : undefined;
    try {
      await this.#ready();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async kill(): Promise<void> {
    if (!this.running) return;
    const child = this.#child!;
    const gone = once(child, "exit");
    child.ref();
    child.kill("SIGKILL");
    await gone;
    this.#watchdog?.kill("SIGKILL");
  }

  async restart({ wipe = false }: { wipe?: boolean } = {}): Promise<void> {
    await this.kill();
    if (wipe) {
      rmSync(this.dir, { recursive: true, force: true });
      this.#generation += 1;
    }
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Asks for health until it is there; the interval only spares the processor. */
  async #ready(): Promise<void> {
    const health = this.metricsUrl.replace("/metrics", "/health");
    for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(10)) {
      if (!this.running) throw new Error(`etcd ${this.name} ended while starting:\n${this.#lastLog()}`);
      const answer = await httpGet(health).catch(() => "");
      if (/"health":\s*"?true/.test(answer)) return;
    }
    throw new Error(`etcd ${this.name} is not healthy after ${START_LIMIT_MS / 1000} s:\n${this.#lastLog()}`);
  }

  #lastLog(): string {
    const file = join(this.#home, "etcd.log");
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(-8).join("\n") : "(no log)";
  }
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

async function findLeader(members: readonly Etcd[]): Promise<Etcd> {
  for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await pause(20)) {
    for (const member of members.filter(({ running }) => running)) {
      const metrics = await httpGet(member.metricsUrl).catch(() => "");
      if (/^etcd_server_is_leader 1$/m.test(metrics)) return member;
    }
  }
  throw new Error(`no leader among ${members.map(({ endpoint }) => endpoint).join(", ")}`);
}

function httpGet(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 2_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve(body));
    });
    request.on("timeout", () => request.destroy(new Error("timed out"))).on("error", reject);
  });
}

function etcdCommand(): string {
  return process.env.ROLLCALL_ETCD || "etcd";
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

/** `--unsafe-no-fsync` came with etcd 3.4.10; a killed process loses nothing by it, only a killed machine does. */
function canSkipFsync(): boolean {
  const [major, minor, patch] = etcdVersion() ?? [0, 0, 0];
  return major > 3 || (major === 3 && (minor > 4 || (minor === 4 && patch >= 10)));
}
