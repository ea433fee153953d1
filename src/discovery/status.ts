import type { Target } from "../registry.js";

/** Where a set of instances is from: the registry's answer, this process's memory of an earlier one, or a snapshot on disk. */
export type SetSource = "registry" | "memory" | "snapshot";

/** What one channel knows of its service now. Read when a call must be told why it waited, and by whoever shows states. */
export class ChannelStatus {
  target: Target;
  /** Instances in the set that is in use; undefined before the first. */
  listed: number | undefined;
  /** Where the set in use is from. */
  source: SetSource = "registry";
  /** When the registry's answer that is in use came, in milliseconds of performance.now: long ago, for what was remembered. */
  answeredAt = 0;
  /**
   * Whether the registry's first answer may come any moment, so that calls wait for it where all instances are gone that are remembered. Not
   * after an answer, nor while it is in trouble, nor where it has said nothing for seconds.
   */
  isAwaited = false;
  /** Why there is no fresh answer. */
  trouble: Error | undefined;
  /** gRPC services that are called, for example `shop.Order`. Written by whoever calls. */
  readonly called = new Set<string>();
  /** Instances that can take a call now. Written by whoever connects to them. */
  ready = 0;
  /** Why the last connection attempt failed. Written by whoever connects. */
  connectionError: string | undefined;

  constructor(target: Target) {
    this.target = target;
  }

  /** The registry as a person names it, for example `etcd 10.0.0.1:2379`. */
  get registry(): string {
    const { scheme, hosts, service } = this.target;
    const where = hosts.join(",");
    return where === "" || where === service ? scheme : `${scheme} ${where}`;
  }

  /** Why no call can be made, in words, or undefined when some instance is ready. How many there are, and since when, are fields. */
  explain(): string | undefined {
    if (this.ready > 0) return undefined;
    const service = JSON.stringify(this.target.service);
    const trouble = this.trouble ? `; ${this.trouble.message}` : "";
    if (this.listed === undefined) {
      return `instances of ${service} are not known: ${this.registry} has not answered yet${trouble || "; check that it is reachable"}`;
    }
    if (this.listed === 0) {
      const advice = trouble || "; check that a server has registered under exactly this key";
      return `no instance of ${service} is listed in ${this.registry}${advice}`;
    }
    const error = this.connectionError ? `; last error: ${this.connectionError}` : "";
    return `none of the instances of ${service} that ${this.registry} ${LISTS[this.source]} can take a call${error}${trouble}`;
  }
}

const LISTS: Readonly<Record<SetSource, string>> = {
  registry: "lists",
  memory: "listed last (from memory)",
  snapshot: "listed last (from a snapshot)",
};
