import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { linesOf } from "./lines.js";

async function* chunks(...parts: Buffer[]) {
  yield* parts;
}

async function collect(parts: Buffer[], limit = 1_000): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of linesOf(chunks(...parts), limit)) lines.push(...batch);
  return lines;
}

test("lines are the same however the bytes are cut, inside a character too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""))),
      fc.array(fc.integer({ min: 1, max: 7 })),
      async (lines, sizes) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const parts: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          parts.push(bytes.subarray(at, at + size));
          at += size;
        }
        parts.push(bytes.subarray(at));
        assert.deepEqual(await collect(parts), lines);
      },
    ),
  );
});

test("a line that was cut off is dropped", async () => {
  assert.deepEqual(await collect([Buffer.from("one\ntw")]), ["one"]);
  assert.deepEqual(await collect([Buffer.from("tw")]), []);
});

test("what arrives together is told together", async () => {
  const batches: string[][] = [];
  const parts = [Buffer.from("1\n2\n3"), Buffer.from("\n"), Buffer.from("4\n")];
  for await (const batch of linesOf(chunks(...parts), 100)) batches.push(batch);
  assert.deepEqual(batches, [["1", "2"], ["3"], ["4"]]);
});

test("a line without end is refused before it fills the memory", async () => {
  const endless = Array.from({ length: 100 }, () => Buffer.alloc(100, "x"));
  await assert.rejects(collect(endless), /longer than 1000 bytes/);
});
