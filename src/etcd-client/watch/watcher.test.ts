import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { SimulatedEtcd } from "../../testing/simulated-etcd.js";
import { prefixRange } from "../key-range.js";
import { Watcher } from "./watcher.js";

const RUNS = Number(process.env.ROLLCALL_PROPERTY_RUNS ?? 300);
const PREFIXES = ["a/", "b/", "c/"];
const KEYS = PREFIXES.flatMap((prefix) => [1, 2, 3, 4].map((id) => `${prefix}${id}`));

/** A reader that keeps up by the changes alone, as a discovery does. */
class Mirror {
  readonly prefix: string;
  readonly contents = new Map<string, bigint>();
  readonly #watched: { close(): void };

  constructor(watcher: Watcher, prefix: string) {
    this.prefix = prefix;
    this.#watched = watcher.watch(prefixRange(prefix), {
      changed: ({ put, gone }) => {
        for (const key of gone) this.contents.delete(key.toString());
        for (const kv of put) this.contents.set(kv.key.toString(), kv.lease);
      },
    });
  }

  close(): void {
    this.#watched.close();
  }
}

type Step = (world: { etcd: SimulatedEtcd; watcher: Watcher; mirrors: Mirror[] }) => void | Promise<void>;

const named = (name: string, step: Step): Step => Object.assign(step, { [fc.toStringMethod]: () => name });
const someKeys = fc.subarray(KEYS, { minLength: 1, maxLength: 3 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: someKeys.map((keys) => named(`put ${keys}`, ({ etcd }) => etcd.put(...keys))) },
  { weight: 4, arbitrary: someKeys.map((keys) => named(`delete ${keys}`, ({ etcd }) => etcd.delete(...keys))) },
  {
    weight: 12,
    arbitrary: fc.nat(9).map((n) => named(`deliver ${n}`, ({ etcd }) => void etcd.deliver(n))),
  },
  { weight: 5, arbitrary: fc.boolean().map((pieces) => named(`pump ${pieces}`, ({ etcd }) => etcd.pump(pieces))) },
  { weight: 2, arbitrary: fc.constant(named("progress", ({ etcd }) => etcd.progress())) },
  { weight: 2, arbitrary: fc.constant(named("catch up with progress", catchUpWithProgress)) },
  { weight: 2, arbitrary: fc.constant(named("disconnect", ({ etcd }) => etcd.disconnect())) },
  { weight: 6, arbitrary: fc.constant(named("reconnect", ({ etcd }) => reconnect(etcd))) },
  { weight: 5, arbitrary: fc.constant(named("catch up", ({ etcd }) => catchUp(etcd))) },
  { weight: 2, arbitrary: fc.nat(4).map((keep) => named(`compact -${keep}`, ({ etcd }) => etcd.compact(keep))) },
  { weight: 1, arbitrary: fc.nat(9).map((back) => named(`roll back ${back}`, ({ etcd }) => etcd.rollBack(back))) },
  { weight: 1, arbitrary: fc.constant(named("wipe", ({ etcd }) => etcd.rollBack(1_000_000))) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...PREFIXES)
      .map((prefix) =>
        named(`watch ${prefix}`, ({ watcher, mirrors }) => void mirrors.push(new Mirror(watcher, prefix))),
      ),
  },
  { weight: 1, arbitrary: fc.constant(named("unwatch", ({ mirrors }) => mirrors.shift()?.close())) },
);

/** Time for the longest wait before connecting again (5 s). */
async function reconnect(etcd: SimulatedEtcd): Promise<void> {
  if (etcd.connected) return;
  mock.timers.tick(5_000);
  await turn();
  etcd.reconnect();
}

/** Until nothing is under way. */
async function catchUp(etcd: SimulatedEtcd): Promise<void> {
  do {
    etcd.pump(false);
    await turn();
  } while (etcd.deliver(0));
}

async function catchUpWithProgress({ etcd }: { etcd: SimulatedEtcd }): Promise<void> {
  await catchUp(etcd);
  etcd.progress();
  await catchUp(etcd);
}

test("whatever happens to etcd and the connection, a watch ends up with exactly what etcd lists", async () => {
  const everything = fc.array(steps, { minLength: 1, maxLength: 50, size: "max" });
  const property = fc.asyncProperty(everything, async (sequence) => {
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    const etcd = new SimulatedEtcd();
    const watcher = new Watcher(etcd);
    const mirrors = [new Mirror(watcher, "a/"), new Mirror(watcher, "b/")];
    try {
      for (const step of sequence) {
        await step({ etcd, watcher, mirrors });
        await turn();
      }
      await reconnect(etcd);
      await catchUp(etcd);
      for (const { prefix, contents } of mirrors) {
        const { key, rangeEnd } = prefixRange(prefix);
        const listed = etcd.list(key.toString(), rangeEnd.toString());
        assert.deepEqual(
          [...contents].sort(),
          listed.map((kv) => [kv.key.toString(), kv.lease]),
          prefix,
        );
      }
    } finally {
      watcher.close();
      etcd.disconnect();
      mock.timers.reset();
    }
  });
  await fc.assert(property, { numRuns: RUNS });
});
