import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Contestant, contestants } from "../../bench/fleet/contestants.js";
import { registerWithGoZeroRule } from "../../bench/fleet/go-zero-rule.js";
import type { Row } from "../../bench/fleet/rows.js";
import { runRow } from "../../bench/fleet/run.js";
import type { Kind } from "../../bench/fleet/schedule.js";
import { Servers } from "../../bench/fleet/servers.js";
import type { Condition } from "../../bench/fleet/workers.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";

const healthy: Condition = { workers: 4, slower: 1, calls: "answered" };
const unary: Kind = { name: "unary", share: 1, method: "fast", workMs: 2, spread: "similar", deadlineMs: 20_000 };
const stream: Kind = { ...unary, name: "stream", method: "stream" };

describe("bench:fleet", { skip: etcdSkipReason() || interopSkipReason() }, () => {
  let all: readonly Contestant[];
  const servers = new Servers();
  let etcd: Etcd;

  before(async () => {
    all = contestants(
      new URL("../../src/register.ts", import.meta.url),
      await registerWithGoZeroRule("test-bench-fleet"),
    );
    etcd = await startEtcd();
  });
  after(async () => {
    await servers.stop();
    await etcd.stop();
  });

  const runFor = (ms: number, row: Row) =>
    runRow("test", row, all, 1, { etcd: etcd.endpoint, servers, warmMs: ms, forMs: ms });

  /** A starved machine connects late and makes its changes late: as long as the checks fail, the row is given more time. */
  async function holds(row: Row, check: (runs: Awaited<ReturnType<typeof runFor>>) => void): Promise<void> {
    for (const ms of [1_000, 5_000]) {
      const runs = await runFor(ms, row);
      try {
        return check(runs);
      } catch {
        // More time, and then the check's own word.
      }
    }
    check(await runFor(20_000, row));
  }

  test("every contestant makes the same calls, unary and streaming, and reaches every listed instance", async () => {
    const row = { title: "", instances: [healthy, healthy, healthy], listed: 2, kinds: [unary, stream], rate: 60 };
    await holds(row, (runs) => {
      assert.deepEqual([...runs.keys()], ["Rollcall", "go-zero", "go-zero's rule in Node", "round_robin"]);
      const calls = (name: string) => Object.values(runs.get(name)!.kinds).map((figures) => figures.calls);
      for (const [name, { kinds, shares }] of runs) {
        assert.deepEqual(calls(name), calls("Rollcall"));
        for (const figures of Object.values(kinds)) assert.deepEqual(figures.codes, {}, name);
        assert.deepEqual(
          shares.map((calls) => calls > 0),
          [true, true, false],
          name,
        );
      }
    });
  });

  test("an instance that fails is seen by every contestant as failing calls", async () => {
    const row: Row = { title: "", instances: [{ ...healthy, calls: "fail" }], kinds: [unary, stream], rate: 40 };
    await holds(row, (runs) => {
      for (const [name, { kinds }] of runs) {
        for (const { calls, failed, p99 } of Object.values(kinds)) {
          assert.equal(failed, calls, name);
          assert.equal(p99, Number.POSITIVE_INFINITY, name);
        }
      }
    });
  });

  test("what is to change while calls are made changes then: calls succeed before and fail after", async () => {
    const fails: Condition = { ...healthy, calls: "fail" };
    const row: Row = {
      title: "",
      instances: [healthy],
      kinds: [unary],
      rate: 60,
      changes: (forMs) => [{ atMs: forMs / 2, change: "become", instance: 0, condition: fails }],
    };
    await holds(row, (runs) => {
      for (const [name, { kinds }] of runs) {
        const { calls, failed } = kinds.unary!;
        assert.ok(failed > 0 && failed < calls, `${name}: ${failed} of ${calls} failed`);
      }
    });
  });
});
