import { type ChildProcess, execFileSync, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { namespaceSkipReason } from "./namespaces.js";
import { dropAll, dropConnections, dropShare } from "./packet-filter.js";

/** Why networks that lose packets cannot be made here, or false. */
export function lanSkipReason(): string | false {
  const skip = namespaceSkipReason();
  if (skip) return skip;
  try {
    using lan = new Lan();
    lan.addHost().lose(0.5);
    return false;
  } catch (error) {
    const why = `this kernel cannot filter packets by tc: ${(error as Error).message}`;
    if (process.env.CI === "true") throw new Error(why);
    return why;
  }
}

/** Hosts on one switch: each is a network namespace with an interface eth0, joined to it by a cable that can misbehave. */
export class Lan implements Disposable {
  readonly #prefix = `rollcall-${process.pid}-${Math.floor(Math.random() * 1e6)}`;
  readonly #switch = `${this.#prefix}-s`;
  readonly #hosts: LanHost[] = [];

  constructor() {
    ip("netns", "add", this.#switch);
    ip("-n", this.#switch, "link", "add", "switch", "type", "bridge");
    ip("-n", this.#switch, "link", "set", "switch", "up");
  }

  addHost(): LanHost {
    const host = new LanHost(this.#switch, `${this.#prefix}-${this.#hosts.length}`, this.#hosts.length + 1);
    this.#hosts.push(host);
    return host;
  }

  /** Ends what still runs; interfaces and filters go with the namespaces. */
  [Symbol.dispose](): void {
    for (const host of this.#hosts) host.remove();
    spawnSync("ip", ["netns", "del", this.#switch]);
  }
}

export class LanHost {
  readonly ip: string;
  readonly #name: string;
  readonly #switch: string;
  readonly #cable: string;
  readonly #children = new Set<ChildProcess>();

  constructor(atSwitch: string, name: string, number: number) {
    this.ip = `10.66.0.${number}`;
    this.#name = name;
    this.#switch = atSwitch;
    this.#cable = `port${number}`;
    ip("netns", "add", name);
    ip("-n", atSwitch, "link", "add", this.#cable, "type", "veth", "peer", "name", "eth0", "netns", name);
    ip("-n", atSwitch, "link", "set", this.#cable, "master", "switch", "up");
    this.configure("link", "set", "lo", "up");
    this.configure("link", "set", "eth0", "up");
    this.configure("addr", "add", `${this.ip}/24`, "dev", "eth0");
    tc(atSwitch, "qdisc", "add", "dev", this.#cable, "clsact");
  }

  /** `ip` on this host. */
  configure(...args: string[]): void {
    ip("-n", this.#name, ...args);
  }

  /** Runs a command on this host; it does not outlive it. */
  start(command: string, args: readonly string[], stdio: StdioOptions, env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn("ip", ["netns", "exec", this.#name, command, ...args], {
      stdio,
      env: { ...process.env, ...env },
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  /** From now on no packet passes, and nobody is told: the power is off, or a route is lost. */
  silence(): void {
    this.#filter(dropAll());
  }

  /** Loses this share of all packets, each by chance, each way. */
  lose(share: number): void {
    this.#filter(dropShare(share));
  }

  /** What a firewall does that forgets idle connections: those there are now pass no packet any more, new ones do. */
  forgetConnections(): void {
    const lines = inside(this.#name, "ss", "-tnH", "state", "established").trim().split("\n").filter(Boolean);
    // Of each connection the end that is not the server's well-known port is enough to tell it.
    const ports = lines.map((line) =>
      Math.max(...[...line.matchAll(/:(\d+)(?=\s|$)/g)].map(([, port]) => Number(port))),
    );
    this.#filter(dropConnections(ports));
  }

  /** All packets pass again. */
  heal(): void {
    for (const direction of DIRECTIONS) tc(this.#switch, "filter", "del", "dev", this.#cable, direction);
  }

  remove(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    spawnSync("ip", ["netns", "del", this.#name]);
  }

  #filter(bytecode: string): void {
    this.heal();
    for (const direction of DIRECTIONS) {
      tc(this.#switch, "filter", "add", "dev", this.#cable, direction, "bpf", "direct-action", "bytecode", bytecode);
    }
  }
}

const DIRECTIONS = ["ingress", "egress"] as const;

function ip(...args: string[]): void {
  run("ip", args);
}

function tc(namespace: string, ...args: string[]): void {
  inside(namespace, "tc", ...args);
}

function inside(namespace: string, ...command: string[]): string {
  return run("ip", ["netns", "exec", namespace, ...command]);
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
