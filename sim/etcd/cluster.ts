import { Access } from "../../src/dev-registry/access.js";
import { Identity } from "../../src/dev-registry/identity.js";
import { prefixRange } from "../../src/dev-registry/key-range.js";
import { Leases } from "../../src/dev-registry/leases.js";
import { type Commit, Store } from "../../src/dev-registry/store.js";
import { Event_EventType, type KeyValue } from "../../src/proto/etcd.js";
import type { Network } from "../network/network.js";
import { Process } from "../world/process.js";
import type { Scheduler } from "../world/scheduler.js";
import { Member } from "./member.js";

/** What the members of a cluster agree on. */
export interface Replicated {
  readonly store: Store;
  readonly leases: Leases;
  readonly identity: Identity;
  readonly access: Access;
  /** In whose name agreed things happen: it neither freezes nor dies. */
  readonly raft: Process;
  /** A process has asked for something. */
  asked(peer: string, atMs: number): void;
}

export const CREDENTIALS = { user: "app", password: "secret" };

/** The simulated etcd: one store, one set of leases, one or three members that serve it while most of them are together. */
export class Cluster {
  readonly members: readonly Member[];
  readonly replicated: Replicated;
  readonly #scheduler: Scheduler;
  readonly #cutOff = new Set<Member>();
  #history: Commit[] = [];
  #quorum = true;
  /** While a backup is restored, whose puts are nobody's doing. */
  replaying = false;

  constructor(
    scheduler: Scheduler,
    network: Network,
    size: number,
    authenticated: boolean,
    asked: Replicated["asked"],
  ) {
    this.#scheduler = scheduler;
    const store = new Store(10_000);
    const raft = new Process("raft");
    const parts = { store, identity: new Identity(), access: new Access(), raft, asked };
    this.replicated = scheduler.as(raft, () => ({ ...parts, leases: new Leases(store, 2) }));
    if (authenticated) this.replicated.access.require(CREDENTIALS);
    store.onCommit((commit) => this.#history.push(commit));
    this.members = scheduler.as(raft, () =>
      Array.from({ length: size }, (_, i) => new Member(i + 1, scheduler, network, this.replicated)),
    );
  }

  /** What is listed under a prefix now. */
  list(prefix: string): KeyValue[] {
    return this.replicated.store.range(prefixRange(prefix));
  }

  get revision(): bigint {
    return this.replicated.store.revision;
  }

  crash(member: Member): void {
    member.crash();
    this.#elect();
  }

  /** Its tokens were in its memory. */
  restart(member: Member): void {
    if (member.up) return;
    member.restart();
    if (this.members.length === 1) this.replicated.access.expireTokens();
    this.replicated.identity.term += 1n;
    this.#elect();
  }

  /** The member neither hears the others nor is heard by them. */
  cutOff(member: Member, on: boolean): void {
    if (on) this.#cutOff.add(member);
    else this.#cutOff.delete(member);
    this.#elect();
  }

  compact(): void {
    const { store } = this.replicated;
    if (store.revision > store.compactRevision && store.revision > 1n) store.compact(store.revision);
  }

  expireLeases(): void {
    this.#asRaft(() => this.replicated.leases.expireAll());
  }

  expireTokens(): void {
    this.replicated.access.expireTokens();
  }

  /** As an operator does, without a lease. */
  put(key: string, value: string): void {
    const { store } = this.replicated;
    this.#asRaft(() => store.transaction(() => store.put(key, Buffer.from(value), 0n)));
  }

  delete(key: string): void {
    const { store } = this.replicated;
    this.#asRaft(() => store.transaction(() => store.delete({ from: key, to: `${key}\0` })));
  }

  /** All members stop, lose their data, and start anew; authentication is off, as users are data too. */
  wipe(): void {
    const { store, leases, identity, access } = this.replicated;
    this.#allAnew(() => {
      leases.clear();
      store.clear();
      this.#history = [];
      identity.renew();
      access.require(undefined);
    });
  }

  /** All members stop, and start with a backup that is some revisions old: another history under the same numbers. */
  restore(revisions: number): void {
    const { store, leases } = this.replicated;
    const to = store.revision - BigInt(revisions);
    const kept = this.#history.filter(({ revision }) => revision <= to);
    this.#allAnew(() => {
      leases.clear();
      store.clear();
      this.#history = [];
      this.replaying = true;
      this.#asRaft(() => {
        for (const commit of kept) this.#replay(commit);
      });
      this.replaying = false;
    });
  }

  #replay({ events }: Commit): void {
    const { store, leases } = this.replicated;
    store.transaction(() => {
      for (const { type, kv } of events) {
        const { lease, value } = kv!;
        const key = kv!.key.toString("latin1");
        if (type === Event_EventType.DELETE) store.delete({ from: key, to: `${key}\0` });
        else {
          if (lease > 0n && !leases.has(lease)) leases.grant(lease, 10n);
          store.put(key, value, lease);
        }
      }
    });
  }

  #allAnew(change: () => void): void {
    for (const member of this.members) member.crash();
    change();
    for (const member of this.members) member.restart();
    this.replicated.access.expireTokens();
    this.#quorum = false;
    this.#elect();
  }

  /** Members that are together and more than half have a leader; without one, no lease runs out. */
  #elect(): void {
    const together = this.members.filter((member) => member.up && !this.#cutOff.has(member));
    const quorum = together.length * 2 > this.members.length;
    const { leases } = this.replicated;
    if (quorum !== this.#quorum) {
      if (quorum) this.#asRaft(() => leases.resume());
      else leases.pause();
    }
    this.#quorum = quorum;
    this.#asRaft(() => {
      for (const member of this.members) {
        if (quorum && together.includes(member)) member.findLeader();
        else member.loseLeader();
      }
    });
  }

  #asRaft(work: () => void): void {
    this.#scheduler.as(this.replicated.raft, work);
  }
}
