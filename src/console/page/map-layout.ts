import type { MapEdge, MapNode } from "../model.js";

/** A box of the map, by its upper left corner, in the map's own units. */
export interface Box {
  readonly node: MapNode;
  readonly x: number;
  readonly y: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly boxes: readonly Box[];
  /** What the line of an edge passes through, by edgeName: from box to box, between the boxes on its way. */
  readonly lines: ReadonlyMap<string, readonly Point[]>;
  readonly width: number;
  readonly height: number;
  /** Nodes that found no place. */
  readonly left: number;
}

export const BOX = { width: 168, height: 40 } as const;
const GAP = { x: 96, y: 16 } as const;
const EDGE_OF_MAP = 8;
/** Height that a line takes which passes through a column. */
const LANE = 6;
/** More boxes in a column would be too small to read; those with the most lines are kept. */
const MOST_IN_COLUMN = 40;

export function edgeName({ from, to }: MapEdge): string {
  return `${from}\n${to}`;
}

/** What stands in a column: a box, or the place where a line passes through. */
interface Place {
  readonly id: string;
  readonly height: number;
  readonly node?: MapNode;
  /** Places in the column before that lead here. */
  readonly from: string[];
  y: number;
}

/**
 * Columns from callers to called, each node right of all that call it, circles cut where they are first found; a line that spans
 * columns has a lane in those between (Sugiyama, Tagawa and Toda, 1981). In a column everything stands about where it comes from, so
 * that few lines cross.
 */
export function layoutOf(nodes: readonly MapNode[], edges: readonly MapEdge[]): Layout {
  const depths = depthsOf(nodes, edges);
  const columns = columnsOf(nodes, edges, depths);
  const left = nodes.length - columns.flat().length;
  const places = new Map(columns.flat().map((place) => [place.id, place]));
  const routes = routesThrough(columns, places, edges, depths);

  const heightOf = (column: readonly Place[]) => column.reduce((sum, { height }) => sum + height + GAP.y, -GAP.y);
  const height = Math.max(0, ...columns.map(heightOf)) + 2 * EDGE_OF_MAP;
  for (const column of columns) {
    const wish = new Map(column.map(({ id, from }) => [id, mean(from.map((one) => middle(places.get(one)!))) ?? 0]));
    column.sort((a, b) => wish.get(a.id)! - wish.get(b.id)! || (a.id < b.id ? -1 : 1));
    let y = (height - heightOf(column)) / 2;
    for (const place of column) {
      place.y = y;
      y += place.height + GAP.y;
    }
  }
  const xOf = (depth: number) => EDGE_OF_MAP + depth * (BOX.width + GAP.x);
  const boxes = columns.flatMap((column, depth) =>
    column.flatMap(({ node, y }) => (node ? [{ node, x: xOf(depth), y }] : [])),
  );
  const lines = new Map(
    [...routes].map(([name, route]) => {
      const points = route.flatMap(({ id, depth, crosses }) => {
        const y = middle(places.get(id)!);
        const [near, far] = [
          { x: xOf(depth), y },
          { x: xOf(depth) + BOX.width, y },
        ];
        return crosses === "all" ? [near, far] : crosses === "out" ? [far] : [near];
      });
      return [name, points];
    }),
  );
  return { boxes, lines, width: columns.length === 0 ? 0 : xOf(columns.length) - GAP.x + EDGE_OF_MAP, height, left };
}

interface Step {
  readonly id: string;
  readonly depth: number;
  /** Whether the line leaves here, comes here, or passes. */
  readonly crosses: "out" | "in" | "all";
}

/** Gives each line that spans columns its lanes. */
function routesThrough(
  columns: Place[][],
  places: Map<string, Place>,
  edges: readonly MapEdge[],
  depths: ReadonlyMap<string, number>,
): Map<string, Step[]> {
  const routes = new Map<string, Step[]>();
  for (const edge of edges) {
    const [start, end] = [depths.get(edge.from)!, depths.get(edge.to)!];
    if (!places.has(edge.from) || !places.has(edge.to)) continue;
    const route: Step[] = [{ id: edge.from, depth: start, crosses: "out" }];
    for (let depth = start + 1; depth < end; depth++) {
      const lane: Place = { id: `${edgeName(edge)}\n${depth}`, height: LANE, from: [route.at(-1)!.id], y: 0 };
      columns[depth]!.push(lane);
      places.set(lane.id, lane);
      route.push({ id: lane.id, depth, crosses: "all" });
    }
    // A line of a circle runs back, and decides no place.
    if (end > start) places.get(edge.to)!.from.push(route.at(-1)!.id);
    routes.set(edgeName(edge), [...route, { id: edge.to, depth: end, crosses: "in" }]);
  }
  return routes;
}

function columnsOf(
  nodes: readonly MapNode[],
  edges: readonly MapEdge[],
  depths: ReadonlyMap<string, number>,
): Place[][] {
  const lines = new Map<string, number>();
  for (const id of edges.flatMap(({ from, to }) => [from, to])) lines.set(id, (lines.get(id) ?? 0) + 1);
  const deepest = Math.max(-1, ...depths.values());
  return Array.from({ length: deepest + 1 }, (_, depth) =>
    nodes
      .filter(({ id }) => depths.get(id) === depth)
      .sort((a, b) => (lines.get(b.id) ?? 0) - (lines.get(a.id) ?? 0))
      .slice(0, MOST_IN_COLUMN)
      .map((node) => ({ id: node.id, height: BOX.height, node, from: [], y: 0 })),
  );
}

/** The longest way from a node that nobody calls. */
function depthsOf(nodes: readonly MapNode[], edges: readonly MapEdge[]): Map<string, number> {
  const depths = new Map(nodes.map(({ id }) => [id, 0]));
  const onward = withoutCircles(nodes, edges);
  // Without circles the longest path has fewer steps than there are nodes.
  for (let round = 0, moved = true; moved && round < nodes.length; round++) {
    moved = false;
    for (const { from, to } of onward) {
      const depth = depths.get(from)! + 1;
      if (depths.get(to)! >= depth) continue;
      depths.set(to, depth);
      moved = true;
    }
  }
  return depths;
}

/** The edges but for those that lead back to where a way came from. */
function withoutCircles(nodes: readonly MapNode[], edges: readonly MapEdge[]): MapEdge[] {
  const known = new Set(nodes.map(({ id }) => id));
  const from = new Map<string, MapEdge[]>();
  for (const edge of edges) {
    if (known.has(edge.from) && known.has(edge.to)) from.set(edge.from, [...(from.get(edge.from) ?? []), edge]);
  }
  const called = new Set(edges.map(({ to }) => to));
  const kept: MapEdge[] = [];
  const path = new Set<string>();
  const done = new Set<string>();
  const walk = (id: string) => {
    if (done.has(id)) return;
    done.add(id);
    path.add(id);
    for (const edge of from.get(id) ?? []) {
      if (path.has(edge.to)) continue;
      kept.push(edge);
      walk(edge.to);
    }
    path.delete(id);
  };
  for (const id of [...known].filter((id) => !called.has(id))) walk(id);
  for (const id of known) walk(id);
  return kept;
}

function middle({ y, height }: Place): number {
  return y + height / 2;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
