import { Latest } from "../../../src/async/latest.js";
import { instanceKey } from "../../../src/backends/etcd/layout/keys.js";
import { Cluster } from "../../../src/etcd-client/cluster.js";
import { KVService } from "../../../src/etcd-client/methods.js";
import type { Session } from "../../../src/etcd-client/session.js";
import type { Instance } from "../../../src/instance.js";
import { RequestOp, TxnRequest } from "../../../src/proto/etcd.js";
import type { Discovery, WatchOptions } from "../../../src/registry.js";

const SERVICE = "large.rpc";
/** etcd allows 128 operations in a transaction unless it is told otherwise. */
const KEYS_A_CALL = 100;

/** Where the instances of the large service come from. */
export interface Source {
  readonly target: string;
  /** The instance leaves if it is listed, and else joins. */
  change(address: string): Promise<void>;
}

export function addressOf(i: number): string {
  return `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:8080`;
}

/** A discovery that has the instances at hand. */
export class StubSource implements Source, Discovery {
  readonly target = `stub:///127.0.0.1:1?key=${SERVICE}`;
  readonly #instances: Map<string, Instance>;
  #latest: Latest<readonly Instance[]> | undefined;

  constructor(instances: number) {
    const all = Array.from({ length: instances }, (_, i) => ({ address: addressOf(i) }));
    this.#instances = new Map(all.map((one) => [one.address, one]));
  }

  watch(_: string, { signal }: WatchOptions): AsyncIterable<readonly Instance[]> {
    this.#latest = new Latest(signal);
    this.#latest.set([...this.#instances.values()]);
    return this.#latest;
  }

  async change(address: string): Promise<void> {
    if (!this.#instances.delete(address)) this.#instances.set(address, { address });
    this.#latest!.set([...this.#instances.values()]);
  }
}

/** A real etcd. */
export class EtcdSource implements Source {
  readonly target: string;
  readonly #cluster: Cluster;
  readonly #gone = new Set<string>();

  constructor(endpoint: string) {
    this.target = `etcd:///${endpoint}?key=${SERVICE}`;
    this.#cluster = new Cluster({ hosts: [endpoint] });
  }

  async change(address: string): Promise<void> {
    const session = await this.#cluster.session();
    const key = keyOf(address);
    if (this.#gone.delete(address)) await put(session, [address]);
    else {
      this.#gone.add(address);
      await session.call(KVService.deleteRange, { key, rangeEnd: Buffer.alloc(0), prevKv: false });
    }
  }
}

/** Fills an etcd up to so many keys of the service, from so many on. */
export async function fill(endpoint: string, from: number, to: number): Promise<void> {
  const cluster = new Cluster({ hosts: [endpoint] });
  const session = await cluster.session();
  for (let at = from; at < to; at += KEYS_A_CALL) {
    await put(
      session,
      Array.from({ length: Math.min(KEYS_A_CALL, to - at) }, (_, i) => addressOf(at + i)),
    );
  }
  cluster.close();
}

async function put(session: Session, addresses: readonly string[]): Promise<void> {
  const success = addresses.map((address) =>
    RequestOp.fromPartial({
      request: { $case: "requestPut", value: { key: keyOf(address), value: Buffer.from(address) } },
    }),
  );
  await session.call(KVService.txn, TxnRequest.fromPartial({ success }));
}

function keyOf(address: string): Buffer {
  const [a, b, c, d] = address.split(/[.:]/).map(Number);
  // Ids as long as those of leases.
  return Buffer.from(
    instanceKey(SERVICE, `75878${[a, b, c, d].map((part) => String(part).padStart(3, "0")).join("")}00`),
  );
}
