/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A longer line is nobody's metric. */
const LONGEST_LINE = 64 << 10;

/**
 * Reads Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/), in a time that grows with the text and
 * no faster, whoever wrote it. Lines that are none are left out, and values that are no finite number.
 * @param wanted names of the metrics to read. Default all.
 */
export function parseMetrics(text: string, wanted?: ReadonlySet<string>): Sample[] {
  const samples: Sample[] = [];
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf("\n", at);
    const end = found < 0 ? text.length : found;
    const sample = end - at > LONGEST_LINE ? undefined : sampleOf(text.slice(at, end).trim(), wanted);
    if (sample) samples.push(sample);
    at = end + 1;
  }
  return samples;
}

const NAME = /[a-zA-Z_:][\w:]*/y;
const SPACE = /\s*/y;
const LABEL = /\s*([a-zA-Z_]\w*)\s*=\s*"([^"\\]*(?:\\.[^"\\]*)*)"\s*,?/y;
const LABELS_END = /\s*\}/y;
const VALUE = /[^\s{}]+/y;

/** What a pattern finds at a place, and the place behind it. */
function take(
  pattern: RegExp,
  line: string,
  at: number,
): { readonly match: RegExpExecArray; readonly end: number } | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(line);
  return match ? { match, end: pattern.lastIndex } : undefined;
}

function sampleOf(line: string, wanted: ReadonlySet<string> | undefined): Sample | undefined {
  const named = take(NAME, line, 0);
  const name = named?.match[0];
  if (name === undefined || wanted?.has(name) === false) return undefined;
  const behindName = take(SPACE, line, named!.end)!.end;
  const labelled = line[behindName] === "{" ? labelsAt(line, behindName + 1) : { labels: {}, end: named!.end };
  if (!labelled) return undefined;
  const behind = take(SPACE, line, labelled.end)!.end;
  const value = Number(take(VALUE, line, behind)?.match[0] ?? Number.NaN);
  return Number.isFinite(value) ? { name, labels: labelled.labels, value } : undefined;
}

function labelsAt(line: string, at: number): { labels: Record<string, string>; end: number } | undefined {
  const pairs: [string, string][] = [];
  let end = at;
  for (let label = take(LABEL, line, end); label; label = take(LABEL, line, end)) {
    pairs.push([label.match[1]!, unescaped(label.match[2]!)]);
    end = label.end;
  }
  const closed = take(LABELS_END, line, end);
  return closed && { labels: Object.fromEntries(pairs), end: closed.end };
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
    if (Number.isNaN(bound)) continue;
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
