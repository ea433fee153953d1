import { isMap, isScalar, isSeq, type Node, type Pair } from "yaml";

/** Where the value at a path stands, or its key; the last key there is where the path ends early. Undefined where it has none. */
export function offsetOf(root: unknown, path: readonly PropertyKey[], at: "value" | "key"): number | undefined {
  let node = root;
  let offset: number | undefined;
  for (const part of path) {
    if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
      continue;
    }
    const pair = isMap(node) ? node.items.find(({ key }) => keyName(key) === String(part)) : undefined;
    if (!pair) break;
    node = pair.value;
    offset = (at === "key" ? (pair.key as Node).range?.[0] : startOf(pair)) ?? offset;
  }
  return offset;
}

/** The line and the column, from 1 on, of an offset in a text. */
export function positionIn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}

/** The text of a key; undefined for a list or mapping that serves as a key. */
export function keyName(key: unknown): string | undefined {
  return isScalar(key) && typeof key.value !== "symbol" ? String(key.value) : undefined;
}

/** Where a single value stands; for a mapping, a list or nothing, where its key does. */
function startOf({ key, value }: Pair): number | undefined {
  const own = isScalar(value) && value.source !== "" ? value.range : undefined;
  return (own ?? (key as Node | null)?.range)?.[0];
}
