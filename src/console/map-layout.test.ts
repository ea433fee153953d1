import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { MapEdge, MapNode } from "./model.js";
import { BOX, edgeName, layoutOf } from "./page/map-layout.js";

const node = (id: string): MapNode => ({ id, name: id, kind: "service", size: 1 });
const edge = (from: string, to: string): MapEdge => ({ from, to, processes: 1 });
const edgesOf = (text: string) => text.split(" ").map((pair) => edge(pair[0]!, pair[1]!));

test("who calls stands left of whom it calls, and circles end", () => {
  const { boxes } = layoutOf("abcd".split("").map(node), edgesOf("ab bc ac cd da"));
  const x = new Map(boxes.map(({ node, x }) => [node.id, x]));
  assert.deepEqual(
    [...x].sort(([, one], [, other]) => one - other).map(([id]) => id),
    ["a", "b", "c", "d"],
  );
  assert.equal(layoutOf([node("a")], [edge("a", "a")]).boxes.length, 1);
});

test("a line that spans columns runs between the boxes on its way", () => {
  const edges = edgesOf("ab bc ac xb xc");
  const { boxes, lines } = layoutOf("abcx".split("").map(node), edges);
  const [, near, far] = lines.get(edgeName(edge("a", "c")))!;
  const between = boxes.find(({ node }) => node.id === "b")!;
  assert.deepEqual([near!.x, far!.x], [between.x, between.x + BOX.width]);
  assert.ok(near!.y < between.y || near!.y > between.y + BOX.height);
});

test("no two boxes overlap, all stand within the map, and what finds no place is counted", () => {
  const ids = fc.constantFrom(..."abcdefghij");
  fc.assert(
    fc.property(fc.array(fc.tuple(ids, ids), { maxLength: 40 }), (pairs) => {
      const edges = [...new Map(pairs.map(([from, to]) => [from + to, edge(from, to)])).values()];
      const { boxes, lines, width, height, left } = layoutOf("abcdefghij".split("").map(node), edges);
      assert.equal(boxes.length + left, 10);
      assert.equal(lines.size, edges.length);
      for (const [at, one] of boxes.entries()) {
        assert.ok(one.x >= 0 && one.y >= 0 && one.x + BOX.width <= width && one.y + BOX.height <= height);
        for (const other of boxes.slice(at + 1)) {
          const apart = Math.abs(one.x - other.x) >= BOX.width || Math.abs(one.y - other.y) >= BOX.height;
          assert.ok(apart, `${one.node.id} and ${other.node.id}`);
        }
      }
    }),
  );
  const many = Array.from({ length: 100 }, (_, at) => node(`n${at}`));
  assert.equal(layoutOf(many, []).left, 60);
  assert.deepEqual(layoutOf([], []).boxes, []);
});
