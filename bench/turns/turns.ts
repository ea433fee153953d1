/**
 * Contestants that call by turns, each in a process of its own: what one has compiled, what it allocates and when it is collected
 * is not another's cost. Their ratios are of runs of the same round.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { quantile } from "../registry/figures.js";
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

/** Each calls for so long without being counted: code is compiled and connections stand when it counts. */
export async function warmUp(contestants: ReadonlyMap<string, ChildProcess>, ms: number): Promise<void> {
  for (const child of contestants.values()) await run(child, ms);
}

/** One run of each of them in every round. Each round begins with another one, so that nobody always runs after the same other. */
export async function inTurns<Name extends string>(
  contestants: ReadonlyMap<Name, ChildProcess>,
  rounds: number,
  ms: number,
): Promise<Map<Name, Run[]>> {
  const all = [...contestants];
  const runs = new Map(all.map(([name]): [Name, Run[]] => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < all.length; turn++) {
      const [name, child] = all[(round + turn) % all.length]!;
      runs.get(name)!.push(await run(child, ms));
    }
  }
  return runs;
}

/** Contestants that call the same servers. */
export interface Series<Name extends string, Address> {
  /** A program of bench/support: its arguments are each server's delay in milliseconds, and it tells the servers' addresses. */
  readonly servers: string;
  readonly delays: readonly number[];
  readonly contestants: readonly Name[];
  readonly start: (name: Name, addresses: readonly Address[]) => Promise<ChildProcess>;
  /** Of all repetitions together. */
  readonly rounds: number;
  /** How long each calls in its turn. Short, so that what disturbs the machine hits one round of many. */
  readonly runMs: number;
  readonly warmMs: number;
  /** Each with servers and clients made anew: two clients of the same kind differ by a twentieth for as long as they live. */
  readonly repetitions: number;
}

export async function repeatedly<Name extends string, Address>(
  series: Series<Name, Address>,
): Promise<Map<Name, Run[]>> {
  const { contestants, rounds, runMs, repetitions } = series;
  const runs = new Map(contestants.map((name): [Name, Run[]] => [name, []]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const servers = fork(new URL(`../support/${series.servers}`, import.meta.url), series.delays.map(String), {
      execArgv: ["--import", "tsx"],
    });
    const addresses = (await said(servers)) as Address[];
    const clients = new Map<Name, ChildProcess>();
    for (const name of contestants) clients.set(name, await series.start(name, addresses));
    await warmUp(clients, series.warmMs);
    const more = await inTurns(clients, rounds / repetitions, runMs);
    for (const name of contestants) runs.get(name)!.push(...more.get(name)!);
    for (const child of [...clients.values(), servers]) {
      child.disconnect();
      await once(child, "exit");
    }
  }
  return runs;
}

/** Calls a second of one, as ratio to another's in the same round. */
export function ratios(of: readonly Run[], to: readonly Run[]): number[] {
  return of.map(({ callsPerSecond }, round) => callsPerSecond / to[round]!.callsPerSecond);
}

/** Median, with the quartiles in brackets. */
export function spread(values: readonly number[], digits: number): string {
  const show = (share: number) => quantile(values, share).toFixed(digits);
  return `${show(0.5)} [${show(0.25)} .. ${show(0.75)}]`;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
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
