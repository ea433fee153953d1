/**
 * Tries until the condition holds, between turns of the event loop; for states that announce themselves by no event.
 * Fails after `ms` milliseconds, which is a bound on a test that hangs and no measure of anything.
 */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 60_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`did not come true in ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
