import assert from "node:assert/strict";
import { test } from "node:test";
import { painter } from "./style.js";
import { type Column, renderTable } from "./table.js";

interface Row {
  readonly name: string;
  readonly calls: number;
  readonly zone?: string;
  readonly note?: string;
}

const columns: Column<Row>[] = [
  { title: "NAME", cell: ({ name }) => name },
  { title: "CALLS", cell: ({ calls }) => String(calls), right: true, rank: 1 },
  { title: "ZONE", cell: ({ zone = "" }) => zone, rank: 2 },
  { title: "NOTE", cell: ({ note = "" }) => ({ text: note, style: "red" }), rank: 3 },
];
const plain = painter({}, {});
const rows = [
  { name: "order.rpc", calls: 5, zone: "eu" },
  { name: "pay", calls: 1200, zone: "us-east-1" },
];

test("empty columns are left out, numbers stand to the right", () => {
  assert.deepEqual(renderTable(columns, rows, { paint: plain }), [
    "NAME       CALLS  ZONE",
    "order.rpc      5  eu",
    "pay         1200  us-east-1",
  ]);
});

test("on a narrow terminal columns go by rank, then lines are cut; no line is longer than the terminal", () => {
  assert.deepEqual(renderTable(columns, rows, { paint: plain, width: 20 }), [
    "NAME       CALLS",
    "order.rpc      5",
    "pay         1200",
  ]);
  assert.deepEqual(renderTable(columns, rows, { paint: plain, width: 6 }), ["NAME", "order…", "pay"]);
  for (let width = 1; width < 40; width++) {
    for (const line of renderTable(columns, rows, { paint: plain, width })) assert.ok(line.length <= width, line);
  }
});

test("what stands in a registry steers no terminal, and secrets are hidden; styles are around words only", () => {
  const nasty = [{ name: "a\u001b[2J", calls: 1, note: "pass=hunter2" }];
  const lines = renderTable(columns, nasty, { paint: painter({ isTTY: true }, {}) });
  assert.equal(lines[1], "a\\u001b[2J      1  \u001b[31mpass=...\u001b[39m");
});

test("a terminal that does not know its width says 0, and gets the whole table", () => {
  assert.deepEqual(
    renderTable(columns, rows, { paint: plain, width: 0 }),
    renderTable(columns, rows, { paint: plain }),
  );
});

test("columns stand below each other whatever script the names are in", () => {
  const names = [
    { name: "日本語.rpc", calls: 5 },
    { name: "order-of-2", calls: 1200 },
  ];
  assert.deepEqual(renderTable(columns, names, { paint: plain }), [
    "NAME        CALLS",
    "日本語.rpc      5",
    "order-of-2   1200",
  ]);
  assert.deepEqual(renderTable(columns, names, { paint: plain, width: 5 }), ["NAME", "日本…", "orde…"]);
});

test("one very long text makes no row as long as itself", () => {
  const names = [
    { name: `order.rpc/${"a ".repeat(200_000)}`, calls: 5 },
    { name: "order.rpc/2", calls: 1 },
  ];
  const lines = renderTable(columns, names, { paint: plain });
  for (const line of lines) assert.ok(line.length < 2_000);
  assert.match(lines[1]!, /a …/);
});
