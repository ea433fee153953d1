import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Comparison, ratio, winner } from "../../bench/interop/comparison.js";
import {
  BOTH,
  type Contestant,
  compiled,
  contestants,
  Files,
  type Name,
  type NodeProgram,
} from "../../bench/interop/contestants.js";
import { fleetRows } from "../../bench/interop/fleet-page.js";
import { joins } from "../../bench/interop/joins.js";
import { memory } from "../../bench/interop/memory.js";
import { pickCycle } from "../../bench/interop/pick-cycle.js";
import { comparisonTable, fleetTable, whereGoWins } from "../../bench/interop/report.js";
import { startUp } from "../../bench/interop/start-up.js";
import { type Etcd, etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";

const compared = (ours: number[], theirs: number[], more: Partial<Comparison> = {}): Comparison => ({
  what: "a thing",
  unit: "ms",
  figures: { Rollcall: ours, "go-zero": theirs },
  ...more,
});

test("ratios are taken pair by pair, and the middle half of them is the spread", () => {
  const pairs = compared([10, 40, 60, 80, 900], [100, 100, 100, 100, 1]);
  assert.deepEqual(ratio(pairs), { median: 0.6, low: 0.4, high: 0.8 });
});

test("who has less is said only where the middle half of the pairs agrees", () => {
  assert.equal(winner(compared([1, 1, 1, 9], [2, 2, 2, 2])), undefined);
  assert.equal(winner(compared([1, 1, 1, 1, 9], [2, 2, 2, 2, 2])), "Rollcall");
  assert.equal(winner(compared([3, 3, 3, 3, 1], [2, 2, 2, 2, 2])), "go-zero");
  assert.equal(winner(compared([2, 2], [2, 2])), undefined);
});

test("the table shows medians, the ratio with its spread, who has less, and what stood beside", () => {
  const beside = [{ what: "bare watch", figures: [0.5, 0.7, 0.6] }];
  assert.equal(
    comparisonTable([compared([2, 4, 3], [10, 10, 10], { beside })]).split("\n")[2],
    "| a thing | 3.0 ms | 10 ms | 0.30 (0.20 to 0.40, 3 pairs) | Rollcall | bare watch 0.6 ms |",
  );
});

const PAGE = `
<!-- table -->

| median / p99, ms | calls | a second | Rollcall | go-zero | round_robin | p99 to go-zero's | late |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| equals | all | 720 | **8.8 / 46.1** | 8.2 / 46.3 | 9.0 / 48.3 | 1.00 (0.90 to 1.10) | 7 |
| one fails | all | 400 | **8.5 / 50.4, 0.27 % failed** | 13.3 / fails, 30.09 % failed | 1 / 1 | – | 6 |
| two kinds | 3 ms | 468 | **4.1 / 33.2** | 3.5 / 10.5 | 4.3 / 80.0 | 3.15 | 14 |

<!-- /table -->
`;

test("the table of real processes is taken from the page of bench:fleet, as it is now too", () => {
  const rows = fleetRows(PAGE);
  assert.deepEqual(rows[1], {
    row: "one fails",
    calls: "all",
    ours: "8.5 / 50.4, 0.27 % failed",
    theirs: "13.3 / fails, 30.09 % failed",
    ratio: undefined,
  });
  const less = fleetTable(rows)
    .split("\n")
    .slice(2)
    .map((line) => line.split("|").at(-2)?.trim());
  assert.deepEqual(less, ["even", "Rollcall", "go-zero"]);
  assert.ok(fleetRows(readFileSync("docs/fleet.md", "utf8")).some((row) => row.ratio !== undefined));
  assert.throws(() => fleetRows("# Another page"), /no column "calls"/);
});

test("where go-zero has less is listed, of both tables", () => {
  const text = whereGoWins([compared([3], [2], { what: "memory" }), compared([1], [2])], fleetRows(PAGE));
  assert.match(text, /in 1 of 2 rows:\n- memory: Rollcall 1\.50 times as much\n/);
  assert.match(text, /in 1 of 3 rows:\n- two kinds, 3 ms: Rollcall 3\.15 times as much$/);
});

describe("bench:interop, at its smallest", { skip: etcdSkipReason() || interopSkipReason() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-bench-interop-"));
  const limit = { timeout: 120_000 };
  let etcd: Etcd;
  let files: Files;
  let node: NodeProgram;
  let both: Readonly<Record<Name, Contestant>>;

  before(async () => {
    node = await compiled(".cache/test-bench-interop", "sources");
    both = contestants(node);
    etcd = await startEtcd();
    files = new Files(folder, etcd.endpoint);
  });
  after(async () => {
    await etcd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A figure of each pair, of both and of what stands beside. */
  function assertMeasured(comparisons: readonly Comparison[], rows: number, pairs: number): void {
    assert.equal(comparisons.length, rows);
    for (const { what, figures, beside = [] } of comparisons) {
      for (const name of BOTH) assert.equal(figures[name].length, pairs, `${what}: ${name}`);
      const all = [...BOTH.flatMap((name) => figures[name]), ...beside.flatMap((one) => one.figures)];
      assert.ok(
        all.every((value) => value > 0 && Number.isFinite(value)),
        `${what}: ${all}`,
      );
    }
  }

  test("a pick of both is measured", limit, async () => assertMeasured(await pickCycle(1, [2, 10]), 2, 1));

  test("joins and leaves by both are seen by clients of both and by a bare watch", limit, async () =>
    assertMeasured(await joins(1, both, etcd.endpoint, files), 4, 1),
  );

  test("a process of each that watches or calls some services says what it holds", limit, async () =>
    assertMeasured(await memory(1, 3, both, etcd.endpoint, 0), 4, 1),
  );

  test("fresh processes of each make a call and answer one", limit, async () =>
    assertMeasured(await startUp(1, both, node, etcd.endpoint, files), 2, 1),
  );
});
