import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { etcdctl, etcdctlSkipReason, spawnEtcdctl } from "../support/real-parts/etcdctl.js";
import { type Contract, contract } from "./registries.js";

/** etcdctl with the registry's endpoint; keys are given without the test's prefix. */
const tool =
  ({ registry }: Contract) =>
  (...args: string[]) =>
    etcdctl(registry.endpoint, ...args);

/** Runs etcdctl until the test ends, and reads it line by line. */
function follow({ registry }: Contract, t: TestContext, ...args: string[]) {
  const child = spawnEtcdctl(registry.endpoint, ...args);
  const gone = once(child, "exit");
  t.after(async () => {
    child.kill();
    await gone;
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value as string };
}

contract(
  "etcdctl",
  (promise) => {
    promise("put, get and del", async (contract) => {
      const run = tool(contract);
      const key = (name: string) => contract.key(name).toString();
      assert.equal(await run("put", key("a"), "1"), "OK\n");
      await run("put", key("b"), "2");
      assert.equal(await run("put", key("b"), "3", "--prev-kv"), `OK\n${key("b")}\n2\n`);
      assert.equal(await run("get", key("a")), `${key("a")}\n1\n`);
      assert.equal(await run("get", key(""), "--prefix"), `${key("a")}\n1\n${key("b")}\n3\n`);
      assert.equal(await run("get", key(""), "--prefix", "--order=DESCEND", "--limit=1", "--print-value-only"), "3\n");
      assert.equal(await run("del", key(""), "--prefix"), "2\n");
      assert.equal(await run("get", key(""), "--prefix"), "");
    });

    promise("an older revision, until it is compacted", async (contract) => {
      const run = tool(contract);
      const key = contract.key("a").toString();
      await run("put", key, "old");
      const { revision } = JSON.parse(await run("get", key, "-w=json")).header;
      await run("put", key, "new");
      assert.equal(await run("get", key, `--rev=${revision}`, "--print-value-only"), "old\n");
      assert.equal(await run("compaction", `${revision + 1}`), `compacted revision ${revision + 1}\n`);
      await assert.rejects(run("get", key, `--rev=${revision}`), /required revision has been compacted/);
    });

    promise("a transaction", async (contract, t) => {
      const key = contract.key("a").toString();
      await tool(contract)("put", key, "1");
      const { child, line } = follow(contract, t, "txn");
      child.stdin!.end(`value("${key}") = "1"\n\nput ${key} 2\nget ${key}\n\nput ${key} 3\n\n`);
      const printed = [await line(), await line(), await line(), await line(), await line(), await line()];
      assert.deepEqual(
        printed.filter((text) => text !== ""),
        ["SUCCESS", "OK", key, "2"],
      );
    });

    promise("a lease: grant, time to live, keep alive, list, revoke", async (contract, t) => {
      const run = tool(contract);
      const key = contract.key("a").toString();
      const granted = /^lease ([0-9a-f]+) granted with TTL\(100s\)$/m.exec(await run("lease", "grant", "100"));
      const id = granted![1]!;
      await run("put", key, "v", `--lease=${id}`);
      const told = await run("lease", "timetolive", id, "--keys");
      assert.match(told, new RegExp(`lease ${id} granted with TTL\\(100s\\), remaining\\(\\d+s\\), attached keys`));
      assert.ok(told.includes(key));
      assert.match(
        await run("lease", "keep-alive", "--once", id),
        new RegExp(`lease ${id} keepalived with TTL\\(100\\)`),
      );
      const alive = follow(contract, t, "lease", "keep-alive", id);
      assert.match(await alive.line(), /keepalived with TTL\(100\)/);
      assert.match(await run("lease", "list"), new RegExp(`^${id}$`, "m"));
      assert.equal(await run("lease", "revoke", id), `lease ${id} revoked\n`);
      assert.match(await run("lease", "timetolive", id), /already expired/);
      assert.equal(await run("get", key), "");
      await assert.rejects(run("lease", "revoke", id), /requested lease not found/);
    });

    promise("a watch of a prefix, from the past on", async (contract, t) => {
      const run = tool(contract);
      const key = (name: string) => contract.key(name).toString();
      await run("put", key("a"), "1");
      const { revision } = JSON.parse(await run("get", key("a"), "-w=json")).header;
      const { line } = follow(contract, t, "watch", key(""), "--prefix", `--rev=${revision}`, "--prev-kv");
      const lines = async (count: number) => {
        const read: string[] = [];
        while (read.length < count) read.push(await line());
        return read;
      };
      assert.deepEqual(await lines(3), ["PUT", key("a"), "1"]);
      await run("put", key("a"), "2");
      await run("del", key("a"));
      const seen = (await lines(10)).filter((text) => text !== "");
      assert.deepEqual(seen.slice(0, 5), ["PUT", key("a"), "1", key("a"), "2"]);
      assert.deepEqual(seen.slice(5, 9), ["DELETE", key("a"), "2", key("a")]);
    });

    promise("members, status and health", async (contract) => {
      const run = tool(contract);
      const { endpoint } = contract.registry;
      assert.match(await run("member", "list"), new RegExp(`^[0-9a-f]+, started, .*http://${endpoint}, false$`, "m"));
      assert.match(await run("endpoint", "status"), new RegExp(`^${endpoint}, [0-9a-f]+, 3\\.\\d+\\.\\d+`));
      await run("endpoint", "health"); // says so on standard error, and by its exit status
      assert.equal(JSON.parse(await run("endpoint", "health", "-w=json"))[0].health, true);
    });

    promise("an election lock", async (contract, t) => {
      const name = contract.key("lock").toString();
      const first = follow(contract, t, "lock", name);
      assert.match(await first.line(), new RegExp(`^${name}/[0-9a-f]+$`));
      const second = follow(contract, t, "lock", name);
      const waits = second.line();
      first.child.kill("SIGINT");
      assert.match(await waits, new RegExp(`^${name}/[0-9a-f]+$`));
    });
  },
  { skip: etcdctlSkipReason() },
);
