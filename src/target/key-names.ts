/** Key names match without regard to case, as go-zero's do. */
export function foldCase(name: string): string {
  return name.toLowerCase();
}

/**
 * The known name that `name` was probably meant to be, or undefined. One slip (a letter wrong, missing, added, or two
 * swapped) is near in a name of three letters or more, two slips in one of seven or more.
 */
export function nearMiss(name: string, known: Iterable<string>): string | undefined {
  const folded = foldCase(name);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const shorter = Math.min(name.length, candidate.length);
    const allowed = shorter >= 7 ? 2 : shorter >= 3 ? 1 : 0;
    if (Math.abs(name.length - candidate.length) > allowed) continue;
    const distance = editDistance(folded, foldCase(candidate));
    if (distance > 0 && distance <= allowed && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance: insert, delete, replace, and swap of neighbours cost one each. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replace, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** The name that was probably meant: the same but for letter case and separators, or nearly the same. */
export function probablyMeant(name: string, known: readonly string[]): string | undefined {
  return known.find((one) => foldCase(one) === foldCase(name)) ?? nearMiss(name, known);
}
