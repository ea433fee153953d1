import { clusters } from "../src/etcd-client/clusters-in-use.js";
import { setLogger } from "../src/log.js";
import { servers } from "../src/observe/sources.js";
import { describeFault, type Fault, type Schedule } from "./faults/fault.js";
import { inject } from "./faults/inject.js";
import { Trouble } from "./faults/trouble.js";
import { invariants } from "./invariants/index.js";
import { drain } from "./world/drain.js";
import { useWorld } from "./world/globals.js";
import { Random } from "./world/random.js";
import { Scheduler } from "./world/scheduler.js";
import { SERVICE, type Watchers, World } from "./world/world.js";

/** How long after the last fault everything may take to be as it should, in virtual milliseconds. */
const SETTLE_MS = 90_000;
/** etcd hashes passwords, and asks those in vain to come back later. */
const SETTLE_WITH_LOGINS_MS = 240_000;
/** For how long it then has to stay so. */
const STAY_MS = 15_000;
/** What was sent before the end of the last fault has arrived by then, however slow the way. */
const ARRIVED_MS = 30_000;

export interface Violation {
  readonly invariant: string;
  readonly why: string;
  /** Virtual milliseconds. */
  readonly atMs: number;
}

export interface Outcome {
  readonly violation: Violation | undefined;
  readonly virtualMs: number;
  readonly calls: number;
  readonly failedCalls: number;
  /** How long after the last fault everything was as it should be; undefined if it never was. */
  readonly settledMs: number | undefined;
  /** Of everything that happened: equal for equal runs. */
  readonly fingerprint: number;
}

/** Told what happens, for a story. */
export type Tell = (atMs: number, line: string) => void;

/** Plays a schedule until something is wrong, or all is well for long enough. */
export async function play({ setup, faults }: Schedule, tell?: Tell): Promise<Outcome> {
  let violation: Violation | undefined;
  let calls = 0;
  let failedCalls = 0;
  let settledMs: number | undefined;
  let fingerprint = 0;
  const scheduler = new Scheduler();
  const random = new Random(setup.seed, 2);
  const now = () => scheduler.now;
  const found = (invariant: string, why: string | undefined | false) => {
    if (why && !violation) violation = { invariant, why, atMs: now() };
  };
  const note = (line: string) => {
    for (let i = 0; i < line.length; i++) fingerprint = (Math.imul(fingerprint, 31) + line.charCodeAt(i)) | 0;
    fingerprint = (Math.imul(fingerprint, 31) + Math.round(now() * 1_000)) | 0;
    tell?.(now(), line);
  };
  const log = (level: string) => (facts: object, message: string) => {
    const name = scheduler.current?.name ?? "";
    note(`${name}: ${level}: ${message}`);
    if (level === "error") found("nothing goes wrong inside", `${name}: ${message} ${JSON.stringify(facts)}`);
  };
  setLogger(
    { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    tell ? "info" : "error",
  );

  const hears: Watchers = {
    called: (record, how) => {
      calls += 1;
      if (how !== "answered") {
        failedCalls += 1;
        note(`a call of ${record.client.process.name} at ${record.address ?? "nobody"} ended: ${how}`);
      }
      for (const { name, called } of watched) found(name, called?.(record, how));
    },
    sent: (record) => {
      for (const { name, sent } of watched) found(name, sent?.(record));
    },
    asked: (peer, atMs) => {
      for (const { name, asked } of watched) found(name, asked?.(peer, atMs));
    },
    dialled: (way, atMs) => {
      for (const { name, dialled } of watched) found(name, dialled?.(way, atMs));
    },
    broken: (why) => found("nothing goes wrong inside", why),
  };
  useWorld({ scheduler, random });
  const world = new World(setup, { scheduler, random }, hears);
  const trouble = new Trouble(now);
  const watched = invariants.map((make) => make(world, trouble));
  const run = (untilMs: number) => scheduler.run(untilMs, drain, () => violation !== undefined);
  const unhandled = (error: unknown) => found("nothing goes wrong inside", `unhandled rejection: ${String(error)}`);
  process.on("unhandledRejection", unhandled);
  try {
    world.cluster.replicated.store.onCommit(({ revision, events }) => {
      const changes = events.map(({ type, kv }) => `${type === 0 ? "put" : "delete"} ${kv!.key} ${kv!.value}`);
      note(`etcd, revision ${revision}: ${changes.join(", ")}`);
    });
    for (const place of world.servers) scheduler.at(0, 1, undefined, () => world.startServer(place));
    for (const place of world.clients) scheduler.at(0, 1, undefined, () => world.startClient(place));
    for (const fault of faults) plan(fault);
    const second = () => {
      for (const invariant of watched) found(invariant.name, invariant.second?.());
      scheduler.after(1_000, undefined, second);
    };
    second();
    const quietFrom = Math.max(3_000, ...faults.map(({ atMs, lastsMs }) => atMs + lastsMs));
    await run(quietFrom);
    // What operators have written, a restored backup may have brought back.
    for (const { key, lease } of world.cluster.list(`${SERVICE}/`)) if (lease === 0n) world.cluster.delete(`${key}`);
    if (!violation) await settle(quietFrom);
    await drain();
  } finally {
    useWorld(undefined);
    process.off("unhandledRejection", unhandled);
    clusters.clear();
    servers.clear();
  }
  return { violation, virtualMs: now(), calls, failedCalls, settledMs, fingerprint };

  function plan(fault: Fault): void {
    scheduler.at(fault.atMs, 1, undefined, () => {
      note(describeFault(fault));
      trouble.begins(fault);
      const end = inject(world, fault.what);
      scheduler.after(fault.lastsMs, undefined, () => {
        if (fault.lastsMs > 0) note(`over: ${fault.what.is}`);
        end();
        trouble.ends(fault);
      });
    });
  }

  async function settle(quietFrom: number): Promise<void> {
    const limitMs = setup.authenticated ? SETTLE_WITH_LOGINS_MS : SETTLE_MS;
    for (let ms = 1_000; ; ms += 1_000) {
      await run(quietFrom + ms);
      if (violation) return;
      const wrong = watched.flatMap(({ name, settled }) => {
        const why = settled?.();
        return why ? [{ name, why }] : [];
      })[0];
      if (!wrong) settledMs ??= ms;
      else {
        if (ms >= limitMs || (settledMs !== undefined && ms > ARRIVED_MS)) found(wrong.name, wrong.why);
        settledMs = undefined;
      }
      if (violation || (settledMs !== undefined && ms >= settledMs + STAY_MS)) return;
    }
  }
}
