/** Milliseconds since a moment that performance.now() told. */
export function since(began: number): number {
  return performance.now() - began;
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}

export function print(what: string, figures: string): void {
  console.log(`${what.padEnd(46)} ${figures}`);
}

/** Median and range of ratios measured in pairs. */
export function ratios(values: readonly number[], target?: number): string {
  const [low, median, high] = [0, 0.5, 1].map((share) => quantile(values, share).toFixed(2));
  return `${median} (${low} to ${high}, ${values.length} pairs)${target ? `, target ${target}` : ""}`;
}

/** Runs tasks, so many at a time. */
export async function inParallel<T>(
  items: readonly T[],
  atATime: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await task(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

/** A gauge or counter of etcd's own /metrics; of several with labels, the sum of those that match. */
export async function metric(url: string, name: string, label = ""): Promise<number> {
  const lines = (await (await fetch(url)).text()).split("\n");
  return lines
    .filter((line) => line.startsWith(`${name} `) || (line.startsWith(`${name}{`) && line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
