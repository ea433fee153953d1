import { Semaphore } from "../../async/semaphore.js";
import {
  type KeyValue,
  RangeRequest,
  type RangeResponse,
  RequestOp,
  type ResponseOp,
  TxnRequest,
} from "../../proto/etcd.js";
import { EtcdError, isTooLong } from "../errors.js";
import type { KeyRange } from "../key-range.js";
import { KVService } from "../methods.js";
import type { MessageTooLong } from "../rpc/frames.js";
import { Status } from "../rpc/status.js";
import type { Session } from "../session.js";

/** Ranges in one call; etcd allows 128 operations unless it is told otherwise (--max-txn-ops). */
const RANGES_A_CALL = 32;

/** Calls under way at a time: enough to keep etcd busy, few enough that answers do not pile up here. */
const CALLS_AT_ONCE = 4;

/** Keys of one range in one answer, to begin with. Fewer where they are large. */
const KEYS_A_PAGE = 1_000;

/** Longest answer that is read in one piece: beside a larger one, others would wait too long on a slow network. */
const ANSWER_BYTES = 4 << 20;

/** What stands in a range, and as of which revision. */
export interface RangeContent {
  readonly revision: bigint;
  readonly kvs: KeyValue[];
}

interface Asked {
  readonly range: KeyRange;
  resolve(content: RangeContent): void;
  reject(error: Error): void;
}

/**
 * Reads ranges over one session, those that are asked for together in one call: a call costs this process more than all else
 * that has to be done for a service. A transaction that only reads is as linearizable as a Range. A range too large for
 * that is read by itself, page by page at one revision, so that it keeps nobody else waiting.
 */
export class RangeReader {
  readonly #session: Session;
  readonly #asked: Asked[] = [];
  readonly #pages = new Semaphore(CALLS_AT_ONCE);
  #calling = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @throws EtcdError of this range's own, whatever becomes of the others. */
  read(range: KeyRange): Promise<RangeContent> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ range, resolve, reject });
      if (this.#calling === CALLS_AT_ONCE) return;
      this.#calling += 1;
      process.nextTick(() => this.#call()); // whoever else asks now is in time
    });
  }

  async #call(): Promise<void> {
    while (this.#asked.length > 0) await this.#readBatch(this.#asked.splice(0, RANGES_A_CALL));
    this.#calling -= 1;
  }

  /** Resolves when the answer is there; what is to be read singly goes on by itself. */
  async #readBatch(asked: readonly Asked[]): Promise<void> {
    if (asked.length === 1) return this.#readSingly(asked);
    let responses: RangeResponse[];
    try {
      responses = await this.#readTogether(asked);
    } catch (error) {
      // Refused or too long because of one, or late: each by itself. A connection that fails does so for all.
      if (isLost(error)) for (const { reject } of asked) reject(error as Error);
      else this.#readSingly(asked);
      return;
    }
    for (const [index, one] of asked.entries()) {
      const { header, kvs, more } = responses[index]!;
      if (more) this.#readPages(one.range, { revision: header!.revision, kvs }).then(one.resolve, one.reject);
      else one.resolve({ revision: header!.revision, kvs });
    }
  }

  #readSingly(asked: readonly Asked[]): void {
    for (const { range, resolve, reject } of asked) this.#readPages(range).then(resolve, reject);
  }

  /** Reads on from what is known, at its revision; a revision that is compacted meanwhile fails, and all is read again. */
  async #readPages(range: KeyRange, known?: RangeContent): Promise<RangeContent> {
    const kvs = known ? [...known.kvs] : [];
    let revision = known?.revision ?? 0n;
    let limit = KEYS_A_PAGE;
    for (;;) {
      const key = kvs.length === 0 ? range.key : keyAfter(kvs.at(-1)!.key);
      const page = await this.#readPage({ ...range, key }, revision, limit);
      if (typeof page === "number") {
        limit = page;
        continue;
      }
      for (const kv of page.kvs) kvs.push(kv);
      if (revision === 0n) revision = page.header!.revision;
      if (!page.more || page.kvs.length === 0) return { revision, kvs };
    }
  }

  /** A page, or the lower limit to be tried where so many keys are too long an answer. */
  async #readPage(range: KeyRange, revision: bigint, limit: number): Promise<RangeResponse | number> {
    const request = RangeRequest.fromPartial({ ...range, revision, limit: BigInt(limit) });
    const maxAnswerBytes = limit === 1 ? undefined : ANSWER_BYTES;
    const call = (one: RangeRequest, options = {}) =>
      this.#pages.run(() => this.#session.call(KVService.range, one, options));
    try {
      return await call(request, { maxAnswerBytes });
    } catch (error) {
      if (!isTooLong(error)) throw error;
      const { bytes } = (error as EtcdError).cause as MessageTooLong;
      const { count } = await call({ ...request, countOnly: true, limit: 0n });
      const bytesAKey = bytes / Math.min(limit, Number(count) || 1);
      return Math.max(1, Math.min(Math.floor(limit / 2), Math.floor(ANSWER_BYTES / 2 / bytesAKey)));
    }
  }

  async #readTogether(asked: readonly Asked[]): Promise<RangeResponse[]> {
    const success = asked.map(({ range }) =>
      RequestOp.fromPartial({ request: { $case: "requestRange", value: { ...range, limit: BigInt(KEYS_A_PAGE) } } }),
    );
    const options = { maxAnswerBytes: ANSWER_BYTES };
    const { header, responses } = await this.#session.call(KVService.txn, TxnRequest.fromPartial({ success }), options);
    return asked.map((_, index) => ({ ...this.#rangeIn(responses[index]), header }));
  }

  #rangeIn(op: ResponseOp | undefined): RangeResponse {
    if (op?.response?.$case === "responseRange") return op.response.value;
    throw new EtcdError(this.#session.host, Status.INTERNAL, "it did not answer");
  }
}

/** The first key that may follow. */
function keyAfter(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

function isLost(error: unknown): boolean {
  return !(error instanceof EtcdError) || error.code === Status.UNAVAILABLE;
}
