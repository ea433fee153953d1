import assert from "node:assert/strict";
import { test } from "node:test";
import { growth, growthChart } from "../../bench/fleet-cost/page/growth-chart.js";
import { halvings, sizes, tenths } from "../../bench/fleet-cost/sizes.js";

const points = (of: (n: number) => number) => [250, 500, 1_000, 2_000].map((n) => ({ n, value: of(n) }));

test("growth is the power that a figure grows with", () => {
  const rounded = (of: (n: number) => number) => growth(points(of)).toFixed(3);
  assert.equal(
    rounded((n) => 3 * n),
    "1.000",
  );
  assert.equal(
    rounded((n) => n * n),
    "2.000",
  );
  assert.equal(
    rounded(() => 7),
    "0.000",
  );
  assert.ok(Number.isNaN(growth([{ n: 5, value: 1 }])), "one point grows nowhere");
});

test("a chart draws what grows in proportion at 45 degrees, names what it draws, and leaves out what no logarithm has", () => {
  const lines = [
    { name: "a < b", points: [...points((n) => n / 10), { n: 4_000, value: -1 }] },
    { name: "alone", points: [{ n: 1_000, value: 5 }] },
  ];
  const svg = growthChart("costs", [{ title: "memory, MB", of: "instances", lines }]);
  const [, path] = /<path d="(M[^"]+)" fill="none"/.exec(svg)!;
  const ends = path!
    .split(/[ML]/)
    .slice(1)
    .map((one) => one.split(" ").map(Number));
  const [[x0, y0], [x1, y1]] = [ends[0]!, ends.at(-1)!] as [[number, number], [number, number]];
  assert.equal(ends.length, 4);
  assert.ok(Math.abs(x1 - x0 - (y0 - y1)) < 0.3, path);
  assert.match(svg, /a &lt; b, n\^1\.00/);
  assert.match(svg, />alone</);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});

test("sizes grow to the one asked for; a flag that makes no sense is refused by name", () => {
  assert.deepEqual(halvings(2_000, 4), [250, 500, 1_000, 2_000]);
  assert.deepEqual(tenths(100_000, 3), [1_000, 10_000, 100_000]);
  assert.deepEqual(halvings(2, 4), [1, 2]);
  assert.equal(sizes(["--servers", "20"]).servers, 20);
  assert.throws(() => sizes(["--clients", "many"]), /--clients many/);
  assert.throws(() => sizes(["--parts", "storm"]), /no part "storm".*storms/);
  assert.throws(() => sizes(["--parts", "storms", "--write"]), /leave out --parts/);
});
