/** The same ones in a random order. */
export function shuffled<T>(all: Iterable<T>): T[] {
  return [...all]
    .map((one) => ({ one, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => one);
}
