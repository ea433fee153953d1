/**
 * Contestants that call by turns, each in a process of its own: what one has compiled, what it allocates and when it is collected
 * is not another's cost.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { shuffled } from "../../src/shuffled.js";
import type { Run } from "./contestant.js";

/** @param program of this folder, which calls `callWhenAsked`. */
export async function contestant(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = fork(new URL(program, import.meta.url), args, {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "warn", ...env },
  });
  await said(child);
  return child;
}

/** Contestants that call the same servers. */
export interface Series<Name extends string, Address> {
  /** A program of bench/support: its arguments are each server's delay in milliseconds, and it tells the servers' addresses. */
  readonly servers: string;
  readonly delays: readonly number[];
  readonly contestants: readonly Name[];
  readonly start: (name: Name, addresses: readonly Address[]) => Promise<ChildProcess>;
  /** Each with servers and clients made anew: two clients of the same kind differ by a twentieth for as long as they live. */
  readonly repetitions: number;
  /** Of each repetition. */
  readonly rounds: number;
  /** How long each calls in its turn. Short, so that what disturbs the machine hits one round of many. */
  readonly runMs: number;
  /**
   * How long each calls, in turns too, before it is counted: its code is compiled then. One that had its time at once and then waited
   * while the others had theirs would begin cold, most likely because V8 throws away what has not run for some seconds.
   */
  readonly warmMs: number;
}

/** What each contestant did: its runs, by repetition. */
export type Results<Name extends string> = ReadonlyMap<Name, readonly (readonly Run[])[]>;

export async function takeTurns<Name extends string, Address>(series: Series<Name, Address>): Promise<Results<Name>> {
  const results = new Map(series.contestants.map((name): [Name, Run[][]] => [name, []]));
  for (let repetition = 0; repetition < series.repetitions; repetition++) {
    for (const [name, runs] of await repeat(series)) results.get(name)!.push(runs);
  }
  return results;
}

async function repeat<Name extends string, Address>(series: Series<Name, Address>): Promise<Map<Name, Run[]>> {
  const { contestants, rounds, runMs, warmMs } = series;
  const servers = fork(new URL(`../support/${series.servers}`, import.meta.url), series.delays.map(String), {
    execArgv: ["--import", "tsx"],
  });
  const addresses = (await said(servers)) as Address[];
  const clients = new Map<Name, ChildProcess>();
  for (const name of contestants) clients.set(name, await series.start(name, addresses));
  await inTurns(clients, Math.ceil(warmMs / runMs), runMs);
  const runs = await inTurns(clients, rounds, runMs);
  for (const child of [...clients.values(), servers]) {
    child.disconnect();
    await once(child, "exit");
  }
  return runs;
}

/** One run of each of them in every round, in an order of its own: who always ran after the same other would pay for what that left. */
async function inTurns<Name extends string>(
  clients: ReadonlyMap<Name, ChildProcess>,
  rounds: number,
  ms: number,
): Promise<Map<Name, Run[]>> {
  const runs = new Map([...clients.keys()].map((name): [Name, Run[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, client] of shuffled(clients)) runs.get(name)!.push(await run(client, ms));
  }
  return runs;
}

async function run(child: ChildProcess, ms: number): Promise<Run> {
  child.send(ms);
  return (await said(child)) as Run;
}

/** What it says next. @throws where it ends instead. */
async function said(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const { signal } = over;
  const gone = once(child, "exit", { signal }).then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
  try {
    const [message] = await Promise.race([once(child, "message", { signal }), gone]);
    return message;
  } finally {
    over.abort();
  }
}
