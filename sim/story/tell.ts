import { describeFault, type Schedule } from "../faults/fault.js";
import { type Outcome, play } from "../run.js";

/** What happens in a schedule, line by line, and what was wrong in the end. */
export async function tellStory(schedule: Schedule, print: (line: string) => void): Promise<Outcome> {
  const { members, authenticated, servers, clients, ttlSeconds, slowestMs, callsPerSecond } = schedule.setup;
  print(
    `  etcd: ${members} member(s)${authenticated ? ", authenticated" : ""}; ${servers} server(s), TTL ${ttlSeconds} s; ` +
      `${clients} client(s), ${callsPerSecond} calls a second each; messages take up to ${slowestMs} ms`,
  );
  for (const fault of schedule.faults) print(`  ${describeFault(fault)}`);
  const outcome = await play(schedule, (atMs, line) => print(`    ${(atMs / 1_000).toFixed(3).padStart(9)}  ${line}`));
  const { violation } = outcome;
  if (violation) print(`  ${(violation.atMs / 1_000).toFixed(3)} s: ${violation.invariant}: ${violation.why}`);
  return outcome;
}
