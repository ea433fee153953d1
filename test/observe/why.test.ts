import assert from "node:assert/strict";
import { test } from "node:test";
import { P2cEwma } from "../../src/balancer/p2c/p2c-ewma.js";
import { FlightRecorder } from "../../src/observe/decisions/recorder.js";
import { why, whyInOneSentence } from "../../src/observe/decisions/why.js";
import type { CalledInstance } from "../../src/observe/state.js";

/** What an instance of the played fleet is like. */
interface Nature {
  readonly ms?: number;
  readonly failing?: number;
  readonly distance?: number;
  readonly weight?: number;
  readonly setAside?: string;
}

/** Plays calls over a fleet in virtual time, by the real balancer and the real recorder, four in flight at a time. */
function play(fleet: Readonly<Record<string, Nature>>, calls = 3_000) {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  let now = 0;
  const recorder = new FlightRecorder();
  const channel = { id: 1, service: "order.rpc", setAside: [] };
  let decision = -1;
  const balancer = new P2cEwma<string>({
    now: () => now,
    random,
    distance: (id) => fleet[id]!.distance ?? 1,
    weight: (id) => fleet[id]!.weight ?? 1,
    onPick: (...nodes) => {
      const [chosen, first, second, remembered, kind] = nodes;
      decision = recorder.picked(channel, kind, chosen, first, second, remembered);
    },
  });
  balancer.set(Object.keys(fleet).filter((id) => fleet[id]!.setAside === undefined));
  const running: { at: number; end: () => void }[] = [];
  for (let i = 0; i < calls; i++) {
    now += 5;
    running.sort((a, b) => a.at - b.at);
    while (running[0] && running[0].at <= now) running.shift()!.end();
    const node = balancer.pick(undefined, "/order.Order/Get")!;
    const mine = decision;
    recorder.at(mine, now);
    node.started("/order.Order/Get");
    const { ms = 10, failing = 0 } = fleet[node.key]!;
    const took = ms * (0.5 + random());
    const ok = random() >= failing;
    running.push({
      at: now + took,
      end: () => {
        node.ended(took, ok, "/order.Order/Get");
        recorder.ended(mine, ok ? 0 : 14, ok, took);
      },
    });
  }
  const instances = Object.entries(fleet).map(
    ([id, { distance = 1, setAside }]) =>
      ({
        id,
        address: id,
        zone: distance > 1 ? "z2" : "z1",
        ready: setAside === undefined,
        setAside,
      }) as CalledInstance,
  );
  const decisions = recorder.decisions(channel);
  return { service: { service: "order.rpc", instances }, decisions };
}

test("a fleet with one failing, one slow and one far instance: each reason is named, of the right one", () => {
  const { service, decisions } = play({
    good: {},
    failing: { failing: 0.6 },
    slow: { ms: 120 },
    far: { distance: 2 },
    gone: { setAside: "says that it does not serve" },
  });
  const lines = why(service, decisions);
  const of = (name: string) =>
    lines.find((line) => new RegExp(`to ${name}\\b`).test(line)) ?? assert.fail(lines.join("\n"));
  assert.match(of("failing"), /because it fails \d+ %/);
  assert.doesNotMatch(of("failing"), /slow|zone/);
  assert.match(of("slow"), /because it is slow \(.* ms, others .* ms\)/);
  assert.doesNotMatch(of("slow"), /fails|zone/);
  assert.match(of("far"), /it is in another zone \(z2\)/);
  assert.doesNotMatch(of("far"), /fails|slow/);
  assert.equal(of("gone"), "none to gone: it says that it does not serve");
  assert.match(of("good"), /^\d+ % to good because /);
  assert.match(lines[0]!, /to good/, "the largest share first");
  const sentence = whyInOneSentence(service, decisions);
  assert.match(sentence, /^\d+ % to good because /);
  assert.match(sentence, /failing fails \d+ %/);
  assert.match(sentence, /far is in another zone/);
});

test("equals get no reasons", () => {
  const { service, decisions } = play({ a: {}, b: {}, c: {} });
  for (const line of why(service, decisions)) assert.match(line, /^\d+ % to [abc]$|find out/, line);
  assert.match(whyInOneSentence(service, decisions), /the instances do alike/);
});

test("one with little weight is said to have it", () => {
  const { service, decisions } = play({ a: {}, b: {}, light: { weight: 0.2 } });
  const line = why(service, decisions).find((one) => one.includes("to light"))!;
  assert.match(line, /^\d+ % to light(?! because others)/);
});

test("nothing recorded is said as such, and who is set aside", () => {
  const { service } = play({ a: {}, b: { setAside: "is being connected to" } }, 1);
  assert.deepEqual(why(service, []), ["no call to order.rpc has been recorded", "none to b: it is being connected to"]);
});

test("where keys decide, that is said, how calls were shared, and who failed: nobody is told that nothing was recorded", () => {
  const one = (id: string, calls: number, failures = 0) =>
    ({ id, calls, failures, share: calls / 100, ready: true }) as CalledInstance;
  const service = {
    service: "order.rpc",
    policy: "consistent_hash",
    instances: [
      one("a", 30),
      one("b", 70, 7),
      { ...one("c", 0), ready: false, setAside: "says that it does not serve" },
    ],
  };
  assert.match(whyInOneSentence(service, []), /each call goes to the instance that its key belongs to/);
  assert.deepEqual(why(service, []), [
    "70 % to b, which failed 10 % of them",
    "30 % to a",
    "none to c: it says that it does not serve",
  ]);
});
