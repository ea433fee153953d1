import type { MapEdge, MapNode } from "../model.js";

/** A box of the map, by its upper left corner, in the map's own units. */
export interface Box {
  readonly node: MapNode;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly boxes: readonly Box[];
  readonly width: number;
  readonly height: number;
  /** Nodes that found no place. */
  readonly left: number;
}

export const BOX = { width: 168, height: 40 } as const;
const GAP = { x: 96, y: 16 } as const;
const EDGE_OF_MAP = 8;
/** More boxes in a column would be too small to read; those with the most lines are kept. */
const MOST_IN_COLUMN = 40;

/**
 * Columns from callers to called, each node right of all that call it, circles cut where they are first found. In a column a node
 * stands about where its callers do, so that few lines cross.
 */
export function layoutOf(nodes: readonly MapNode[], edges: readonly MapEdge[]): Layout {
  const callees = groupBy(
    edges,
    ({ from }) => from,
    ({ to }) => to,
  );
  const callers = groupBy(
    edges,
    ({ to }) => to,
    ({ from }) => from,
  );
  const depths = depthsOf(nodes, callees);
  const deepest = Math.max(-1, ...depths.values());
  const columns = Array.from({ length: deepest + 1 }, (_, depth) => nodes.filter(({ id }) => depths.get(id) === depth));

  const lines = (id: string) => (callees.get(id)?.length ?? 0) + (callers.get(id)?.length ?? 0);
  let left = 0;
  const kept = columns.map((column) => {
    if (column.length <= MOST_IN_COLUMN) return column;
    left += column.length - MOST_IN_COLUMN;
    return [...column].sort((a, b) => lines(b.id) - lines(a.id)).slice(0, MOST_IN_COLUMN);
  });

  const tallest = Math.max(0, ...kept.map(({ length }) => length));
  const height = tallest * (BOX.height + GAP.y) - GAP.y + 2 * EDGE_OF_MAP;
  const places = new Map<string, number>();
  const boxes = kept.flatMap((column, depth) => {
    const wish = (id: string) => mean((callers.get(id) ?? []).flatMap((caller) => places.get(caller) ?? []));
    const ordered = [...column].sort((a, b) => (wish(a.id) ?? 0) - (wish(b.id) ?? 0) || (a.name < b.name ? -1 : 1));
    const top = (height - (ordered.length * (BOX.height + GAP.y) - GAP.y)) / 2;
    return ordered.map((node, row) => {
      const y = top + row * (BOX.height + GAP.y);
      places.set(node.id, y);
      return { node, x: EDGE_OF_MAP + depth * (BOX.width + GAP.x), y };
    });
  });
  const width = kept.length * (BOX.width + GAP.x) - GAP.x + 2 * EDGE_OF_MAP;
  return { boxes, width: Math.max(width, 0), height: Math.max(height, 0), left };
}

/** The longest way from a node that nobody calls. */
function depthsOf(nodes: readonly MapNode[], callees: ReadonlyMap<string, string[]>): Map<string, number> {
  const called = new Set([...callees.values()].flat());
  const depths = new Map(nodes.map(({ id }) => [id, 0]));
  const path = new Set<string>();
  const cut = new Set<string>();
  const findCircles = (id: string, done: Set<string>) => {
    if (done.has(id)) return;
    done.add(id);
    path.add(id);
    for (const callee of callees.get(id) ?? []) {
      if (path.has(callee)) cut.add(`${id} ${callee}`);
      else findCircles(callee, done);
    }
    path.delete(id);
  };
  const done = new Set<string>();
  const ids = nodes.map(({ id }) => id);
  for (const id of [...ids.filter((id) => !called.has(id)), ...ids]) findCircles(id, done);
  // Without circles the longest path has fewer steps than there are nodes.
  for (let round = 0, moved = true; moved && round < nodes.length; round++) {
    moved = false;
    for (const id of ids) {
      for (const callee of callees.get(id) ?? []) {
        const depth = depths.get(id)! + 1;
        if (cut.has(`${id} ${callee}`) || (depths.get(callee) ?? depth) >= depth) continue;
        depths.set(callee, depth);
        moved = true;
      }
    }
  }
  return depths;
}

function groupBy<T, V>(all: readonly T[], keyOf: (one: T) => string, itemOf: (one: T) => V): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), itemOf(one)]);
  return groups;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
