import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { ConsistentHash } from "../../src/balancer/hashing/consistent-hash.js";
import { withHashKey } from "../../src/index.js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopProgram, interopSkipReason } from "../support/real-parts/gozero.js";
import { until } from "../support/until.js";
import { type EchoClient, say } from "./echo.js";
import { fleet } from "./fleet.js";

const skip = interopSkipReason();
const KEYS = 10_000;

test("of 10,000 random keys Go and Node choose the same instance for each, whoever joined and left before", {
  skip,
}, async (t) => {
  const goRing = startGoRing(t);
  const random = seeded(1);
  const keys = Array.from({ length: KEYS }, () => randomKey(random));
  const ring = new ConsistentHash<string>();
  const members = new Set<string>();
  for (const size of [2, 3, 5, 8, 13, 21, 32, 40, 31, 17, 9, 4, 2]) {
    // As many join and leave as it takes, and one more of each.
    const leaving = [...members].sort(() => random() - 0.5).slice(0, Math.max(1, members.size - size + 1));
    for (const member of leaving) members.delete(member);
    while (members.size < size) members.add(randomAddress(random));
    ring.set(members);
    const theirs = await goRing({ addresses: [...members], keys });
    const differing = keys.filter((key, i) => ring.pick(key) !== theirs[i]);
    assert.deepEqual(differing, [], `${size} instances`);
  }
});

test("a Go and a Node client with the same key reach the same instance", {
  skip: skip || etcdSkipReason(),
  timeout: 120_000,
}, async (t) => {
  const { serverProcess, server, nodeClient, gozeroClient } = await fleet(t);
  const members = await Promise.all([serverProcess("go-zero"), serverProcess("go-zero"), server(), server()]);
  const ring = new ConsistentHash<string>();
  ring.set(members.map(({ address }) => address));
  const client = await nodeClient("BalancerName: consistent_hash\nHashKey: { Metadata: x-user-id }");
  await until(async () => (await reached(client, 40)).size === members.length, "the Node client knows all");
  for (const key of ["user-1", "user-2", "Übung ✓", "7"]) {
    const expected = ring.pick(key)!;
    const fromGo = gozeroClient("BalancerName: consistent_hash", "-hash-key", key, "-rate", "200");
    await fromGo.settleOn(expected);
    const { instance, metadata } = await withHashKey(key, () => say(client));
    assert.equal(instance, expected, key);
    assert.deepEqual(
      Object.keys(metadata).filter((name) => name.includes("hash")),
      [],
      "the key is not sent",
    );
    if (/[^ -~]/.test(key)) continue;
    const named = new grpc.Metadata();
    named.set("x-user-id", key);
    assert.equal((await say(client, {}, named)).instance, expected, key);
  }
});

/** Who answers calls with so many different keys. */
async function reached(client: EchoClient, keys: number): Promise<Set<string>> {
  const instances = new Set<string>();
  for (let key = 0; key < keys; key++) {
    instances.add((await withHashKey(`any-${key}`, () => say(client))).instance);
  }
  return instances;
}

test("without a key the caller is told what is missing, where go-zero's gets INTERNAL", {
  skip: skip || etcdSkipReason(),
  timeout: 120_000,
}, async (t) => {
  const { server, nodeClient, gozeroClient } = await fleet(t);
  await server();
  const fromGo = await gozeroClient("BalancerName: consistent_hash", "-calls", "1").next();
  assert.equal(fromGo.code, "Internal");
  const client = await nodeClient("BalancerName: consistent_hash");
  await assert.rejects(say(client), { code: grpc.status.INVALID_ARGUMENT, details: /needs a key .* withHashKey/ });
});

/** go-zero's own picker: one line of JSON for each question. */
function startGoRing(t: TestContext): (question: { addresses: string[]; keys: string[] }) => Promise<string[]> {
  const child = spawn(interopProgram("gozero-ring"), { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async (question) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value } = await lines.next();
    return (JSON.parse(value as string) as { choices: string[] }).choices;
  };
}

function randomKey(random: () => number): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789-_/:äßЖ漢🙂".match(/./gu)!;
  const length = 1 + Math.floor(random() * 40);
  return Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join("");
}

function randomAddress(random: () => number): string {
  const part = () => Math.floor(random() * 256);
  return `10.${part()}.${part()}.${part()}:${1_024 + Math.floor(random() * 60_000)}`;
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
