import { setTimeout as pause } from "node:timers/promises";
import { clustersInUse } from "../../src/etcd-client/clusters-in-use.js";
import type { ConnectionSettings } from "../../src/etcd-client/settings.js";
import type { Etcd } from "../../test/support/real-parts/etcd.js";
import { etcdctl } from "../../test/support/real-parts/etcdctl.js";
import { Clients, Servers } from "./sessions.js";

/** Servers and clients of one etcd. */
export class Fleet {
  readonly servers: Servers;
  readonly clients: Clients;
  readonly #settings: ConnectionSettings;

  constructor(settings: ConnectionSettings, services: number) {
    this.#settings = settings;
    this.servers = new Servers(settings, services);
    this.clients = new Clients(settings, services);
  }

  get sessions(): number {
    return this.servers.count + this.clients.count;
  }

  /** How many sessions stand, with a watch over each. */
  get watching(): number {
    return clustersInUse().filter(
      ({ state, watcher }) => state.at === "connected" && watcher.silentSeconds !== undefined,
    ).length;
  }

  /** Whether all that were there are connected and watch, and know that they are listed. */
  get isBack(): boolean {
    return this.watching >= this.sessions && this.servers.listed === this.servers.count;
  }

  /** Instances that etcd lists, asked at this member. */
  async listedBy({ endpoint }: Etcd): Promise<number> {
    const { user, pass } = this.#settings;
    const login = user === undefined ? [] : ["--user", `${user}:${pass}`];
    const query = ["get", "service", "--prefix", "--count-only", "--write-out=fields"];
    const counted = await etcdctl(endpoint, ...login, "--command-timeout=30s", ...query);
    return Number(/"Count" : (\d+)/.exec(counted)?.[1]);
  }

  /** Gives up on those that take too long, as after a crash. */
  async stop(): Promise<void> {
    this.clients.stop();
    await Promise.race([this.servers.stop(), pause(20_000)]);
  }
}
