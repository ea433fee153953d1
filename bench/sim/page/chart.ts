const WIDTH = 860;
const ROW = 22;
const LEFT = 210;
const PLAIN = "#9aa5b1";
const HIGHLIGHT = "#d9822b";

export interface Bar {
  readonly name: string;
  readonly value: number;
}

/** Horizontal bars on a logarithmic scale, the highlighted one in orange. SVG without scripts or fonts of its own. */
export function barChart(title: string, bars: readonly Bar[], highlight: string): string {
  const low = Math.min(...bars.map(({ value }) => value)) / 1.3;
  const high = Math.max(...bars.map(({ value }) => value)) * 1.05;
  const scale = (value: number) => (Math.log(value / low) / Math.log(high / low)) * (WIDTH - LEFT - 90);
  const rows = bars.map(({ name, value }, i) => {
    const y = 44 + i * ROW;
    const color = name === highlight ? HIGHLIGHT : PLAIN;
    return [
      `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${xmlText(name)}</text>`,
      `<rect x="${LEFT}" y="${y + 2}" width="${scale(value).toFixed(1)}" height="${ROW - 6}" fill="${color}"/>`,
      `<text x="${(LEFT + scale(value) + 6).toFixed(1)}" y="${y + 14}">${value.toFixed(1)}</text>`,
    ].join("\n");
  });
  const height = 56 + bars.length * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="24" font-size="15">${xmlText(title)}</text>
${rows.join("\n")}
</svg>
`;
}

function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
