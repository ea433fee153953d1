import { setTimeout as pause } from "node:timers/promises";
import { BareEtcd } from "../registry/bare.js";
import type { Comparison } from "./comparison.js";
import { BOTH, type Contestant, type Files, GO_ZERO, type Name, OURS } from "./contestants.js";
import { NotingInstance } from "./instances.js";
import { Program } from "./program.js";

const KEY = "joins.rpc";
/** Nobody calls an instance again that had no call of steady callers for so long. */
const QUIET_MS = 300;
/** Time between two calls, and so the least that the time to the last call counts: some leave it alone by chance. */
const CALL_EVERY_MS = 1;

interface Took {
  readonly watch: number;
  readonly callers: Readonly<Record<Name, number>>;
}

/**
 * From the word to register to the first call, and from the word to deregister to the last one: either library's registration
 * seen by clients of both, which call steadily, and by a bare watch. The instance itself is neither's.
 */
export async function joins(
  rounds: number,
  both: Readonly<Record<Name, Contestant>>,
  etcd: string,
  files: Files,
): Promise<Comparison[]> {
  const bare = new BareEtcd(etcd);
  const listed = new Waiting();
  await bare.watch(
    KEY,
    (address) => listed.over("put", address),
    () => listed.over("deleted"),
  );
  const { instance: standing, addresses } = await NotingInstance.start();
  await bare.put(`${KEY}/0`, addresses[0]!);
  const file = files.client(KEY);
  const callers = BOTH.map((name) => new Program(both[name].callSteadily(file), { isHeard: false }));
  const registrars = new Map(BOTH.map((name) => [name, new Program(both[name].registrar(etcd, KEY))]));
  const all = BOTH.map((name) => ({ name, joined: [] as Took[], left: [] as Took[] }));
  try {
    await Promise.all(BOTH.map((name) => standing.firstCall(name)));
    for (const registrar of registrars.values()) await registrar.next();
    for (let round = -1; round < rounds; round++) {
      for (const { name, joined, left } of round % 2 ? all.toReversed() : all) {
        const took = await joinAndLeave(registrars.get(name)!, listed);
        if (round < 0) continue; // warm when it counts
        joined.push(took.joined);
        left.push(took.left);
      }
    }
  } finally {
    await Promise.all([...callers, ...registrars.values()].map((program) => program.kill()));
    standing.stop();
    bare.close();
  }
  return all.flatMap(({ name, joined, left }) => [
    comparison(`a ${name} server registers, until the client's first call`, joined),
    comparison(`a ${name} server deregisters, until the client's last call`, left),
  ]);
}

async function joinAndLeave(registrar: Program, listed: Waiting): Promise<{ joined: Took; left: Took }> {
  const { instance, addresses } = await NotingInstance.start();
  const [address = ""] = addresses;
  try {
    const began = performance.now();
    registrar.tell(`register ${address}`);
    const [watch, ...firsts] = await Promise.all([
      listed.for("put", address),
      ...BOTH.map((name) => instance.firstCall(name)),
    ]);
    await pause(QUIET_MS / 3);
    const ended = performance.now();
    registrar.tell(`deregister ${address}`);
    const gone = await listed.for("deleted");
    while (performance.now() - Math.max(gone, ...BOTH.map((name) => instance.lastCall(name))) < QUIET_MS) {
      await pause(QUIET_MS / 10);
    }
    const lasts = BOTH.map((name) => Math.max(ended + CALL_EVERY_MS, instance.lastCall(name)));
    return {
      joined: took(began, watch, firsts),
      left: took(ended, gone, lasts),
    };
  } finally {
    instance.stop();
  }
}

function took(since: number, watch: number, [ours, theirs]: readonly number[]): Took {
  return { watch: watch - since, callers: { [OURS]: ours! - since, [GO_ZERO]: theirs! - since } };
}

function comparison(what: string, times: readonly Took[]): Comparison {
  const of = (name: Name) => times.map(({ callers }) => callers[name]);
  return {
    what,
    unit: "ms",
    figures: { [OURS]: of(OURS), [GO_ZERO]: of(GO_ZERO) },
    beside: [{ what: "bare watch", figures: times.map(({ watch }) => watch) }],
  };
}

/** What the bare watch is waited for, one at a time: when it sees an address put, or a key deleted. */
class Waiting {
  #isFor = "";
  #resolve = (_at: number): void => {};

  for(what: "put" | "deleted", address = ""): Promise<number> {
    this.#isFor = `${what} ${address}`;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  over(what: "put" | "deleted", address = ""): void {
    if (this.#isFor === `${what} ${address}`) this.#resolve(performance.now());
  }
}
