import type { Recording } from "../../observe/decisions/recording.js";
import { inspectDir } from "../../observe/inspect/inspect-address.js";
import { type Inspected, inspected, recordingsOf, stateOf } from "../../observe/inspect/inspect-client.js";
import type { CalledInstance, CalledService, ProcessState } from "../../observe/state.js";
import { nearMiss } from "../../target/key-names.js";
import { Failure } from "../output.js";

/** A process that calls a service, and what it has recorded of it. */
export interface Caller {
  readonly process: Pick<ProcessState, "pid" | "name" | "host">;
  /** All of its channels to the service together. */
  readonly called: CalledService;
  readonly recordings: readonly Recording[];
}

/** How to make a process tell. */
export const HOW =
  "a process can be inspected when it is started with ROLLCALL_INSPECT=1, by the same user and with the same $XDG_RUNTIME_DIR";

const UNSEEN = "clients with round_robin or pick_first, which are grpc-js' own, cannot be asked";

/**
 * The processes of this user that call a service, and why others did not say whether they do.
 * @param pid only this one. Default all.
 * @throws Failure that says what there is instead.
 */
export async function callersOf(
  service: string,
  pid?: number,
): Promise<{ readonly callers: Caller[]; readonly troubles: string[] }> {
  const states = await allOf(await chosenOf(pid), stateOf);
  const found = states.answers.map(({ answer }) => answer);
  if (found.length === 0) throw new Failure(states.troubles.join("; "));
  const calling = states.answers.filter(({ answer }) => answer.calls.some((called) => called.service === service));
  if (calling.length === 0) throw new Failure([nobodyCalls(service, found), ...states.troubles].join("; "));
  const recorded = await allOf(calling, ({ of }) => recordingsOf(of, service));
  const troubles = [...states.troubles, ...recorded.troubles];
  if (recorded.answers.length === 0) throw new Failure(troubles.join("; "));
  const callers = recorded.answers.map(({ of: { answer: state }, answer: recordings }) => ({
    process: state,
    called: together(state.calls.filter((called) => called.service === service)),
    recordings,
  }));
  return { callers, troubles };
}

/** @throws Failure when there is none. */
async function chosenOf(pid: number | undefined): Promise<Inspected[]> {
  const there = await inspected();
  const chosen = there.filter((one) => pid === undefined || one.pid === pid);
  if (chosen.length > 0) return chosen;
  const others = there.length === 0 ? "" : `; those that can be inspected: ${there.map((one) => one.pid).join(", ")}`;
  const what = pid === undefined ? "no process can be inspected" : `process ${pid} cannot be inspected`;
  throw new Failure(`${what} (looked in ${inspectDir()})${others}; ${HOW}`);
}

/** One that does not answer takes nothing from the others. */
async function allOf<T, R>(
  all: readonly T[],
  ask: (one: T) => Promise<R>,
): Promise<{ answers: { of: T; answer: R }[]; troubles: string[] }> {
  const answers = await Promise.allSettled(all.map(async (of) => ({ of, answer: await ask(of) })));
  return {
    answers: answers.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    troubles: answers.flatMap((one) => (one.status === "rejected" ? [(one.reason as Error).message] : [])),
  };
}

function nobodyCalls(service: string, states: readonly ProcessState[]): string {
  const calls = states.flatMap(({ pid, name, calls }) =>
    calls.map((called) => ({ service: called.service, name, pid })),
  );
  const near = nearMiss(
    service,
    calls.map((one) => one.service),
  );
  const whole = `no process that can be inspected calls ${JSON.stringify(service)}`;
  if (near) return `${whole}: did you mean ${near}?`;
  const lines = new Set(calls.map((one) => `${one.service} (${one.name}, pid ${one.pid})`));
  if (lines.size === 0) return `${whole}, nor any other service; ${HOW}; ${UNSEEN}`;
  return `${whole}; they call ${[...lines].join(", ")}; ${UNSEEN}`;
}

/** Several channels of one process to one service as one, an instance that some channel may call being ready. */
function together(channels: readonly CalledService[]): CalledService {
  const [first, ...others] = channels;
  if (others.length === 0) return first!;
  const instances = new Map<string, CalledInstance>();
  for (const one of channels.flatMap((channel) => channel.instances)) {
    if (!instances.get(one.id)?.ready) instances.set(one.id, one);
  }
  return { ...first!, instances: [...instances.values()] };
}
