import { execFileSync, spawnSync } from "node:child_process";

/** Why hosts of their own cannot be made here, or false. */
export function hostsSkipReason(): string | false {
  const probe = `rollcall-probe-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", probe], { stdio: "ignore" });
  if (made.status !== 0) return "needs root and `ip netns`";
  execFileSync("ip", ["netns", "del", probe]);
  return false;
}

/** A host of its own on this machine: a network namespace, joined to it by a cable that can be pulled. */
export class Host implements Disposable {
  readonly #name: string;
  readonly #cable: string;
  /** Its address. */
  readonly ip: string;

  /** @param index of the host within the test; together with the process it names what is made. */
  constructor(index: number) {
    const id = `${(process.pid % 4096).toString(16)}${index}`;
    this.#name = `rollcall-${id}`;
    this.#cable = `rc${id}`;
    const net = `10.${64 + (process.pid % 64)}.${(process.pid >> 6) % 250}`;
    this.ip = `${net}.${index * 4 + 2}`;
    ip("netns", "add", this.#name);
    ip("link", "add", this.#cable, "type", "veth", "peer", "name", "eth0", "netns", this.#name);
    ip("addr", "add", `${net}.${index * 4 + 1}/30`, "dev", this.#cable);
    ip("link", "set", this.#cable, "up");
    this.#inside("ip", "addr", "add", `${this.ip}/30`, "dev", "eth0");
    this.#inside("ip", "link", "set", "eth0", "up");
    this.#inside("ip", "link", "set", "lo", "up");
  }

  /** The command that runs another one on this host. */
  get run(): readonly string[] {
    return ["ip", "netns", "exec", this.#name];
  }

  /** From now on no packet passes, and nobody is told: the power is off, or the cable out. */
  unplug(): void {
    // An interface that is down would be told to those who send; one whose far end drops everything is not.
    this.#inside("ip", "link", "set", "eth0", "down");
    ip("neigh", "replace", this.ip, "lladdr", "02:00:00:00:00:01", "dev", this.#cable, "nud", "permanent");
  }

  plug(): void {
    this.#inside("ip", "link", "set", "eth0", "up");
    ip("neigh", "flush", "dev", this.#cable);
    spawnSync("ip", ["neigh", "del", this.ip, "dev", this.#cable], { stdio: "ignore" });
  }

  [Symbol.dispose](): void {
    ip("netns", "del", this.#name);
  }

  #inside(...command: string[]): void {
    ip("netns", "exec", this.#name, ...command);
  }
}

function ip(...command: string[]): void {
  execFileSync("ip", command, { stdio: ["ignore", "ignore", "inherit"] });
}
