import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { sleep } from "../async/backoff.js";
import { hold } from "../async/hold.js";
import { setLogger, setLogLevel } from "../log.js";
import { Connection } from "./connection.js";
import { EtcdError } from "./errors.js";
import type { Session } from "./session.js";

const lines: string[] = [];
const collect = (_: object, message: string) => void lines.push(message);
before(() => setLogger({ debug: () => {}, info: collect, warn: collect, error: collect }));
beforeEach(() => lines.splice(0));
const release = hold(); // a connection holds no process
after(() => {
  release();
  setLogLevel("silent");
});

class FakeSession {
  readonly host: string;
  readonly ended: Promise<Error>;
  drop!: (reason: Error) => void;

  constructor(host: string) {
    this.host = host;
    this.ended = new Promise((resolve) => {
      this.drop = resolve;
    });
  }
}

/** Hosts that can be taken down, and what was dialled in which order. */
function fakeHosts(hosts: string[], down = new Set<string>(), refusing = new Set<string>()) {
  const dialled: string[] = [];
  const connection = new Connection({ hosts }, async (host, { tokens }) => {
    dialled.push(host);
    if (refusing.has(host)) {
      const wrong = new EtcdError(host, 3, "etcdserver: authentication failed");
      await tokens.renew(undefined, () => Promise.reject(wrong));
    }
    if (down.has(host)) throw new Error(`${host} refuses`);
    return new FakeSession(host) as unknown as Session;
  });
  return { connection, down, dialled };
}

test("a lost session is replaced by the next host's, and everybody shares one", async () => {
  const { connection, dialled } = fakeHosts(["a", "b", "c"]);
  const first = await connection.session();
  assert.equal(await connection.session(), first);
  first.drop(new Error("gone"));
  await first.ended;
  const second = await connection.session();
  assert.notEqual(second.host, first.host);
  assert.equal(dialled.length, 2);
  connection.close();
  await second.ended;
});

test("a fleet that loses its sessions in one moment is back within a second, each process at a moment of its own", async (t) => {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = performance.now();
  t.mock.method(performance, "now", () => now);
  let dialled = 0;
  let sessions: FakeSession[] = [];
  const fleet = Array.from({ length: 500 }, () => {
    return new Connection({ hosts: ["a"] }, async (host) => {
      dialled += 1;
      const session = new FakeSession(host);
      sessions.push(session);
      return session as unknown as Session;
    });
  });
  await Promise.all(fleet.map((one) => one.session()));
  const lost = sessions;
  sessions = [];
  dialled = 0;
  now += 60_000;
  for (const session of lost) session.drop(new Error("gone"));
  await turn();
  const inTenths: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    const before = dialled;
    t.mock.timers.tick(100);
    await turn();
    inTenths.push(dialled - before);
  }
  assert.equal(dialled, 500);
  // 50 are expected in each, with a standard deviation of 7.
  assert.ok(Math.max(...inTenths) < 100, `dialled in each tenth of a second: ${inTenths}`);
  for (const one of fleet) one.close();
});

test("when no host can be used, each was tried once, and the error names them all", async () => {
  const { connection, down, dialled } = fakeHosts(["a", "b"], new Set(["a", "b"]));
  await assert.rejects(connection.session(), /a refuses.*b refuses|b refuses.*a refuses/);
  assert.deepEqual([...dialled].sort(), ["a", "b"]);
  await assert.rejects(connection.session());
  down.delete("b");
  assert.equal((await connection.session()).host, "b");
  assert.equal(lines.length, 2, "one line for the outage, one for its end");
  connection.close();
});

test("closing ends the session, and whoever waits for one is told", async () => {
  const { connection, down } = fakeHosts(["a"]);
  const session = await connection.session();
  down.add("a");
  session.drop(new Error("gone"));
  await session.ended;
  const waiting = connection.session();
  connection.close();
  await assert.rejects(waiting, /closed/);
  assert.deepEqual(lines.slice(0, 2), ["connected to etcd at a", "lost the connection: gone"]);
});

test("a password that one host refuses is not shown to the others of the cluster", async () => {
  const hosts = ["a", "b", "c"];
  const { connection, dialled } = fakeHosts(hosts, new Set(), new Set(hosts));
  await assert.rejects(connection.session(), /authentication failed/);
  await assert.rejects(
    Promise.race([connection.session(), sleep(300).then(() => Promise.reject(new Error("waits")))]),
    /waits/,
  );
  assert.equal(dialled.length, 1);
  connection.close();
});
