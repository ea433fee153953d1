// The side of a contestant: a program of its own that calls for a while whenever its parent says so. See turns.ts.

/** What came of a while of calls. */
export interface Run {
  readonly callsPerSecond: number;
  /** CPU of the contestant's process, in microseconds: a busy machine disturbs it least. */
  readonly cpuPerCall: number;
}

/** For each message of its parent, a number of milliseconds, calls for so long and answers with what came of it. */
export function callWhenAsked(call: () => Promise<unknown>, inFlight: number): void {
  process.on("message", (ms: number) => {
    void callFor(ms, call, inFlight).then((run) => process.send!(run));
  });
  process.on("disconnect", () => process.exit());
  process.send!("ready");
}

async function callFor(ms: number, call: () => Promise<unknown>, inFlight: number): Promise<Run> {
  let calls = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const end = began + ms;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() < end) {
        await call();
        calls += 1;
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return { callsPerSecond: (calls * 1000) / (performance.now() - began), cpuPerCall: (user + system) / calls };
}
