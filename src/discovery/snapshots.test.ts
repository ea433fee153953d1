import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import { setLogger, setLogLevel } from "../log.js";
import type { Target } from "../registry.js";
import { fileNameOf } from "./snapshot-file.js";
import { defaultDir, Snapshots } from "./snapshots.js";

const root = mkdtempSync(join(tmpdir(), "rollcall-snapshots-"));
let lines: string[] = [];
let number = 0;
let dir: string;

beforeEach(() => {
  number += 1;
  dir = join(root, String(number));
  lines = [];
  const note = (_facts: object, message: string) => void lines.push(message);
  setLogger({ debug: () => {}, info: note, warn: note, error: note });
});
afterEach(() => setLogLevel("silent"));
after(() => rmSync(root, { recursive: true, force: true }));

function target(service: string, params = {}): Target {
  return { scheme: "etcd", hosts: ["10.0.0.9:2379", "10.0.0.8:2379"], service, params };
}

function set(...addresses: string[]) {
  const instances = addresses.map((address) => {
    return { instance: { address, zone: "a" }, addresses: [{ host: address.replace(/:.*/, ""), port: 8080 }] };
  });
  return { instances, at: Date.now(), services: ["shop.Order"] };
}

/** Written and flushed; the path of the file. */
async function written(of: Target, snapshots = new Snapshots({ dir })): Promise<string> {
  snapshots.keep(of, set("10.0.0.1:8080", "10.0.0.2:8080"));
  await snapshots.flush();
  return join(dir, fileNameOf(of));
}

test("another process finds the set that was kept, marked as unconfirmed, whatever the order of the hosts", async () => {
  const order = target(`order-${number}`);
  await written(order);
  const found = await new Snapshots({ dir }).read({ ...order, hosts: [...order.hosts].reverse() });
  assert.deepEqual(found?.instances, set("10.0.0.1:8080", "10.0.0.2:8080").instances);
  assert.deepEqual([found?.services, found?.unconfirmed], [["shop.Order"], true]);
  assert.equal(await new Snapshots({ dir }).read(target("other")), undefined);
  assert.deepEqual(lines, []);
});

test("only the user may read it, and nothing secret is in its name or its text", async () => {
  const order = target(`secret-${number}`, { user: "shop", pass: "hunter2" });
  const snapshots = new Snapshots({ dir });
  const instance = { address: "10.0.0.1:8080", metadata: { version: "1", token: "hunter3" } };
  snapshots.keep(order, { instances: [{ instance, addresses: [{ host: "10.0.0.1", port: 1 }] }], at: Date.now() });
  await snapshots.flush();
  const file = join(dir, fileNameOf(order));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(dir).mode & 0o777, 0o700);
  assert.doesNotMatch(readFileSync(file, "utf8"), /hunter/);
  assert.equal(fileNameOf(order), fileNameOf({ ...order, params: { user: "shop", pass: "another" } }));
});

test("what is damaged, truncated, foreign, from the future, too old or writable by others is not used, in one line", async () => {
  const order = target(`damaged-${number}`);
  const file = await written(order);
  const good = readFileSync(file, "utf8");
  const read = () => new Snapshots({ dir, maxAgeMs: 60_000 }).read(order);
  const future = new Snapshots({ dir });
  for (const [bad, why] of [
    ["", /damaged or was not written whole/],
    [good.slice(0, -20), /damaged/],
    [good.replace("10.0.0.1", "10.6.6.6"), /damaged/],
    ["\0\0\0\0", /damaged/],
  ] as const) {
    lines = [];
    writeFileSync(file, bad);
    assert.equal(await read(), undefined);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^the snapshot of "damaged-\d+" is not used: /);
    assert.match(lines[0]!, why);
  }
  writeFileSync(file, good);
  assert.notEqual(await read(), undefined);

  chmodSync(file, 0o666);
  assert.equal(await read(), undefined);
  assert.match(lines.at(-1)!, /others may have written it/);
  chmodSync(file, 0o600);

  rmSync(file);
  mkdirSync(file, { mode: 0o700 });
  assert.equal(await read(), undefined);
  assert.match(lines.at(-1)!, /it is no file/);
  rmdirSync(file);

  future.keep(order, { ...set("10.0.0.1:8080"), at: Date.now() - 3_600_000 });
  await future.flush();
  assert.equal(await read(), undefined);
  assert.match(lines.at(-1)!, /older than 60 s/);
});

test("a snapshot of another target or a later format is not used", async () => {
  const order = target(`foreign-${number}`);
  const file = await written(order);
  const { createHash } = await import("node:crypto");
  const [, json] = readFileSync(file, "utf8").split("\n");
  const put = (changed: string) =>
    writeFileSync(file, `${createHash("sha256").update(changed).digest("hex")}\n${changed}\n`);
  put(json!.replace('"format":1', '"format":9'));
  assert.equal(await new Snapshots({ dir }).read(order), undefined);
  assert.match(lines.at(-1)!, /its format is 9; this version reads 1/);
  put(json!.replace(`"service":"${order.service}"`, '"service":"stock"'));
  assert.equal(await new Snapshots({ dir }).read(order), undefined);
  assert.match(lines.at(-1)!, /of another target/);
});

test("nobody is not kept: the set before it is a better start", async () => {
  const order = target(`empty-${number}`);
  await written(order);
  const snapshots = new Snapshots({ dir });
  snapshots.keep(order, { instances: [], at: Date.now() });
  await snapshots.flush();
  assert.equal((await new Snapshots({ dir }).read(order))?.instances.length, 2);
});

test("changes are coalesced: the last one counts, and no other file is left beside it", async () => {
  const order = target(`many-${number}`);
  const snapshots = new Snapshots({ dir });
  for (let i = 1; i <= 100; i++) snapshots.keep(order, set(`10.0.0.${i}:8080`));
  await snapshots.flush();
  assert.deepEqual(readdirSync(dir), [fileNameOf(order)]);
  assert.equal((await new Snapshots({ dir }).read(order))?.instances[0]?.instance.address, "10.0.0.100:8080");
});

test("processes that share a folder never leave an unreadable file", async () => {
  const order = target(`shared-${number}`);
  const stores = Array.from({ length: 8 }, () => new Snapshots({ dir }));
  for (let round = 0; round < 10; round++) {
    await Promise.all(
      stores.map((store, i) => {
        store.keep(order, set(`10.0.${i}.${round}:8080`));
        return store.flush();
      }),
    );
    assert.match(
      (await new Snapshots({ dir }).read(order))!.instances[0]!.instance.address,
      new RegExp(`\\.${round}:8080$`),
    );
  }
  assert.deepEqual(lines, []);
});

test("the folder is bounded, and what dead processes left half written is taken out", async () => {
  await written(target(`first-${number}`));
  for (let i = 0; i < 600; i++) {
    const file = join(dir, `${i}.snapshot`);
    writeFileSync(file, "x");
    utimesSync(file, 1_000 + i, 1_000 + i);
  }
  const left = join(dir, "dead.snapshot.tmp");
  writeFileSync(left, "half");
  utimesSync(left, 1_000, 1_000);
  const file = await written(target(`last-${number}`));
  const names = readdirSync(dir);
  assert.equal(names.length, 512);
  assert.ok(names.includes(fileNameOf(target(`last-${number}`))), file);
  assert.ok(!names.includes("dead.snapshot.tmp"));
});

test("a folder that cannot be written to is said once, and disturbs nobody", async () => {
  const inTheWay = join(root, `file-${number}`);
  writeFileSync(inTheWay, "");
  const snapshots = new Snapshots({ dir: join(inTheWay, "below") });
  for (let i = 0; i < 3; i++) {
    snapshots.keep(target("order"), set("10.0.0.1:8080"));
    await snapshots.flush();
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^snapshots cannot be written: /);
});

test("a file that cannot be written keeps no other from it, and is said once", async () => {
  const inTheWay = join(dir, fileNameOf(target(`way-${number}`)));
  mkdirSync(inTheWay, { recursive: true });
  const left = join(dir, "dead.snapshot.tmp");
  writeFileSync(left, "half");
  utimesSync(left, 1_000, 1_000);
  const snapshots = new Snapshots({ dir });
  const services = [`way-${number}`, `b-${number}`, `c-${number}`];
  for (let i = 1; i <= 3; i++) {
    for (const service of services) snapshots.keep(target(service), set(`10.0.0.${i}:8080`));
    await snapshots.flush();
    // One that goes well does not make the other one new.
    snapshots.keep(target(services[1]!), set(`10.0.0.${i}:8080`));
    await snapshots.flush();
    for (const service of services.slice(1)) {
      const found = await new Snapshots({ dir }).read(target(service));
      assert.equal(found?.instances[0]?.instance.address, `10.0.0.${i}:8080`);
    }
  }
  assert.deepEqual(
    lines.map((line) => line.replace(/: E[A-Z]+: [^;]*/, ": why")),
    ["snapshots cannot be written: why; a start without the registry will know nobody"],
  );
  assert.ok(!readdirSync(dir).includes("dead.snapshot.tmp"), "the folder is tidied all the same");
  rmdirSync(inTheWay);
  snapshots.keep(target(services[0]!), set("10.0.0.9:8080"));
  await snapshots.flush();
  assert.ok(await new Snapshots({ dir }).read(target(services[0]!)));
});

test("what cannot be taken out of the folder keeps nothing else in it", async () => {
  await written(target(`first-${number}`));
  for (let i = 0; i < 514; i++) {
    const file = join(dir, `${i}.snapshot`);
    // The first that is taken out, of the four that are.
    if (i === 3) mkdirSync(file);
    else writeFileSync(file, "x");
    utimesSync(file, 1_000 + i, 1_000 + i);
  }
  await written(target(`last-${number}`));
  assert.equal(readdirSync(dir).length, 513);
});

test("what is old and cannot be removed is said once, in its own words, however often it is tried", async () => {
  const left = join(dir, "left.tmp");
  mkdirSync(left, { recursive: true });
  utimesSync(left, 1, 1);
  const snapshots = new Snapshots({ dir });
  // Each is enough to look at the folder again.
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 64; i++) snapshots.keep(target(`tidy-${number}-${i}`), set());
    await snapshots.flush();
  }
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0]!, /^old snapshots cannot be removed: [^;]+$/);
});

test("while a write takes long, what is kept waits for one more, which writes the newest of it", async (t) => {
  const order = target(`slow-${number}`);
  const snapshots = new Snapshots({ dir });
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  t.mock.method(fs, "mkdir", () => slow.then(() => mkdirSync(dir, { recursive: true })), { times: 1 });
  syncBuiltinESMExports();
  t.after(syncBuiltinESMExports);
  const first = snapshots.flush();
  const later = [];
  for (let i = 1; i <= 100; i++) {
    snapshots.keep(order, set(`10.0.0.${i}:8080`));
    later.push(snapshots.flush());
  }
  assert.equal(new Set(later).size, 1, "one write waits, however many sets are kept meanwhile");
  release();
  await Promise.all([first, ...later]);
  assert.equal((await new Snapshots({ dir }).read(order))?.instances[0]?.instance.address, "10.0.0.100:8080");
});

test("a set that is too large to be kept is said once, and the others are kept", async () => {
  const snapshots = new Snapshots({ dir });
  const addresses = Array.from({ length: 3 }, (_, i) => `10.0.0.${i}:8080`);
  const large = { ...set(...addresses), services: Array.from({ length: 300 }, () => "x".repeat(30_000)) };
  for (let i = 0; i < 3; i++) {
    snapshots.keep(target(`large-${number}`), large);
    snapshots.keep(target(`small-${number}`), set("10.0.0.1:8080"));
    await snapshots.flush();
  }
  assert.deepEqual(lines, [
    `snapshots cannot be written: the set of "large-${number}" is too large; a start without the registry will know nobody`,
  ]);
  assert.equal((await new Snapshots({ dir }).read(target(`small-${number}`)))?.instances.length, 1);
});

test("the folder is the environment's, else one in the user's cache folder", () => {
  assert.equal(defaultDir({ ROLLCALL_SNAPSHOT_DIR: "/data/snap" }), "/data/snap");
  assert.equal(defaultDir({ ROLLCALL_SNAPSHOT_DIR: "~/snap" }), join(homedir(), "snap"));
  assert.equal(defaultDir({ ROLLCALL_SNAPSHOT_DIR: "~snap" }), "~snap");
  assert.match(defaultDir({ XDG_CACHE_HOME: "/c", LOCALAPPDATA: "/c" }), /rollcall[\\/]snapshots$/);
  assert.equal(defaultDir({ XDG_CACHE_HOME: "", LOCALAPPDATA: "" }), defaultDir({}), "as if it were not set");
});

test("a program that makes up targets as it goes fills the folder no more than others", async () => {
  const snapshots = new Snapshots({ dir });
  await written(target(`made-up-${number}`), snapshots);
  for (let i = 0; i < 600; i++) writeFileSync(join(dir, `${i}.snapshot`), "x");
  for (let i = 0; i < 64; i++) snapshots.keep(target(`made-up-${number}-${i}`), set("10.0.0.1:8080"));
  await snapshots.flush();
  assert.equal(readdirSync(dir).length, 512);
});

test("a set that is too large is not written, whatever its characters: one that is written can be read", async () => {
  const order = target(`large-${number}`);
  const snapshots = new Snapshots({ dir });
  const { instances, at } = set("10.0.0.1:8080");
  const [{ instance, addresses }] = instances as [(typeof instances)[0]];
  const named = (bytes: number) => [
    { instance: { ...instance, metadata: { name: "\u5b57".repeat(bytes / 3) } }, addresses },
  ];
  snapshots.keep(order, { instances: named(6_000_000), at });
  await snapshots.flush();
  assert.ok(await new Snapshots({ dir }).read(order));
  snapshots.keep(order, { instances: named(18_000_000), at });
  await snapshots.flush();
  assert.deepEqual(lines.length, 1);
  assert.match(lines[0]!, /snapshots cannot be written: the set of .* is too large/);
  assert.ok(await new Snapshots({ dir }).read(order), "the set before it stays");
});
