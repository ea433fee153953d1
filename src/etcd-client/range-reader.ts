import { status } from "@grpc/grpc-js";
import { KVService, RangeRequest, type RangeResponse, RequestOp, TxnRequest } from "../proto/etcd.js";
import { EtcdError } from "./errors.js";
import type { KeyRange } from "./key-range.js";
import type { Link } from "./session.js";

/** Ranges in one call; etcd allows 128 operations unless it is told otherwise (--max-txn-ops). */
const RANGES_A_CALL = 32;

/** Calls under way at a time: enough to keep etcd busy, few enough that answers do not pile up here. */
const CALLS_AT_ONCE = 4;

/** What stands in a range, and as of which revision. */
export type RangeContent = Pick<RangeResponse, "kvs"> & { readonly revision: bigint };

interface Asked {
  readonly range: KeyRange;
  resolve(content: RangeContent): void;
  reject(error: Error): void;
}

/**
 * Reads ranges over one link, those that are asked for together in one call: a call costs this process more than all else
 * that has to be done for a service. A transaction that only reads is as linearizable as a Range.
 */
export class RangeReader {
  readonly #link: Link;
  readonly #asked: Asked[] = [];
  #calling = 0;

  constructor(link: Link) {
    this.#link = link;
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
    while (this.#asked.length > 0) await this.#readAll(this.#asked.splice(0, RANGES_A_CALL));
    this.#calling -= 1;
  }

  async #readAll(asked: readonly Asked[]): Promise<void> {
    const [first] = asked;
    try {
      const contents = asked.length === 1 ? [await this.#readOne(first!)] : await this.#readTogether(asked);
      for (const [index, { resolve }] of asked.entries()) resolve(contents[index]!);
    } catch (error) {
      // etcd may refuse all because of one. A connection that fails does so for each.
      if (asked.length === 1 || isLost(error)) for (const { reject } of asked) reject(error as Error);
      else await Promise.all(asked.map((one) => this.#readAll([one])));
    }
  }

  async #readOne({ range }: Asked): Promise<RangeContent> {
    const { header, kvs } = await this.#link.call(KVService.range, RangeRequest.fromPartial(range));
    return { revision: header!.revision, kvs };
  }

  async #readTogether(asked: readonly Asked[]): Promise<RangeContent[]> {
    const success = asked.map(({ range }) =>
      RequestOp.fromPartial({ request: { $case: "requestRange", value: range } }),
    );
    const { header, responses } = await this.#link.call(KVService.txn, TxnRequest.fromPartial({ success }));
    const { revision } = header!;
    return responses.map(({ response }) => {
      if (response?.$case !== "responseRange")
        throw new EtcdError(this.#link.host, status.INTERNAL, "it did not answer");
      return { revision, kvs: response.value.kvs };
    });
  }
}

function isLost(error: unknown): boolean {
  return !(error instanceof EtcdError) || [status.UNAVAILABLE, status.DEADLINE_EXCEEDED].includes(error.code);
}
