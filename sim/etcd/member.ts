import type { Metadata } from "@grpc/grpc-js";
import { authService, clusterService, maintenanceService } from "../../src/dev-registry/cluster-service.js";
import { noLeader } from "../../src/dev-registry/errors.js";
import { Admission } from "../../src/dev-registry/faults/admission.js";
import { kvService } from "../../src/dev-registry/kv/kv-service.js";
import { leaseService } from "../../src/dev-registry/lease-service.js";
import { WatchStreams } from "../../src/dev-registry/watch/watch-service.js";
import {
  AuthService,
  ClusterService,
  KVService,
  LeaseService,
  MaintenanceService,
  WatchService,
} from "../../src/proto/etcd-services.js";
import { memberAddress } from "../network/dial-etcd.js";
import type { Network } from "../network/network.js";
import { Process } from "../world/process.js";
import type { Scheduler } from "../world/scheduler.js";
import type { Replicated } from "./cluster.js";
import { Serving } from "./serving.js";

/** How a method of etcd's is read and written, and what answers it: the dev registry's own code. */
export interface Served {
  readonly requestStream: boolean;
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(message: unknown): Buffer;
  handle(call: unknown, answer: (failure: Failure | null, response?: unknown) => void): void;
}

export interface Failure {
  readonly code: number;
  readonly details: string;
}

/** etcd gives up on a request without a leader after so long, in milliseconds. */
const REQUEST_LIMIT_MS = 7_000;
/** A member that hears nobody knows of no leader after so long, in milliseconds. */
const ELECTION_MS = 1_500;

/** One member of the simulated etcd, behind an address. What all members agree on is the cluster's. */
export class Member {
  readonly number: number;
  process: Process;
  /** How long it takes to answer, in milliseconds. */
  slowMs = 0;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #replicated: Replicated;
  readonly #admission: Admission;
  readonly #watches: WatchStreams;
  readonly #methods: ReadonlyMap<string, Served>;
  /** Requests that wait for a leader; undefined while there is one. */
  #waiting: (() => void)[] | undefined;
  #led = true;
  #losses = 0;

  constructor(number: number, scheduler: Scheduler, network: Network, replicated: Replicated) {
    this.number = number;
    this.#scheduler = scheduler;
    this.#network = network;
    this.#replicated = replicated;
    this.process = new Process(memberAddress(number));
    const { store, leases, identity } = replicated;
    this.#admission = new Admission(replicated.access);
    this.#watches = new WatchStreams(this.#admission, identity, store, 600_000);
    this.#methods = methodsOf([
      [KVService, kvService(this.#admission, identity, store, leases)],
      [LeaseService, leaseService(this.#admission, identity, store, leases)],
      [WatchService, this.#watches.implementation],
      [ClusterService, clusterService(this.#admission, identity, () => "http://etcd")],
      [MaintenanceService, maintenanceService(this.#admission, identity, store)],
      [AuthService, authService(this.#admission, identity, store)],
    ]);
    this.start();
  }

  get up(): boolean {
    return this.process.state !== "dead";
  }

  start(): void {
    const { process } = this;
    this.#network.listen(process.name, {
      owner: process,
      accept: (end) => new Serving(end, this, this.#scheduler, this.#replicated),
    });
  }

  crash(): void {
    this.process.die();
    this.#network.bury(this.process);
  }

  restart(): void {
    this.process = new Process(memberAddress(this.number));
    this.start();
  }

  /** Watch streams fall silent while all else is answered. */
  freezeWatches(on: boolean): void {
    this.#watches.freeze(on);
  }

  /** It hears no other member, or too few: requests wait, and fail once it knows of no leader. */
  loseLeader(): void {
    if (!this.#led) return;
    this.#led = false;
    this.#losses += 1;
    const mine = this.#losses;
    this.#waiting = [];
    this.#watches.freeze(true);
    this.#scheduler.after(ELECTION_MS, this.#replicated.raft, () => {
      if (this.#led || mine !== this.#losses) return;
      this.#admission.leaderless = true;
      this.#watches.endAll(noLeader());
      this.#release();
    });
  }

  findLeader(): void {
    if (this.#led) return;
    this.#led = true;
    this.#admission.leaderless = false;
    this.#release();
    this.#watches.freeze(false);
  }

  method(path: string): Served | undefined {
    return this.#methods.get(path);
  }

  /** Does a request's work, as soon as there is a leader to agree on it. */
  agree(work: () => void, late: () => void): void {
    if (!this.#waiting) {
      work();
      return;
    }
    let done = false;
    const once = (act: () => void) => () => {
      if (!done) act();
      done = true;
    };
    this.#waiting.push(once(work));
    this.#scheduler.after(REQUEST_LIMIT_MS, this.#replicated.raft, once(late));
  }

  #release(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const work of waiting) work();
  }
}

function methodsOf(services: readonly (readonly [object, object])[]): Map<string, Served> {
  const methods = new Map<string, Served>();
  for (const [definition, implementation] of services) {
    for (const [name, method] of Object.entries(definition)) {
      const { path } = method as { path: string };
      const handler = (implementation as Record<string, (call: unknown, answer?: unknown) => void>)[name]!;
      methods.set(path, { ...(method as Omit<Served, "handle">), handle: (call, answer) => handler(call, answer) });
    }
  }
  return methods;
}

/** What the dev registry reads of a call's metadata. */
export function metadataOf(headers: Record<string, string>): Metadata {
  return { get: (name: string) => (name in headers ? [headers[name]] : []) } as unknown as Metadata;
}
