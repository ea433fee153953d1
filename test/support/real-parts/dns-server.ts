import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../network/ports.js";
import { outlivedBy } from "./outlived-by.js";

export interface DnsServerOptions {
  /** TTL of every record, in seconds. Default 1. */
  ttl?: number;
  /** Loopback address to listen on. Default 127.0.0.1. */
  listen?: string;
  /** Further flags of dnsmasq, for example `["--txt-record=order.test,here"]`, which gives a name no address. */
  args?: string[];
}

/** Addresses by name. Names end in `.test`; the others have no address. */
export type DnsRecords = Readonly<Record<string, readonly string[]>>;

/** A real DNS server (dnsmasq) on a loopback port. */
export interface DnsServer {
  /** `ip:port`. */
  readonly address: string;
  /** Makes these the only records; resolves when they are answered. */
  set(records: DnsRecords): Promise<void>;
  /** SIGKILL; the port is kept for start(). */
  kill(): Promise<void>;
  /** Starts again with the records last set. */
  start(): Promise<void>;
  /** kill(), and the temporary folder is removed. */
  stop(): Promise<void>;
}

/** Why tests that need a real DNS server cannot run here, or false. With CI=true a missing one is an error. */
export function dnsServerSkipReason(): string | false {
  if (spawnSync(dnsmasq(), ["--version"]).status === 0) return false;
  const reason = `no dnsmasq at ${dnsmasq()}: run scripts/ensure-dns-server.sh (Debian: dnsmasq-base) or set ROLLCALL_DNSMASQ`;
  if (process.env.CI === "true") throw new Error(reason);
  return reason;
}

export async function startDnsServer(records: DnsRecords, options: DnsServerOptions = {}): Promise<DnsServer> {
  const server = new Dnsmasq(await freePort(), options);
  server.write(records);
  await server.start();
  return server;
}

class Dnsmasq implements DnsServer {
  readonly address: string;
  readonly #home = mkdtempSync(join(tmpdir(), "rollcall-dns-"));
  readonly #hosts = join(this.#home, "hosts");
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  #watchdog: ChildProcess | undefined;
  #read = () => {};

  constructor(port: number, { ttl = 1, listen = "127.0.0.1", args = [] }: DnsServerOptions) {
    this.address = listen.includes(":") ? `[${listen}]:${port}` : `${listen}:${port}`;
    this.#flags = [
      "--keep-in-foreground",
      "--log-facility=-",
      "--conf-file=/dev/null",
      "--pid-file=",
      `--user=${userInfo().username}`,
      `--port=${port}`,
      `--listen-address=${listen}`,
      "--bind-interfaces",
      "--no-resolv",
      "--no-hosts",
      "--local=/test/",
      `--addn-hosts=${this.#hosts}`,
      `--local-ttl=${ttl}`,
      ...args,
    ];
  }

  write(records: DnsRecords): void {
    const lines = Object.entries(records).flatMap(([name, addresses]) => addresses.map((ip) => `${ip} ${name}\n`));
    writeFileSync(this.#hosts, lines.join(""));
  }

  async set(records: DnsRecords): Promise<void> {
    this.write(records);
    const read = this.#hostsRead();
    this.#child!.kill("SIGHUP");
    await read;
  }

  async start(): Promise<void> {
    const child = spawn(dnsmasq(), this.#flags, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    this.#watchdog = outlivedBy(child.pid!, this.#home);
    const said: string[] = [];
    createInterface(child.stderr!).on("line", (line) => {
      said.push(line);
      if (line.includes(`read ${this.#hosts}`)) this.#read();
    });
    const ended = once(child, "exit").then(() => {
      throw new Error(`dnsmasq ended while starting:\n${said.join("\n")}`);
    });
    await Promise.race([this.#hostsRead(), ended]);
    ended.catch(() => {}); // from here on its end is the test's own doing
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    this.#watchdog?.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#home, { recursive: true, force: true });
  }

  #hostsRead(): Promise<void> {
    return new Promise((resolve) => {
      this.#read = resolve;
    });
  }
}

function dnsmasq(): string {
  // Debian keeps it where only root's PATH leads.
  const debian = "/usr/sbin/dnsmasq";
  return process.env.ROLLCALL_DNSMASQ || (existsSync(debian) ? debian : "dnsmasq");
}
