import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import type { Outcome, Traffic } from "../support/traffic.js";
import { callSteadily } from "./echo.js";
import { fleet, type Kind } from "./fleet.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 200_000 };

const RATE = 50;
/** Long enough that a killed server has calls in hand. */
const REQUEST = { delayMs: 20 };
/** Both clients give up a call after a second. */
const CLIENT = "Timeout: 1000";

const PROMISES = {
  SIGTERM: "leave without a lost call",
  SIGKILL: "die and come back, at the cost of what it had in hand",
  SIGSTOP: "freeze until its lease ends and wake up again, at the cost of a few calls",
} as const;

/**
 * What a Rollcall client may lose. A killed server takes along the calls that it had in hand, about one, and those that were on their
 * way while its sockets closed; a frozen one those that were sent before it was noticed.
 */
const MAY_LOSE = {
  SIGTERM: { calls: 0, codes: [] },
  SIGKILL: { calls: 8, codes: ["Unavailable"] },
  SIGSTOP: { calls: 25, codes: ["DeadlineExceeded", "Unavailable"] },
} as const;

// Most of their time they wait, for leases to end and servers to come back, so they run side by side.
describe("under load, a server of either kind", { concurrency: 3 }, () => {
  for (const kind of ["go-zero", "Rollcall"] as const) {
    for (const signal of ["SIGTERM", "SIGKILL", "SIGSTOP"] as const) {
      test(`${signal}, ${kind}: ${PROMISES[signal]}`, options, (t) => endAndReturn(t, kind, signal));
    }
  }
});

async function endAndReturn(t: TestContext, kind: Kind, signal: keyof typeof MAY_LOSE): Promise<void> {
  const members = await fleet(t);
  const [victim, go, node] = await Promise.all([
    members.serverProcess(kind),
    members.serverProcess("go-zero"),
    members.server(),
  ]);
  const stopCalling = new AbortController();
  t.after(() => stopCalling.abort());
  const fromNode = callSteadily(await members.nodeClient(CLIENT), REQUEST, RATE, stopCalling.signal);
  const fromGo = members.gozeroClient(CLIENT, "-rate", String(RATE), "-request", JSON.stringify(REQUEST));
  const settled = (...instances: string[]) =>
    Promise.all([fromNode.settleOn(...instances), fromGo.settleOn(...instances)]);

  await settled(victim.address, go.address, node.address);
  const losses = [new Losses("Rollcall", fromNode), new Losses("go-zero", fromGo)];

  if (signal === "SIGTERM") await victim.stop();
  else if (signal === "SIGKILL") await victim.kill();
  else process.kill(victim.pid, signal);
  await settled(go.address, node.address);

  if (signal === "SIGSTOP") process.kill(victim.pid, "SIGCONT");
  else await members.serverProcess(kind, "", Number(victim.address.split(":")[1]));
  await settled(victim.address, go.address, node.address);

  for (const { summary } of losses) t.diagnostic(`${signal} of a ${kind} server: ${summary}`);
  const { failures } = losses[0]!;
  const { calls, codes } = MAY_LOSE[signal];
  assert.ok(failures.length <= calls, `${failures.length} lost: ${JSON.stringify(failures)}`);
  assert.deepEqual(
    failures.filter(({ code }) => !(codes as readonly string[]).includes(code)),
    [],
  );
}

/** What a client has lost since this was made. */
class Losses {
  readonly #client: Kind;
  readonly #traffic: Traffic;
  readonly #before: { failures: number; calls: number };

  constructor(client: Kind, traffic: Traffic) {
    this.#client = client;
    this.#traffic = traffic;
    this.#before = { failures: traffic.failures.length, calls: traffic.calls };
  }

  get failures(): readonly Outcome[] {
    return this.#traffic.failures.slice(this.#before.failures);
  }

  get summary(): string {
    const counts = new Map<string, number>();
    for (const { code } of this.failures) counts.set(code, (counts.get(code) ?? 0) + 1);
    const told = [...counts].map(([code, calls]) => `${calls} ${code}`).join(", ") || "none";
    return `the ${this.#client} client lost ${told} of ${this.#traffic.calls - this.#before.calls} calls`;
  }
}
