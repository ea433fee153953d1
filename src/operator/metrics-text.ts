/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). Lines that are none are left out. */
export function parseMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] =
      /^\s*([a-zA-Z_:][\w:]*)\s*(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s+(\S+)/.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value);
    return Number.isNaN(number) ? [] : [{ name, labels: labelsOf(labels), value: number }];
  });
}

function labelsOf(text: string): Record<string, string> {
  const pairs = text.matchAll(/([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name!, unescaped(value!)]));
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char) => (char === "n" ? "\n" : char));
}

/** A histogram's buckets: how many values are at most so large, by the upper bound. */
export type Buckets = ReadonlyMap<number, number>;

/** The buckets of several series of one histogram together. */
export function bucketsOf(samples: readonly Sample[]): Buckets {
  const buckets = new Map<number, number>();
  for (const { labels, value } of samples) {
    const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return buckets;
}

/** What came between two readings; all of it where the counting began anew. */
export function bucketsSince(now: Buckets, before: Buckets | undefined): Buckets {
  const since = [...now].map(([bound, count]) => [bound, count - (before?.get(bound) ?? 0)] as const);
  return since.some(([, count]) => count < 0) ? now : new Map(since);
}

/** A quantile, by straight lines within a bucket as Prometheus' histogram_quantile has it. @returns undefined without any value. */
export function quantile(share: number, buckets: Buckets): number | undefined {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (!(total > 0)) return undefined;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const [bound, count] of sorted) {
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lower;
      return lower + (bound - lower) * (count > below ? (rank - below) / (count - below) : 1);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
