/** Texts whose results are kept: so many, then all are forgotten and those still in use are worked out once more. */
const MOST = 1_000;

/** A pure function of a text, whose results are kept: it is asked for each call, and the texts are few. */
export function remembered<R>(of: (text: string) => R): (text: string) => R {
  const known = new Map<string, R>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined || known.has(text)) return found as R;
    if (known.size >= MOST) known.clear();
    const made = of(text);
    known.set(text, made);
    return made;
  };
}
