const WIDTH = 860;
const LEFT = 360;
const BAR = 11;
const COLORS = ["#d9822b", "#4a6fa5", "#8fb0d9", "#9aa5b1"];

export interface Group {
  readonly title: string;
  /** In milliseconds; Infinity is drawn to the end, and "fails" beside it. */
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

/** Groups of horizontal bars on one logarithmic scale, the first of each in orange. SVG without scripts or fonts of its own. */
export function groupedChart(title: string, groups: readonly Group[]): string {
  const finite = groups.flatMap(({ bars }) => bars.map(({ value }) => value)).filter(Number.isFinite);
  const low = Math.min(...finite) / 1.3;
  const high = Math.max(...finite) * 1.3;
  const end = WIDTH - LEFT - 60;
  const length = (value: number) =>
    Number.isFinite(value) ? (Math.log(value / low) / Math.log(high / low)) * end : end;
  const names = groups[0]!.bars.map(({ name }) => name);
  const step = names.length * BAR + 9;

  const legend = names.map((name, i) => {
    const x = LEFT - 60 + i * 145;
    return `<rect x="${x}" y="34" width="10" height="10" fill="${COLORS[i]}"/><text x="${x + 15}" y="43">${xmlText(name)}</text>`;
  });
  const drawn = groups.map(({ title: name, bars }, row) => {
    const top = 56 + row * step;
    const label = `<text x="${LEFT - 8}" y="${top + (names.length * BAR) / 2 + 4}" text-anchor="end">${xmlText(name)}</text>`;
    const rects = bars.map(({ value }, i) => {
      const y = top + i * BAR;
      const text = Number.isFinite(value) ? value.toFixed(1) : "fails";
      return (
        `<rect x="${LEFT}" y="${y}" width="${length(value).toFixed(1)}" height="${BAR - 2}" fill="${COLORS[i]}"/>` +
        `<text x="${(LEFT + length(value) + 5).toFixed(1)}" y="${y + 9}" font-size="10">${text}</text>`
      );
    });
    return [label, ...rects].join("\n");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${64 + groups.length * step}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="24" font-size="15">${xmlText(title)}</text>
${[...legend, ...drawn].join("\n")}
</svg>
`;
}

function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
