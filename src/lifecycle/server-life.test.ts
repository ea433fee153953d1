import assert from "node:assert/strict";
import { test } from "node:test";
import { lifeOf, paper, registration } from "../testing/paper-registry.js";
import { ServerLife } from "./server-life.js";

test("healthy, then listed; at stop taken out, unhealthy, drained, closed, and not killed", async () => {
  const life = lifeOf();
  await life.start();
  const [first, second] = [life.stop(), life.stop()];
  assert.equal(first, second);
  await first;
  assert.deepEqual(paper.events, ["bind", "health true", "in 10.0.0.1:80", "out", "health false", "close"]);
  assert.ok(paper.lines.some((line) => /out of rotation/.test(line)) && paper.lines.at(-1)!.endsWith("stopped"));
});

test("a pause takes it out and a resume puts it back; a paused server is closed without a drain", async () => {
  const life = lifeOf({}, { drainMs: 60_000, waitMs: 60_000 });
  await life.start();
  await Promise.all([life.pause(), life.pause()]);
  await life.resume();
  await life.resume();
  await life.pause();
  paper.events.push("stop");
  await life.stop();
  const again = ["health true", "in 10.0.0.1:80", "out", "health false"];
  assert.deepEqual(paper.events, ["bind", ...again, ...again, "stop", "close"]);
});

test("the last one asked for wins, and nobody waits for ever", async () => {
  const life = lifeOf();
  await Promise.all([life.start(), life.pause(), life.resume(), life.pause()]);
  assert.deepEqual(paper.events, ["bind"], "it was never listed");
  await Promise.all([life.resume(), life.pause(), life.resume()]);
  assert.equal(paper.events.at(-1), "in 10.0.0.1:80");
  await Promise.all([life.stop(), assert.rejects(life.pause(), /only a server that is started and not stopped/)]);
});

test("a start that fails says why, is not listed, and cannot be paused", async () => {
  const refused = new Error("no such tenant");
  paper.register = () => Promise.reject(refused);
  const life = lifeOf();
  await assert.rejects(life.start(), refused);
  assert.deepEqual(paper.events, ["bind", "health true", "health false"]);
  await assert.rejects(life.resume(), /only a server that is started/);
  await life.stop();
  const unbound = lifeOf({ bind: () => Promise.reject(refused) });
  await assert.rejects(unbound.start(), refused);
});

test("a refusal at resume leaves it paused, with the reason", async () => {
  const life = lifeOf();
  await life.start();
  await life.pause();
  const good = paper.register;
  paper.register = () => Promise.reject(new Error("no such tenant"));
  await assert.rejects(life.resume(), /no such tenant/);
  assert.equal(paper.events.at(-1), "health false");
  paper.register = good;
  await life.resume();
  await life.stop();
});

test("a stop before the start, and while it starts, is obeyed: nothing is listed", async () => {
  const never = lifeOf();
  await never.stop();
  await assert.rejects(never.start(), /was stopped before it was started/);
  assert.deepEqual(paper.events, []);
  const early = lifeOf();
  await Promise.all([early.start(), early.stop()]);
  assert.deepEqual(paper.events, ["bind", "close"]);
});

test("every change of the reason why it is not listed is one warning, and its end one line", async () => {
  const listed = registration(false, new Error("connection refused"));
  paper.register = async () => listed;
  const life = lifeOf();
  await life.start();
  listed.emit("lost", new Error("connection refused"));
  listed.emit("lost", new Error("wrong password"));
  listed.emit("lost", new Error("wrong password"));
  listed.emit("lost", new Error("no space"));
  listed.emit("restored");
  listed.emit("lost", new Error("no space"));
  assert.deepEqual(paper.lines, [
    "warn 10.0.0.1:80 cannot be registered yet: connection refused; retrying",
    "warn 10.0.0.1:80 is not listed: wrong password; retrying",
    "warn 10.0.0.1:80 is not listed: no space; retrying",
    "info 10.0.0.1:80 is listed in paper again",
    "warn 10.0.0.1:80 is not listed: no space; retrying",
  ]);
  await life.stop();
  listed.emit("lost", new Error("taken out"));
  assert.ok(!paper.lines.some((line) => /taken out/.test(line)), "a registration that was ended is not followed");
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
