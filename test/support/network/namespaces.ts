import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { TYPESCRIPT } from "../typescript.js";

/** Why network namespaces cannot be made here, or false. In CI a root user has to be able to. */
export function namespaceSkipReason(): string | false {
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const name = `rollcall-try-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  spawnSync("ip", ["netns", "del", name]);
  if (made.status === 0) return false;
  const why = `ip netns add failed: ${made.error?.message ?? made.stderr.trim()}`;
  if (process.env.CI === "true") throw new Error(`${why}; CI runs as root and has to be able to`);
  return why;
}

/** Two hosts and a cable between them. Each has an interface eth0, up and without an address, and loopback. */
export class TwoHosts {
  readonly #names: readonly [string, string];
  readonly #children: ChildProcess[] = [];

  constructor() {
    const id = `${process.pid}-${Math.floor(Math.random() * 1e6)}`;
    this.#names = [`rollcall-a-${id}`, `rollcall-b-${id}`];
    for (const name of this.#names) ip("netns", "add", name);
    const [a, b] = this.#names;
    ip("-n", a, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", b);
    for (const name of this.#names) {
      for (const link of ["lo", "eth0"]) ip("-n", name, "link", "set", link, "up");
    }
  }

  /** `ip` at one of the hosts. */
  ip(host: 0 | 1, ...args: string[]): void {
    ip("-n", this.#names[host], ...args);
  }

  /** Gives eth0 an address such as `10.0.0.1/24` that can be used at once. */
  addAddress(host: 0 | 1, address: string): void {
    this.ip(host, "addr", "add", address, "dev", "eth0", ...(address.includes(":") ? ["nodad"] : []));
  }

  /** Turns IPv6 off altogether. */
  withoutIpv6(host: 0 | 1): void {
    const settings = ["all", "default"].map((which) => `net.ipv6.conf.${which}.disable_ipv6=1`);
    execFileSync("ip", ["netns", "exec", this.#names[host], "sysctl", "-qw", ...settings]);
  }

  /** Runs a program of the tests at one of the hosts. */
  start(host: 0 | 1, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const command = ["netns", "exec", this.#names[host], process.execPath, ...TYPESCRIPT, program, ...args];
    const child = spawn("ip", command, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    this.#children.push(child);
    return child;
  }

  /** Ends what still runs; the interfaces go with the namespaces. */
  remove(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const name of this.#names) spawnSync("ip", ["netns", "del", name]);
  }
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
