import type { ShownNode } from "../balancer/node.js";
import type { ChannelStatus } from "../discovery/status.js";
import type { Decision, SetAside } from "../observe/decisions/decision.js";
import type { RecordedChannel } from "../observe/decisions/recorder.js";
import { flightRecorder } from "../observe/decisions/setting.js";
import { ServiceStats } from "../observe/service-stats.js";
import { addClient, type ClientSource, endedAfterClose } from "../observe/sources.js";
import type { CalledInstance, CalledService, InstanceState, Percentiles } from "../observe/state.js";
import { ChangesLog } from "./changes-log.js";
import type { ChannelState } from "./channel-state.js";
import type { Connection } from "./connection/connection.js";
import type { ConnectionState } from "./connection/connection-state.js";

/** So many of those set aside are named with each decision. */
const NAMED = 50;

let channels = 0;

/** What is asked of a connection. */
type Observable = Pick<Connection, "state" | "lastError" | "listed">;

/** What whoever balances calls lets itself be asked. */
export interface Observed {
  readonly status: ChannelStatus | undefined;
  /** Subset: instances connected to at most, 0 = all. */
  readonly config: { readonly subset: number; readonly zone?: string | undefined };
  readonly connections: ReadonlyMap<string, Observable>;
  /** What chooses an instance for each call. */
  readonly policy: string;
  nodes(): readonly ShownNode<string>[];
  readonly unlisted: { readonly retained: number; readonly retired: number };
}

/** One channel as it is observed: counts its attempts, records its decisions, and tells its state. */
export class ChannelSource implements ClientSource {
  readonly id = ++channels;
  readonly stats = new ServiceStats();
  readonly recorder = flightRecorder();
  /** All that decisions know of it: they are kept when the channel has long been closed. */
  readonly recorded: { -readonly [K in keyof RecordedChannel]: RecordedChannel[K] };
  /** Methods that are answered by streams, by path, as far as the client knows. */
  streaming: ReadonlySet<string> = new Set();
  #full: ReadonlySet<string> = new Set();
  readonly #of: Observed;
  readonly #remove: () => void;
  #closed = false;
  #state: CalledService["state"] = "connecting";
  #ready = new Set<string>();
  readonly #changes = new ChangesLog();

  constructor(of: Observed) {
    this.#of = of;
    this.recorded = { id: this.id, service: this.service, setAside: [] };
    this.#remove = addClient(this);
  }

  get service(): string {
    return this.#of.status?.target.service ?? "";
  }

  close(): void {
    this.#remove();
    this.#closed = true;
  }

  /** After a change of who can be called. */
  update(state: ChannelState): void {
    const { connections } = this.#of;
    this.#changes.tell(this.service, connections);
    this.#state = state.is === "ready" && state.panic ? "panic" : state.is;
    this.#ready = new Set(state.is === "ready" ? state.usable : []);
    this.stats.keepOnly(connections);
    this.#listSetAside();
  }

  /** Those of the ready ones that get no calls because they said that they are full. */
  set full(instances: readonly string[]) {
    this.#full = new Set(instances);
    this.#listSetAside();
  }

  #listSetAside(): void {
    const aside: SetAside[] = [];
    for (const [instance, connection] of this.#of.connections) {
      const why = this.#whyAside(instance, connection);
      if (why !== undefined && aside.length < NAMED) aside.push({ instance, why });
    }
    this.recorded.service = this.service;
    this.recorded.setAside = aside;
  }

  #whyAside(instance: string, connection: Observable): string | undefined {
    if (!this.#ready.has(instance)) return whyNot(connection);
    return this.#full.has(instance) ? "says that it is full" : undefined;
  }

  /**
   * An attempt has ended.
   * @param decision its pick, in the flight recorder.
   * @param code gRPC's status code, or what comes nearest.
   * @param ok as the balancer is told: undefined when the end says nothing of the instance.
   */
  ended(instance: string, decision: number, code: number, ok: boolean | undefined, ms: number): void {
    this.stats.ended(instance, ms, ok);
    if (this.#closed) endedAfterClose(this.service, ok);
    this.recorder?.ended(decision, code, ok, ms);
  }

  decisions(): Decision[] {
    return this.recorder?.decisions(this.recorded) ?? [];
  }

  turnMinute(): Percentiles | undefined {
    return this.stats.turn();
  }

  state(): CalledService {
    const { status, config } = this.#of;
    const answered = status?.listed !== undefined;
    const { totals } = this.stats;
    return {
      id: this.id,
      service: this.service,
      registry: status?.registry ?? "",
      policy: this.#of.policy,
      state: this.#state,
      listed: status?.listed,
      ...this.#of.unlisted,
      source: answered ? status.source : undefined,
      ageMs: answered ? Math.round(performance.now() - status.answeredAt) : undefined,
      trouble: status?.trouble?.message,
      zone: config.zone ?? "",
      subset: config.subset,
      totals,
      latency: this.stats.latency,
      instances: this.#instances(totals.calls),
    };
  }

  /** @param calls of all. */
  #instances(calls: number): CalledInstance[] {
    const { connections } = this.#of;
    const nodes = new Map(this.#of.nodes().map((node) => [node.key, node]));
    return [...connections].map(([id, connection]) => {
      const { address, weight = 1, zone, metadata } = connection.listed.instance;
      const node = nodes.get(id);
      const counts = this.stats.of(id);
      const ready = this.#ready.has(id);
      return {
        id,
        address,
        weight,
        zone,
        version: metadata?.version,
        state: wordFor(connection.state),
        ready,
        setAside: this.#whyAside(id, connection),
        inFlight: node?.inFlight ?? 0,
        expectedMs: Number((node?.ewmaMs ?? 0).toPrecision(4)),
        failureRate: Number((node?.failureRate ?? 0).toPrecision(4)),
        distance: node?.distance ?? 1,
        calls: counts.calls,
        failures: counts.failures,
        share: calls > 0 ? Number((counts.calls / calls).toFixed(4)) : 0,
        latency: counts.latency,
      };
    });
  }
}

function wordFor(state: ConnectionState): InstanceState {
  return state.is === "connecting" && state.failure !== undefined ? "failing" : state.is;
}

/** Why no call goes there, in words. */
function whyNot({ state, lastError }: Observable): string {
  switch (state.is) {
    case "connecting":
      return state.failure === undefined ? "is being connected to" : `cannot be connected to: ${state.failure}`;
    case "not serving":
      return "says that it does not serve";
    case "probing":
      return "has not answered, and is probed";
    case "checking health":
      return "has not told its health yet";
    case "serving":
      return "waits for the others to connect";
    default:
      return lastError ?? "is not connected";
  }
}
