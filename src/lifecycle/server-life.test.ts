import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { registerBackend } from "../backends/table.js";
import type { Instance } from "../instance.js";
import { setLogger, setLogLevel } from "../log.js";
import type { Registration, Target } from "../registry.js";
import type { Served } from "./served.js";
import { ServerLife } from "./server-life.js";

/** What happens, in its order. */
let events: string[] = [];
let lines: string[] = [];
const target: Target = { scheme: "paper", hosts: ["127.0.0.1:1"], service: "order.rpc", params: {} };
const forever = new Promise<never>(() => {});

/** A registry on paper, of which each step may be replaced. */
let register: (instance: Instance, signal: AbortSignal | undefined) => Promise<Registration>;
let deregister: () => Promise<void>;
registerBackend("paper", {
  registrar: () => ({ register: (_service, instance, { signal } = {}) => register(instance, signal) }),
});

function registration(listed = true, trouble?: Error): Registration {
  return Object.assign(new EventEmitter<{ lost: [Error]; restored: [] }>(), {
    listed,
    trouble,
    deregister: () => deregister(),
  });
}

beforeEach(() => {
  events = [];
  lines = [];
  register = async ({ address }) => {
    events.push(`in ${address}`);
    return registration();
  };
  deregister = async () => void events.push("out");
  const line = (level: string) => (_facts: object, message: string) => void lines.push(`${level} ${message}`);
  setLogger({ debug: () => {}, info: line("info"), warn: line("warn"), error: line("error") });
});
afterEach(() => setLogLevel("silent"));

const warnings = () => lines.filter((line) => !line.startsWith("info"));

function lifeOf(served: Partial<Served> = {}, limits = { drainMs: 10, waitMs: 2_000 }): ServerLife {
  const recorded: Served = {
    bind: () => {
      events.push("bind");
      return { instance: { address: "10.0.0.1:80" } };
    },
    health: (serving) => void events.push(`health ${serving}`),
    close: async () => void events.push("close"),
    kill: () => void events.push("kill"),
    ...served,
  };
  return new ServerLife(target, recorded, limits, false);
}

test("healthy, then listed; at stop taken out, unhealthy, drained, closed, and not killed", async () => {
  const life = lifeOf();
  await life.start();
  const [first, second] = [life.stop(), life.stop()];
  assert.equal(first, second);
  await first;
  assert.deepEqual(events, ["bind", "health true", "in 10.0.0.1:80", "out", "health false", "close"]);
  assert.ok(lines.some((line) => /out of rotation/.test(line)) && lines.at(-1)!.endsWith("stopped"));
});

test("a pause takes it out and a resume puts it back; a paused server is closed without a drain", async () => {
  const life = lifeOf({}, { drainMs: 60_000, waitMs: 60_000 });
  await life.start();
  await Promise.all([life.pause(), life.pause()]);
  await life.resume();
  await life.resume();
  await life.pause();
  events.push("stop");
  await life.stop();
  const again = ["health true", "in 10.0.0.1:80", "out", "health false"];
  assert.deepEqual(events, ["bind", ...again, ...again, "stop", "close"]);
});

test("the last one asked for wins, and nobody waits for ever", async () => {
  const life = lifeOf();
  await Promise.all([life.start(), life.pause(), life.resume(), life.pause()]);
  assert.deepEqual(events, ["bind"], "it was never listed");
  await Promise.all([life.resume(), life.pause(), life.resume()]);
  assert.equal(events.at(-1), "in 10.0.0.1:80");
  await Promise.all([life.stop(), assert.rejects(life.pause(), /only a server that is started and not stopped/)]);
});

test("a start that fails says why, is not listed, and cannot be paused", async () => {
  const refused = new Error("no such tenant");
  register = () => Promise.reject(refused);
  const life = lifeOf();
  await assert.rejects(life.start(), refused);
  assert.deepEqual(events, ["bind", "health true", "health false"]);
  await assert.rejects(life.resume(), /only a server that is started/);
  await life.stop();
  const unbound = lifeOf({ bind: () => Promise.reject(refused) });
  await assert.rejects(unbound.start(), refused);
});

test("a refusal at resume leaves it paused, with the reason", async () => {
  const life = lifeOf();
  await life.start();
  await life.pause();
  const good = register;
  register = () => Promise.reject(new Error("no such tenant"));
  await assert.rejects(life.resume(), /no such tenant/);
  assert.equal(events.at(-1), "health false");
  register = good;
  await life.resume();
  await life.stop();
});

test("a stop before the start, and while it starts, is obeyed: nothing is listed", async () => {
  const never = lifeOf();
  await never.stop();
  await assert.rejects(never.start(), /was stopped before it was started/);
  assert.deepEqual(events, []);
  const early = lifeOf();
  await Promise.all([early.start(), early.stop()]);
  assert.deepEqual(events, ["bind", "close"]);
});

test("a register that never answers keeps neither start() nor stop(), and is taken out when it answers after all", async () => {
  let answer!: (late: Registration) => void;
  register = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const life = lifeOf({}, { drainMs: 0, waitMs: 100 });
  await life.start();
  assert.match(
    warnings().join("\n"),
    /10\.0\.0\.1:80 cannot be registered yet: no answer in 3000 ms; registering goes on/,
  );
  await life.stop();
  assert.match(warnings().join("\n"), /may still be listed: no answer in 50 ms; going on without/);
  const gone = new Promise<void>((resolve) => {
    deregister = async () => resolve();
  });
  answer(registration());
  await gone;
});

test("a registry that is refused in the background is an error line", async () => {
  let refuse!: (error: Error) => void;
  register = () =>
    new Promise((_, reject) => {
      refuse = reject;
    });
  const life = lifeOf({}, { drainMs: 0, waitMs: 0 });
  await life.start();
  refuse(new Error("no such tenant"));
  await new Promise(setImmediate);
  assert.match(lines.at(-1)!, /^error 10\.0\.0\.1:80 cannot be registered: no such tenant/);
  await life.stop();
});

test("stop() ends whatever hangs: deregister, health, close, kill", async () => {
  deregister = () => forever;
  const life = lifeOf(
    {
      health: (serving) => (serving ? undefined : forever),
      close: () => forever,
      kill: () => forever,
    },
    // Long enough that some of it is left for health(false) on a busy machine, where it is warned about.
    { drainMs: 10, waitMs: 2_000 },
  );
  await life.start();
  await life.stop();
  assert.match(
    warnings().join("\n"),
    /may still be listed[\s\S]*health\(false\) has not ended[\s\S]*kill has not ended/,
  );
});

test("a stop that comes while a pause waits for its registry has its own limit", async () => {
  deregister = () => forever;
  const life = lifeOf({}, { drainMs: 0, waitMs: 20 });
  await life.start();
  const paused = assert.rejects(life.pause(), /only a server that is started and not stopped/);
  await Promise.all([life.stop(), paused]);
  assert.match(warnings()[0]!, /may still be listed: no answer in 10 ms/);
});

test("a hook that throws is logged, and the stop goes on; one of health(true) fails the start", async () => {
  const broken = () => {
    throw new Error("broken");
  };
  deregister = () => Promise.reject(new Error("broken"));
  const life = lifeOf({ health: (serving) => (serving ? undefined : broken()), close: broken, kill: broken });
  await life.start();
  await life.stop();
  assert.deepEqual(warnings(), [
    "error taking the instance out of paper failed",
    "error health(false) failed",
    "error close() failed",
    "error kill failed",
  ]);
  await assert.rejects(lifeOf({ health: broken }).start(), /broken/);
});

test("what has not ended in time is killed", async () => {
  const life = lifeOf({ close: () => forever }, { drainMs: 0, waitMs: 30 });
  await life.start();
  await life.stop();
  assert.deepEqual(events.slice(-2), ["health false", "kill"]);
});

test("close() may return anything; only a promise or a server is waited for, and a server that is closed already is not", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  await once(closed.close(), "close");
  for (const returned of [closed, undefined, null, true, 5, "closed", {}]) {
    events = [];
    const life = lifeOf({ close: () => returned as never }, { drainMs: 0, waitMs: 600_000 });
    await life.start();
    await life.stop();
    assert.equal(events.at(-1), "health false", "it was not killed");
  }
  assert.deepEqual(warnings(), []);
});

test("every change of the reason why it is not listed is one warning, and its end one line", async () => {
  const listed = registration(false, new Error("connection refused"));
  register = async () => listed;
  const life = lifeOf();
  await life.start();
  listed.emit("lost", new Error("connection refused"));
  listed.emit("lost", new Error("wrong password"));
  listed.emit("lost", new Error("wrong password"));
  listed.emit("lost", new Error("no space"));
  listed.emit("restored");
  listed.emit("lost", new Error("no space"));
  assert.deepEqual(lines, [
    "warn 10.0.0.1:80 cannot be registered yet: connection refused; retrying",
    "warn 10.0.0.1:80 is not listed: wrong password; retrying",
    "warn 10.0.0.1:80 is not listed: no space; retrying",
    "info 10.0.0.1:80 is listed in paper again",
    "warn 10.0.0.1:80 is not listed: no space; retrying",
  ]);
  await life.stop();
  listed.emit("lost", new Error("taken out"));
  assert.ok(!lines.some((line) => /taken out/.test(line)), "a registration that was ended is not followed");
});

test("without a registry it serves all the same", async () => {
  const life = new ServerLife(
    undefined,
    { bind: () => ({ instance: { address: "10.0.0.1:80" } }) },
    { drainMs: 0, waitMs: 0 },
    false,
  );
  await life.start();
  assert.equal(life.address, "10.0.0.1:80");
  await life.stop();
});
