import { slope } from "./slope.js";

const PANEL = { width: 420, height: 300, left: 58, right: 16, top: 62, bottom: 42 };
const COLORS = ["#d9822b", "#4a6fa5", "#5b8c5a", "#9aa5b1"];

export interface Point {
  readonly n: number;
  readonly value: number;
}

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
}

/** One figure, or several of one unit, as they grow. */
export interface Panel {
  readonly title: string;
  /** What is counted to the right. */
  readonly of: string;
  readonly lines: readonly Line[];
}

/**
 * The power of n that a figure grows with, fitted to the logarithms: 0 does not grow, 1 in proportion, 2 by the square.
 * NaN where less than two points are above 0.
 */
export function growth(points: readonly Point[]): number {
  const logs = points
    .filter(({ n, value }) => n > 0 && value > 0)
    .map(({ n, value }) => ({ x: Math.log(n), y: Math.log(value) }));
  return slope(logs);
}

/** Panels side by side, both axes logarithmic and a decade as long on either, so that 45 degrees are growth in proportion. */
export function growthChart(title: string, panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / 2);
  const [width, height] = [PANEL.width * Math.min(2, panels.length), 34 + rows * PANEL.height];
  const drawn = panels.map((one, i) => {
    const [x, y] = [(i % 2) * PANEL.width, 34 + Math.floor(i / 2) * PANEL.height];
    return `<g transform="translate(${x} ${y})">\n${panel(one)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="22" font-size="15">${xmlText(title)}</text>
${drawn.join("\n")}
</svg>
`;
}

function panel({ title, of, lines }: Panel): string {
  const shown = lines.map((line) => ({ ...line, points: line.points.filter(({ n, value }) => n > 0 && value > 0) }));
  const points = shown.flatMap((line) => line.points);
  const [fromX, toX] = decades(points.map(({ n }) => n));
  const [fromY, toY] = decades(points.map(({ value }) => value));
  const inner = { width: PANEL.width - PANEL.left - PANEL.right, height: PANEL.height - PANEL.top - PANEL.bottom };
  const decade = Math.min(inner.width / (toX - fromX), inner.height / (toY - fromY));
  const bottom = PANEL.height - PANEL.bottom;
  const x = (n: number) => PANEL.left + (Math.log10(n) - fromX) * decade;
  const y = (value: number) => bottom - (Math.log10(value) - fromY) * decade;
  const [right, top] = [x(10 ** toX), y(10 ** toY)];

  const grid = [
    ...range(fromX, toX).map((power) => {
      const at = x(10 ** power).toFixed(1);
      return `<path d="M${at} ${bottom}V${top.toFixed(1)}" stroke="#e4e7eb"/><text x="${at}" y="${bottom + 14}" text-anchor="middle">${number(power)}</text>`;
    }),
    ...range(fromY, toY).map((power) => {
      const at = y(10 ** power);
      return `<path d="M${PANEL.left} ${at.toFixed(1)}H${right.toFixed(1)}" stroke="#e4e7eb"/><text x="${PANEL.left - 6}" y="${(at + 4).toFixed(1)}" text-anchor="end">${number(power)}</text>`;
    }),
  ];
  const drawn = shown.map(({ name, points: of }, i) => {
    const color = COLORS[i % COLORS.length];
    const path = of.map(({ n, value }, at) => `${at ? "L" : "M"}${x(n).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    const dots = of.map(({ n, value }) => `<circle cx="${x(n).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3"/>`);
    const power = growth(of);
    const legend = `${xmlText(name)}${Number.isNaN(power) ? "" : `, n^${power.toFixed(2)}`}`;
    const at = PANEL.left + (i % 2) * 180;
    const line = 32 + Math.floor(i / 2) * 14;
    return (
      `<g fill="${color}"><path d="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join("")}` +
      `<rect x="${at}" y="${line - 9}" width="9" height="9"/></g><text x="${at + 13}" y="${line}">${legend}</text>`
    );
  });
  const heading = `<text x="${PANEL.left}" y="14" font-size="12" font-weight="bold">${xmlText(title)}</text>`;
  const below = `<text x="${((PANEL.left + right) / 2).toFixed(1)}" y="${bottom + 30}" text-anchor="middle">${xmlText(of)}</text>`;
  return [heading, ...grid, ...drawn, below].join("\n");
}

/** The powers of ten around these values, at least one decade. */
function decades(values: readonly number[]): [number, number] {
  const from = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  return [from, Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9))];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function number(power: number): string {
  return power < -3 ? `10^${power}` : (10 ** power).toLocaleString("en", { maximumFractionDigits: 3 });
}

function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
