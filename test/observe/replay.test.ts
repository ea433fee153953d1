import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { channelOf, createClient } from "../../src/index.js";
import { parseRecording, type Recording, recordingOf } from "../../src/observe/decisions/recording.js";
import { type Outlook, outlookOf } from "../../src/observe/decisions/replay/outlook.js";
import { replay } from "../../src/observe/decisions/replay/replay.js";
import { EchoClient, say, startBareEcho } from "../support/echo.js";

const servers: Awaited<ReturnType<typeof startBareEcho>>[] = [];
let client: EchoClient;
let recording: Recording;

/** Milliseconds that the handlers take, longer at times. */
function workOf(i: number, slow: boolean): number {
  const usual = 5 + ((i * 7) % 20);
  return slow && i % 3 === 0 ? usual * 4 : usual;
}

before(async () => {
  for (let i = 0; i < 4; i++) servers.push(await startBareEcho());
  client = createClient(EchoClient, {
    Endpoints: servers.map(({ address }) => address),
    HealthCheck: false,
    Timeout: 0,
  });
  let n = 0;
  const caller = async (who: number) => {
    for (let i = 0; i < 150; i++) await say(client, { delayMs: workOf(n++, who === 0) });
  };
  await Promise.all(Array.from({ length: 8 }, (_, who) => caller(who)));
  const channel = channelOf(client)!;
  recording = parseRecording(JSON.stringify(recordingOf(channel.stats()!, channel.decisions())));
});

after(() => {
  client.close();
  for (const server of servers) server.stop();
});

function near(what: keyof Outlook, predicted: Outlook, recorded: Outlook): void {
  const [a, b] = [predicted[what] as number, recorded[what] as number];
  assert.ok(Math.abs(a - b) <= 0.1 * b, `${what}: ${a.toFixed(2)} predicted, ${b.toFixed(2)} recorded`);
}

test("under the recorded settings, of real calls, the prediction is within a tenth of what was", () => {
  const recorded = outlookOf(recording);
  const predicted = replay(recording);
  assert.equal(recorded.calls, 1_200);
  assert.equal(predicted.calls, recorded.calls);
  for (const what of ["meanMs", "medianMs", "p90Ms"] as const) near(what, predicted, recorded);
  for (const [id, share] of Object.entries(recorded.shares)) {
    assert.ok(Math.abs(predicted.shares[id]! - share) < 0.05, `${id}: ${predicted.shares[id]} for ${share}`);
  }
});

test("the same seed predicts the same", () => {
  assert.deepEqual(replay(recording, { seed: 3 }), replay(recording, { seed: 3 }));
});

/** Two fast instances and one that takes ten times as long, recorded while each got a third. */
function played(): Recording {
  const instances = ["a", "b", "slow"].map((id) => ({
    id,
    address: id,
    zone: id === "b" ? "z2" : "z1",
    weight: 1,
    distance: 1,
  }));
  const decisions = Array.from({ length: 3_000 }, (_, i) => {
    const { id } = instances[i % 3]!;
    const parts = { load: 1, expectedMs: 10, failureRate: 0, distance: 1, share: 1, inFlight: 1 };
    return {
      seq: i,
      at: i * 10,
      service: "s",
      method: "/s/m",
      instance: id,
      compared: instances.map((one) => ({ instance: one.id, ...parts })),
      probe: false,
      attempt: 1,
      outcome: "ok" as const,
      code: 0,
      latencyMs: (id === "slow" ? 100 : 10) * (0.5 + ((i * 37) % 100) / 100),
    };
  });
  return { schema: 1, service: "s", recordedAt: 0, zone: "", subset: 0, instances, decisions };
}

test("other settings: round_robin, weights, a zone, a subset and hedging each do what they do", () => {
  const own = played();
  const p2c = replay(own);
  const turns = replay(own, { policy: "round_robin" });
  assert.ok(p2c.shares.slow! < 0.1 && p2c.meanMs < turns.meanMs / 2, "p2c_ewma avoids the slow one");
  assert.ok(Math.abs(turns.shares.slow! - 1 / 3) < 0.01);
  assert.ok(Math.abs(turns.meanMs - outlookOf(own).meanMs) < 0.1 * turns.meanMs, "round_robin is what was recorded");
  const weighed = replay(own, { weights: { a: 3 } });
  assert.ok(weighed.shares.a! > p2c.shares.a! + 0.1, "more weight, more calls");
  const zoned = replay(own, { zone: "z1" });
  assert.ok(zoned.shares.a! > 0.8, `its own zone first: ${zoned.shares.a}`);
  assert.equal(Object.keys(replay(own, { subset: 2 }).shares).length, 2);
  const hedged = replay(own, { policy: "round_robin", hedgeMs: 30 });
  assert.ok(hedged.hedges > 500 && hedged.p99Ms < turns.p99Ms * 0.8, JSON.stringify(hedged));
});

test("a copy that lost says how long its instance took at least: one that always loses is avoided as without hedging", () => {
  const hedged = replay(played(), { hedgeMs: 30 });
  assert.ok(hedged.hedges > 0 && hedged.shares.slow! < 0.1, JSON.stringify(hedged));
});

test("what cannot be replayed is refused with its reason", () => {
  assert.throws(() => replay({ ...played(), decisions: [] }), /no call that has ended/);
  assert.throws(() => replay(played(), { policy: "random" as never }), /expected p2c_ewma or round_robin/);
  assert.throws(() => replay(played(), { hedgeMs: -1 }), /hedgeMs is -1/);
  assert.throws(() => parseRecording("{"), /is not JSON/);
  assert.throws(() => parseRecording('{"schema":2}'), /schema is 2; expected 1/);
  for (const nothing of ["null", "5", "[]", "{}"]) assert.throws(() => parseRecording(nothing), /schema is nothing/);
  const damaged = (change: (one: Record<string, unknown>) => void, list: "decisions" | "instances") => () => {
    const copy = JSON.parse(JSON.stringify(recording));
    change(copy[list][1]);
    return parseRecording(JSON.stringify(copy));
  };
  for (const latencyMs of [-1, "x", 1e300, null]) {
    const wrong = damaged((one) => Object.assign(one, { latencyMs }), "decisions");
    assert.throws(wrong, /the recording is damaged: decisions\[1\] is none/);
  }
  assert.throws(
    damaged((one) => Reflect.deleteProperty(one, "at"), "decisions"),
    /decisions\[1\]/,
  );
  assert.throws(
    damaged((one) => Object.assign(one, { weight: 0 }), "instances"),
    /instances\[1\]/,
  );
});
