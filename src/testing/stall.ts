/** Keeps this process busy for some milliseconds, as work in one go does: no timer comes meanwhile, and nothing is read. */
export function stall(ms: number): void {
  const busyUntil = performance.now() + ms;
  while (performance.now() < busyUntil);
}
