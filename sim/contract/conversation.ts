import { EtcdError } from "../../src/etcd-client/errors.js";
import { KVService, LeaseService, WatchService } from "../../src/etcd-client/methods.js";
import type { Session } from "../../src/etcd-client/session.js";
import {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
  WatchCreateRequest,
  type WatchResponse,
} from "../../src/proto/etcd.js";
import { KVService as Definition } from "../../src/proto/etcd-services.js";
import { Random } from "../world/random.js";

/** What is asked of an etcd, in an order that a seed decides. */
const STEPS = 80;

/**
 * Talks with an etcd, simulated or real, over the etcd client's own session, and writes down what it answers: with the same
 * seed two etcds have to say the same. Revisions are counted from the beginning of the talk.
 */
export async function conversation(session: Session, seed: number): Promise<string[]> {
  const talk = new Talk(session, seed);
  await talk.begin();
  for (let step = 0; step < STEPS; step++) await talk.step();
  await talk.end();
  return talk.said;
}

class Talk {
  readonly said: string[] = [];
  readonly #session: Session;
  readonly #random: Random;
  readonly #prefix: string;
  /** Ids of leases are given, so that they are the same everywhere. */
  readonly #leases: readonly bigint[];
  #base = 0n;
  #revision = 0n;

  constructor(session: Session, seed: number) {
    this.#session = session;
    this.#random = new Random(seed, 9);
    this.#prefix = `conversation-${seed}/`;
    this.#leases = [1, 2, 3].map((n) => BigInt(1_000_000 + seed * 10 + n));
  }

  async begin(): Promise<void> {
    const { header } = await this.#session.call(KVService.range, this.#range(0n));
    this.#base = this.#revision = header!.revision;
  }

  step(): Promise<void> {
    const random = this.#random;
    const pick = <T>(from: readonly T[]) => random.pick(from);
    const key = Buffer.from(`${this.#prefix}${pick(["a", "b", "c", "d"])}`);
    const lease = random.chance(0.5) ? 0n : pick(this.#leases);
    const put = PutRequest.fromPartial({ key, value: Buffer.from(String(random.whole(0, 99))), lease });
    const steps: readonly [string, () => Promise<unknown>][] = [
      ["put", () => this.#session.call(KVService.put, put)],
      ["put", () => this.#session.call(KVService.put, put)],
      ["delete", () => this.#session.call(KVService.deleteRange, DeleteRangeRequest.fromPartial({ key }))],
      ["range", () => this.#session.call(KVService.range, this.#range(0n))],
      ["range of old", () => this.#session.call(KVService.range, this.#range(this.#past()))],
      ["range of the future", () => this.#session.call(KVService.range, this.#range(this.#revision + 1_000n))],
      ["txn", () => this.#txn(put)],
      ["grant", () => this.#session.call(LeaseService.leaseGrant, { ID: pick(this.#leases), TTL: 600n })],
      ["keep alive", () => this.#session.exchange(LeaseService.leaseKeepAlive, { ID: pick(this.#leases) })],
      ["revoke", () => this.#session.call(LeaseService.leaseRevoke, { ID: pick(this.#leases) })],
      ["watch", () => this.#watch(this.#past())],
    ];
    const [name, ask] = pick(steps);
    return this.#ask(name, ask);
  }

  /** What was compacted is refused, to readers and to watches. */
  async end(): Promise<void> {
    const past = this.#base + 1n;
    for (const ID of this.#leases)
      await this.#ask("revoke", () => this.#session.call(LeaseService.leaseRevoke, { ID }));
    const request = { revision: this.#revision, physical: true };
    await this.#ask("compact", () => this.#session.call(Definition.compact, request));
    await this.#ask("range of what is compacted", () => this.#session.call(KVService.range, this.#range(past)));
    await this.#ask("watch of what is compacted", () => this.#watch(past));
    const all = DeleteRangeRequest.fromPartial(this.#all());
    await this.#ask("delete all", () => this.#session.call(KVService.deleteRange, all));
  }

  async #ask(name: string, ask: () => Promise<unknown>): Promise<void> {
    let answer: unknown;
    try {
      answer = await ask();
      const { header } = answer as { header?: { revision: bigint } };
      if (header && header.revision > this.#revision) this.#revision = header.revision;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      answer = `${error.code}: ${error.details}`;
    }
    this.said.push(`${name}: ${this.#normal(answer)}`);
  }

  #all() {
    return { key: Buffer.from(this.#prefix), rangeEnd: Buffer.from(`${this.#prefix.slice(0, -1)}0`) };
  }

  #range(revision: bigint): RangeRequest {
    return RangeRequest.fromPartial({ ...this.#all(), revision });
  }

  #past(): bigint {
    return this.#base + 1n + BigInt(this.#random.whole(0, Number(this.#revision - this.#base)));
  }

  #txn(put: PutRequest): Promise<unknown> {
    const ops = [
      RequestOp.fromPartial({ request: { $case: "requestPut", value: put } }),
      RequestOp.fromPartial({ request: { $case: "requestRange", value: this.#range(0n) } }),
    ];
    return this.#session.call(KVService.txn, TxnRequest.fromPartial({ success: ops }));
  }

  /** All that happened from a revision on: up to a put that is made when the watch stands, or to its being cancelled. */
  #watch(startRevision: bigint): Promise<unknown> {
    const mark = Buffer.from(`${this.#prefix}mark`);
    const before = this.#revision;
    return new Promise((resolve, reject) => {
      const events: unknown[] = [];
      let putting: Promise<unknown> = Promise.resolve();
      const done = (end: unknown) => {
        stream.cancel();
        putting.then(() => resolve([events, end]), reject);
      };
      const stream = this.#session.stream(WatchService.watch, {
        message: (response: WatchResponse) => {
          if (response.created) {
            putting = this.#session.call(KVService.put, PutRequest.fromPartial({ key: mark })).then(({ header }) => {
              this.#revision = header!.revision;
            });
          } else if (response.canceled) done({ canceled: true, compactRevision: response.compactRevision });
          for (const event of response.events) {
            events.push(event);
            if (event.kv!.key.equals(mark) && event.kv!.modRevision > before) done("the mark");
          }
        },
        end: reject,
      });
      const value = WatchCreateRequest.fromPartial({ ...this.#all(), startRevision });
      stream.write({ requestUnion: { $case: "createRequest", value } });
    });
  }

  /** Without what differs from one etcd to the other: who answers, and where its revisions began. */
  #normal(answer: unknown): string {
    return JSON.stringify(answer, (name, value) => {
      if (["clusterId", "memberId", "raftTerm"].includes(name)) return undefined;
      if (typeof value !== "bigint") return value;
      const isRevision = ["revision", "createRevision", "modRevision", "compactRevision"].includes(name) && value > 0n;
      return String(isRevision ? value - this.#base : value);
    });
  }
}
