import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import type { Registration } from "../registry.js";
import { lifeOf, paper, registration, warnings } from "../testing/paper-registry.js";

const forever = new Promise<never>(() => {});

test("a register that never answers keeps neither start() nor stop(), and is taken out when it answers after all", async () => {
  let answer!: (late: Registration) => void;
  paper.register = () =>
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
    paper.deregister = async () => resolve();
  });
  answer(registration());
  await gone;
});

test("a registry that is refused in the background is an error line", async () => {
  let refuse!: (error: Error) => void;
  paper.register = () =>
    new Promise((_, reject) => {
      refuse = reject;
    });
  const life = lifeOf({}, { drainMs: 0, waitMs: 0 });
  await life.start();
  refuse(new Error("no such tenant"));
  await new Promise(setImmediate);
  assert.match(paper.lines.at(-1)!, /^error 10\.0\.0\.1:80 cannot be registered: no such tenant/);
  await life.stop();
});

test("stop() ends whatever hangs: deregister, health, close, kill", async () => {
  paper.deregister = () => forever;
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
  paper.deregister = () => forever;
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
  paper.deregister = () => Promise.reject(new Error("broken"));
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

test("a stop that comes while the server waits to listen ends in time as well, and so does its start()", async () => {
  const life = lifeOf({ bind: () => forever }, { drainMs: 0, waitMs: 30 });
  const starting = life.start();
  await life.stop();
  await starting;
  assert.deepEqual(paper.events, ["kill"]);
  let listens = (_bound: { instance: { address: string } }) => {};
  const slow = lifeOf({ bind: () => new Promise((resolve) => (listens = resolve)) }, { drainMs: 0, waitMs: 600_000 });
  void slow.start();
  const stopping = slow.stop();
  listens({ instance: { address: "10.0.0.1:80" } });
  await stopping;
  assert.deepEqual(paper.events, ["kill", "close"], "what listens in time is closed, and was never listed");
});

test("a registry that gives no registration fails the start by its name", async () => {
  for (const given of [undefined, {}, registration]) {
    paper.register = async () => given as never;
    await assert.rejects(lifeOf().start(), /register\(\) of the backend "paper" gives is .*; expected a Registration/);
  }
});

test("what has not ended in time is killed", async () => {
  const life = lifeOf({ close: () => forever }, { drainMs: 0, waitMs: 30 });
  await life.start();
  await life.stop();
  assert.deepEqual(paper.events.slice(-2), ["health false", "kill"]);
});

test("close() may return anything; only a promise or a server is waited for, and a server that is closed already is not", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  await once(closed.close(), "close");
  for (const returned of [closed, undefined, null, true, 5, "closed", {}]) {
    paper.events = [];
    const life = lifeOf({ close: () => returned as never }, { drainMs: 0, waitMs: 600_000 });
    await life.start();
    await life.stop();
    assert.equal(paper.events.at(-1), "health false", "it was not killed");
  }
  assert.deepEqual(warnings(), []);
});
