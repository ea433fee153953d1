import { useMemo } from "preact/hooks";
import type { MapEdge, MapNode } from "../model.js";
import { count, percent, rate } from "./format.js";
import { BOX, type Box, edgeName, layoutOf, type Point } from "./map-layout.js";

/** With more lines than this, numbers beside them would cover each other. */
const MOST_NUMBERED = 24;

/** Smaller it could not be read: it is scrolled then. */
const LEAST_SCALE = 0.72;

/** Who calls whom. It grows and shrinks with the processes that say so. */
export function CallMap(props: {
  nodes: readonly MapNode[];
  edges: readonly MapEdge[];
  trouble: string | undefined;
  chosen: string | undefined;
}) {
  const { nodes, edges, trouble, chosen } = props;
  const connected = useMemo(() => nodesWithEdges(nodes, edges), [nodes, edges]);
  const shape = connected.map(({ id }) => id).join("\n") + edges.map(({ from, to }) => `${from} ${to}`).join("\n");
  // Places follow from the shape; numbers change all the time.
  const layout = useMemo(() => layoutOf(connected, edges), [shape]);
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  return (
    <section class="map panel" aria-labelledby="map-title">
      <div class="head">
        <h2 id="map-title">Who calls whom</h2>
        {layout.left > 0 && <span class="quiet">{layout.left} more not drawn</span>}
      </div>
      {edges.length === 0 ? (
        <p class="nothing">
          {trouble === undefined ? (
            <>
              No client says whom it calls. Set <code>Presence: true</code> in a client’s configuration.
            </>
          ) : (
            `Who calls whom cannot be read: ${trouble}`
          )}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by the keyboard
        <div class="canvas" tabIndex={0}>
          <svg
            role="img"
            aria-label={`${count(layout.boxes.length, "box")}, ${count(edges.length, "line")}; the list below says the same`}
            width={layout.width}
            height={layout.height}
            style={{ minWidth: `${layout.width * LEAST_SCALE}px` }}
            viewBox={`0 0 ${layout.width} ${layout.height}`}
          >
            {edges.map((edge) => {
              const points = layout.lines.get(edgeName(edge));
              return (
                points && (
                  <Line key={edgeName(edge)} edge={edge} points={points} numbered={edges.length <= MOST_NUMBERED} />
                )
              );
            })}
            {layout.boxes.map(({ node, x, y }) => (
              <NodeBox key={node.id} node={nodeOf.get(node.id) ?? node} x={x} y={y} chosen={chosen} />
            ))}
          </svg>
        </div>
      )}
      {edges.length > 0 && (
        <details>
          <summary>As a list</summary>
          <ul class="calls">
            {edges.map((edge) => (
              <li key={`${edge.from} ${edge.to}`}>{inWords(edge, nodeOf)}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function NodeBox({ node, x, y, chosen }: Box & { chosen: string | undefined }) {
  const { name, kind, size } = node;
  const is = kind === "service" && name === chosen ? " chosen" : "";
  return (
    <g class={`node ${kind}${is}${size === 0 ? " empty" : ""}`} style={{ transform: `translate(${x}px, ${y}px)` }}>
      <title>{name}</title>
      <rect width={BOX.width} height={BOX.height} rx={kind === "client" ? BOX.height / 2 : 7} />
      <text x="14" y="17">
        {shortened(name)}
      </text>
      <text x="14" y="31" class="size">
        {count(size, kind === "service" ? "instance" : "process").replace("processs", "processes")}
      </text>
    </g>
  );
}

function Line({ edge, points, numbered }: { edge: MapEdge; points: readonly Point[]; numbered: boolean }) {
  const { callsPerSecond = 0, failureShare = 0 } = edge;
  const width = 1.25 + Math.min(4, Math.log10(1 + callsPerSecond) * 1.3);
  // The middle: for a line that spans columns that is where it has a lane of its own.
  const [one, other] = [points[points.length / 2 - 1]!, points[points.length / 2]!];
  return (
    <g class={failureShare >= 0.01 ? "line bad" : "line"}>
      <path d={curveThrough(points)} stroke-width={width} />
      {numbered && edge.callsPerSecond !== undefined && (
        <text x={(one.x + other.x) / 2} y={(one.y + other.y) / 2 - 5}>
          {rate(callsPerSecond)}/s{failureShare >= 0.01 && ` · ${percent(failureShare)} fail`}
        </text>
      )}
    </g>
  );
}

/** Level at every point. */
function curveThrough([start, ...others]: readonly Point[]): string {
  let last = start!;
  let path = `M${last.x},${last.y}`;
  for (const point of others) {
    const bend = Math.max(40, Math.abs(point.x - last.x) / 2);
    path += ` C${last.x + bend},${last.y} ${point.x - bend},${point.y} ${point.x},${point.y}`;
    last = point;
  }
  return path;
}

function inWords(edge: MapEdge, nodeOf: ReadonlyMap<string, MapNode>): string {
  const name = (id: string) => nodeOf.get(id)?.name ?? id;
  const { processes, callsPerSecond, failureShare = 0 } = edge;
  const calls = callsPerSecond === undefined ? "" : `, ${rate(callsPerSecond)} calls/s, ${percent(failureShare)} fail`;
  const who = processes === 1 ? "1 process" : `${processes} processes`;
  return `${name(edge.from)} calls ${name(edge.to)}: ${who}${calls}`;
}

/** Services that nobody calls are in the list of services; here they would hide the others. */
function nodesWithEdges(nodes: readonly MapNode[], edges: readonly MapEdge[]): readonly MapNode[] {
  const ends = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return nodes.filter(({ id }) => ends.has(id));
}

function shortened(name: string): string {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}
