import { sleep } from "../async/backoff.js";
import { Semaphore } from "../async/semaphore.js";
import { supervise } from "../async/supervise.js";
import type { EtcdSettings, Present, Registered } from "../backends/etcd/index.js";
import { type Health, healthOf } from "../operator/health.js";
import { leaveReason, type SeenLease } from "../operator/leave-reason.js";
import { redactText } from "../target/redact.js";
import { mapOf } from "./call-map.js";
import { type News, newsOfEdges, newsOfRows } from "./events.js";
import { withListedNames } from "./listed-names.js";
import { type Fleet, type FleetEvent, instanceId, MOST_EVENTS, type Update } from "./model.js";
import { processReports } from "./process-feed.js";
import { byProcess, type ProcessReport, withPresences } from "./process-report.js";
import { looksAtRegistry, type RegistryLook } from "./registry-feed.js";
import { rowsOf } from "./rows.js";
import { StatsBook } from "./stats.js";
import { sortedRows, updateBetween } from "./update.js";

/** How often processes are asked, in milliseconds. */
const REPORTS_MS = 2_000;
/** How often the health of all instances is asked, in milliseconds, and of how many at a time. */
const HEALTH_MS = 3_000;
const HEALTH_AT_ONCE = 16;

export interface FeedSettings {
  readonly etcd: EtcdSettings;
  /** Only keys that begin with this. */
  readonly prefix: string;
  /** Whether each instance is asked for its health. Default true. */
  readonly health?: boolean;
}

/** Follows a fleet: registry, processes and health, each at its own pace; whoever listens is told what changes. */
export class FleetFeed {
  readonly #settings: FeedSettings;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(update: Update) => void>();
  readonly #stats = new StatsBook();
  readonly #health = new Map<string, Health>();
  readonly #seen = new Map<string, { at: number; older: boolean }>();
  /** What etcd said last, and before that. */
  #look: RegistryLook | undefined;
  #before: RegistryLook | undefined;
  /** Nothing that is there at first is news. */
  #isShown = false;
  #trouble: string | undefined;
  #reports: readonly ProcessReport[] = [];
  #startedAt = new Map<string, number>();
  #fleet: Fleet;
  #lastEvent = 0;

  constructor(settings: FeedSettings) {
    this.#settings = settings;
    const registry = settings.etcd.hosts.join(", ");
    this.#fleet = { version: 0, registry, rows: [], nodes: [], edges: [], events: [] };
    const { signal } = this.#closing;
    void supervise("the console's look at etcd", signal, () => this.#followRegistry(signal));
    void supervise("the console's look at processes", signal, () => this.#followProcesses(signal));
    if (settings.health !== false)
      void supervise("the console's look at health", signal, () => this.#followHealth(signal));
  }

  /** Everything, as it is now. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** @returns what ends it. */
  listen(listener: (update: Update) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closing.abort();
    this.#listeners.clear();
  }

  async #followRegistry(signal: AbortSignal): Promise<void> {
    for await (const look of looksAtRegistry(this.#settings.etcd, this.#settings.prefix, signal)) {
      if (look instanceof Error) this.#trouble = redactText(look.message);
      else this.#registryIs(look);
      this.#publish();
    }
  }

  async #followProcesses(signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; await sleep(REPORTS_MS, signal)) {
      const asked = presencesOf(this.#look);
      const told = await processReports(asked);
      // Who has come or gone while they were asked.
      this.#reports = withPresences(told, asked, presencesOf(this.#look));
      const named = this.#named();
      this.#stats.take(named, performance.now());
      this.#startedAt = new Map(
        named.flatMap(({ serves, startedAt }) =>
          startedAt > 0 ? serves.map(({ service, address }) => [instanceId(service, address), startedAt] as const) : [],
        ),
      );
      this.#publish();
    }
  }

  /** What processes have told, by the names that etcd has. */
  #named(): ProcessReport[] {
    return withListedNames(this.#reports, new Set(this.#look?.registrations.map(({ service }) => service)));
  }

  async #followHealth(signal: AbortSignal): Promise<void> {
    const semaphore = new Semaphore(HEALTH_AT_ONCE);
    for (; !signal.aborted; await sleep(HEALTH_MS, signal)) {
      const addresses = new Set(this.#fleet.rows.map(({ address }) => address));
      for (const address of this.#health.keys()) if (!addresses.has(address)) this.#health.delete(address);
      await Promise.all(
        [...addresses].map((address) =>
          semaphore.run(async () => {
            if (!signal.aborted) this.#health.set(address, await healthOf(address));
          }),
        ),
      );
      this.#publish();
    }
  }

  #registryIs(look: RegistryLook): void {
    const older = this.#look === undefined;
    const now = Date.now();
    const ids = new Set(look.registrations.flatMap((one) => idOf(one) ?? []));
    for (const id of ids) if (!this.#seen.has(id)) this.#seen.set(id, { at: now, older });
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id);
    this.#reports = withPresences(this.#reports, presencesOf(this.#look), presencesOf(look));
    this.#trouble = undefined;
    this.#before = this.#look;
    this.#look = look;
  }

  /** Puts together what is known, and tells what has changed. */
  #publish(): void {
    const look = this.#look;
    if (!look) {
      this.#become({ ...this.#fleet, ...(this.#trouble && { trouble: this.#trouble }) }, []);
      return;
    }
    const before = new Map(this.#fleet.rows.map((row) => [row.id, row]));
    const rows = sortedRows(
      rowsOf(look.registrations, {
        health: (address) => this.#health.get(address) ?? "unknown",
        stats: this.#stats,
        startedAt: (id) => this.#startedAt.get(id),
        before: (id) => before.get(id),
        seen: (id) => this.#seen.get(id)!,
      }),
    );
    const map = mapOf(rows, this.#named(), this.#stats);
    const { version, registry, events } = this.#fleet;
    const fleet: Fleet = {
      version,
      registry,
      ...(this.#trouble && { trouble: this.#trouble }),
      ...(look.presences instanceof Error && { mapTrouble: redactText(look.presences.message) }),
      rows,
      ...map,
      events,
    };
    this.#become(fleet, this.#isShown ? this.#newsOf(fleet) : []);
    this.#isShown = true;
  }

  #newsOf({ rows, nodes, edges }: Fleet): News[] {
    const before = this.#fleet;
    const last = (id: string) => this.#before?.registrations.find((one) => idOf(one) === id);
    const seenAt = this.#before?.at ?? 0;
    const now = this.#look?.at ?? 0;
    return [
      ...newsOfRows(before.rows, rows, ({ id }) => leaveReason(leaseOf(last(id), seenAt), now)),
      ...newsOfEdges(before.edges, edges, [...before.nodes, ...nodes]),
    ];
  }

  #become(fleet: Fleet, news: readonly News[]): void {
    const at = Date.now();
    const events: FleetEvent[] = news.map((one) => ({ ...one, id: ++this.#lastEvent, at }));
    const next = { ...fleet, version: fleet.version + 1, events: [...fleet.events, ...events].slice(-MOST_EVENTS) };
    const update = updateBetween(this.#fleet, next);
    if (!update) return;
    this.#fleet = next;
    for (const listener of this.#listeners) listener(update);
  }
}

function presencesOf(look: RegistryLook | undefined): readonly Present[] {
  return look === undefined || look.presences instanceof Error ? [] : byProcess(look.presences);
}

function idOf({ service, instance }: Registered): string | undefined {
  return instance && instanceId(service, instance.address);
}

function leaseOf(registered: Registered | undefined, seenAt: number): SeenLease | undefined {
  if (registered?.lease === undefined) return undefined;
  return { grantedSeconds: registered.grantedTtlSeconds ?? 0, ttlSeconds: registered.ttlSeconds, seenAt };
}
