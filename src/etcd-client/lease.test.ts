import assert from "node:assert/strict";
import { test } from "node:test";
import { Lease } from "./lease.js";
import { LeaseService } from "./methods.js";
import type { Session } from "./session.js";

const TTL_SECONDS = 9;
const PERIOD_MS = (TTL_SECONDS * 1_000) / 3;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An etcd that grants and renews, counts renewals, and can be away. */
function fakeEtcd() {
  const etcd = { away: false, renewals: 0, sessions: { session: async () => session } };
  const answer = async (method: unknown) => {
    if (etcd.away) throw new Error("etcd is away");
    if (method !== LeaseService.leaseKeepAlive) return { ID: 7n, TTL: BigInt(TTL_SECONDS) };
    etcd.renewals += 1;
    return { ID: 7n, TTL: BigInt(TTL_SECONDS) };
  };
  const session = { call: answer, exchange: answer } as unknown as Session;
  return etcd;
}

/** Renewals in each tenth of a period. */
async function inTenths(etcd: { renewals: number }, tick: (ms: number) => void): Promise<number[]> {
  const counts: number[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    const before = etcd.renewals;
    tick(PERIOD_MS / 10);
    await turn();
    counts.push(etcd.renewals - before);
  }
  return counts;
}

test("leases granted in one moment are renewed every third of their TTL, each at a moment of its own; also after an outage", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const tick = (ms: number) => t.mock.timers.tick(ms);
  const etcd = fakeEtcd();
  const leases = Array.from({ length: 500 }, () => new Lease(etcd.sessions, TTL_SECONDS));
  await turn();

  const granted = await inTenths(etcd, tick);
  assert.equal(etcd.renewals, 500, "each once in a period");
  assert.ok(Math.max(...granted) < 100, `renewed in each tenth of a period: ${granted}`);

  etcd.away = true;
  await inTenths(etcd, tick);
  etcd.away = false;
  // They try again within a second, all of them; after that they are spread again.
  await inTenths(etcd, tick);
  etcd.renewals = 0;
  const later = await inTenths(etcd, tick);
  assert.equal(etcd.renewals, 500, "each once in a period");
  assert.ok(Math.max(...later) < 100, `renewed in each tenth of a period: ${later}`);
  for (const lease of leases) lease.stop();
});

/** An etcd that grants when the test says so, and notes what it is asked for. */
function slowEtcd() {
  const calls: string[] = [];
  let grant = () => {};
  const session = {
    call: (method: { path: string }) => {
      calls.push(method.path.split("/").at(-1)!);
      if (method !== LeaseService.leaseGrant) return Promise.resolve({});
      return new Promise((resolve) => (grant = () => resolve({ ID: 7n, TTL: BigInt(TTL_SECONDS) })));
    },
    exchange: async () => {
      calls.push("LeaseKeepAlive");
      return { ID: 7n, TTL: BigInt(TTL_SECONDS) };
    },
  } as unknown as Session;
  return { calls, grant: () => grant(), sessions: { session: async () => session } };
}

test("a lease that is stopped just when it is granted is given back, and not renewed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const etcd = slowEtcd();
  const lease = new Lease(etcd.sessions, TTL_SECONDS);
  await turn();
  etcd.grant();
  assert.equal(lease.stop(), undefined, "it has not heard of it");
  await turn();
  t.mock.timers.tick(2 * PERIOD_MS);
  await turn();
  assert.deepEqual(etcd.calls, ["LeaseGrant", "LeaseRevoke"]);
});

test("a lease that is stopped, or found gone, by whoever is told of it is not renewed", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const end of [(lease: Lease) => void lease.stop(), (lease: Lease) => lease.gone(7n)]) {
    const etcd = slowEtcd();
    const lease = new Lease(etcd.sessions, TTL_SECONDS);
    lease.once("changed", () => end(lease));
    await turn();
    etcd.grant();
    await turn();
    t.mock.timers.tick(2 * PERIOD_MS);
    await turn();
    assert.ok(!etcd.calls.includes("LeaseKeepAlive"));
    lease.stop();
  }
});
