/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The samples of these names in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Lines that are none are left out.
 */
export function samplesOf(text: string, names: ReadonlySet<string>): Sample[] {
  const found: Sample[] = [];
  for (const line of text.split("\n")) {
    const [, name = "", labels = "", value = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line) ?? [];
    if (!names.has(name)) continue;
    const number = Number(value);
    if (Number.isFinite(number)) found.push({ name, labels: labelsOf(labels), value: number });
  }
  return found;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = Object.create(null);
  for (const [, name = "", value = ""] of text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}
