import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/until.js";
import { A, B, C, Fleet, registry } from "./fleet.js";

test("an instance that is slow gets few exchanges", async (t) => {
  const pool = new Fleet().pool(t, [A, B, C]);
  await until(() => pool.stats().ready === 3, "all are connected");
  const counts = new Map<string, number>();
  const callers = Array.from({ length: 4 }, async () => {
    for (let i = 0; i < 50; i++) {
      await pool.run(async (address) => {
        counts.set(address, (counts.get(address) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, address === A ? 100 : 1));
      });
    }
  });
  await Promise.all(callers);
  assert.ok((counts.get(A) ?? 0) < 40, `the slow one had ${counts.get(A)} of 200`);
});

test("an instance that callers give up waiting for is avoided, and no failure is held against it", async (t) => {
  const pool = new Fleet().pool(t, [A, B, C]);
  await until(() => pool.stats().ready === 3, "all are connected");
  let givenUp = 0;
  for (let i = 0; i < 200; i++) {
    const abort = new AbortController();
    const exchange = pool.run(
      async (address, { signal }) => {
        await new Promise<void>((resolve, reject) => {
          if (address !== A) return setImmediate(resolve);
          signal.addEventListener("abort", () => reject(signal.reason));
          setTimeout(() => abort.abort(), 20);
        });
      },
      { signal: abort.signal },
    );
    await exchange.catch(() => givenUp++);
  }
  assert.ok(givenUp > 0 && givenUp < 30, `${givenUp} of 200 waited for the one that does not answer`);
  assert.ok(pool.stats().instances.every(({ failureRate }) => failureRate === 0));
});

test("an exchange whose time runs out is a failure of its instance, unless that has answered", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  await until(() => pool.stats().ready === 1, "it is connected");
  const exchange = (answers: boolean) => {
    const time = new AbortController();
    setTimeout(() => time.abort(new DOMException("time is over", "TimeoutError")), 20);
    return pool.run(
      async (_address, lease) => {
        if (answers) lease.answered();
        await new Promise((_, reject) => lease.signal.addEventListener("abort", () => reject(lease.signal.reason)));
      },
      { signal: time.signal },
    );
  };
  await assert.rejects(exchange(true), { name: "TimeoutError" });
  assert.equal(pool.stats().instances[0]!.failureRate, 0);
  await assert.rejects(exchange(false), { name: "TimeoutError" });
  assert.ok(pool.stats().instances[0]!.failureRate > 0);
});

test("an exchange that did not start is made once more, elsewhere", async (t) => {
  const pool = new Fleet().pool(t, [A, B, C]);
  await until(() => pool.stats().ready === 3, "all are connected");
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
  const tried: string[] = [];
  const answer = await pool.run((address) => {
    tried.push(address);
    if (tried.length === 1) throw new Error("fetch failed", { cause: refused });
    return address;
  });
  assert.equal(tried.length, 2);
  assert.notEqual(tried[0], tried[1]);
  assert.equal(answer, tried[1]);
  tried.length = 0;
  const always = pool.run((address) => {
    tried.push(address);
    throw refused;
  });
  await assert.rejects(always, refused);
  assert.equal(tried.length, 2);
});

test("an exchange that may have started is not made again", async (t) => {
  const pool = new Fleet().pool(t, [A, B]);
  const broken = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
  let exchanges = 0;
  const run = pool.run(() => {
    exchanges += 1;
    throw broken;
  });
  await assert.rejects(run, broken);
  assert.equal(exchanges, 1);
});

test("an exchange that was answered, or whose error is of a connection elsewhere, is not made again", async (t) => {
  const pool = new Fleet().pool(t, [A, B]);
  await until(() => pool.stats().ready === 2, "all are connected");
  let exchanges = 0;
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
  const after = pool.run((_, { answered }) => {
    exchanges += 1;
    answered();
    throw refused;
  });
  await assert.rejects(after, refused);
  assert.equal(exchanges, 1);
  // A database, say, that the exchange asks when the instance has done its work.
  for (const where of [{ address: "127.0.0.1", port: 5432 }, { address: "10.0.0.9" }, { hostname: "db.internal" }]) {
    exchanges = 0;
    const elsewhere = Object.assign(new Error("connect ECONNREFUSED"), { syscall: "connect" }, where);
    const run = pool.run(() => {
      exchanges += 1;
      throw elsewhere;
    });
    await assert.rejects(run, elsewhere);
    assert.equal(exchanges, 1, JSON.stringify(where));
  }
  exchanges = 0;
  const own = pool.run((address) => {
    exchanges += 1;
    const port = Number(address.split(":")[1]);
    throw Object.assign(new Error("connect ECONNREFUSED"), { syscall: "connect", address: "127.0.0.1", port });
  });
  await assert.rejects(own, /ECONNREFUSED/);
  assert.equal(exchanges, 2, "its own connection has not come about");
});

test("an instance whose exchanges fail gets few, unless the outcome says that it is not to blame", async (t) => {
  for (const [outcome, blamed] of [
    ["failure", true],
    ["ignore", false],
  ] as const) {
    const fleet = new Fleet();
    registry.list(t.name, []);
    const pool = fleet.pool(t, [A, B, C], { outcome: () => outcome });
    await until(() => pool.stats().ready === 3, "all are connected");
    let failed = 0;
    let left = 300;
    const exchange = async (address: string) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (address === A) throw new Error("no");
    };
    const callers = Array.from({ length: 8 }, async () => {
      while (left-- > 0) {
        await pool.run(exchange).catch(() => {
          failed += 1;
        });
      }
    });
    await Promise.all(callers);
    assert.equal(failed < 40, blamed, `${failed} of 300 failed with ${outcome}`);
    await pool.close();
  }
});

test("a caller waits for an instance, until its signal aborts or its time is over, and is told why", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [], { waitMs: 50 });
  await until(() => pool.stats().listed === 0, "the registry has answered");
  await assert.rejects(
    pool.run(() => {}),
    (error: Error & { code?: string }) =>
      error.code === "ROLLCALL_NO_INSTANCE" && /no instance of .* is listed/.test(error.message),
  );
  const patient = fleet.pool(t, [], { waitMs: Number.POSITIVE_INFINITY });
  const reason = new Error("the user went away");
  const abort = new AbortController();
  const aborted = patient.acquire(abort.signal);
  abort.abort(reason);
  await assert.rejects(aborted, reason);
  await assert.rejects(patient.acquire(AbortSignal.abort(reason)), reason);
  await assert.rejects(
    patient.run(() => {}, { signal: AbortSignal.timeout(20) }),
    (error: Error) => error.name === "TimeoutError" && /no instance of/.test(error.message),
  );
  const waiting = patient.run((address) => address);
  await until(() => patient.stats().waiting === 1, "a caller waits");
  registry.list(t.name, [A]);
  assert.equal(await waiting, A);
});

test("a lease ends once, and tells its first answer once", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  const lease = await pool.acquire();
  assert.equal(lease.connection, A);
  assert.equal(lease.instance.address, A);
  assert.equal(pool.stats().instances[0]?.inFlight, 1);
  lease.answered();
  lease.answered();
  lease.end("success");
  lease.end("failure");
  assert.equal(pool.stats().instances[0]?.inFlight, 0);
  assert.equal(pool.stats().instances[0]?.failureRate, 0);
});

test("the signal of an exchange aborts with the caller's", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  const abort = new AbortController();
  const run = pool.run(
    (_address, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    { signal: abort.signal },
  );
  await until(() => pool.stats().instances[0]?.inFlight === 1, "it runs");
  abort.abort(new Error("enough"));
  await assert.rejects(run, /enough/);
  assert.equal(pool.stats().instances[0]?.failureRate, 0, "the caller's doing is no failure");
});

test("an outcome() that throws or says nothing known ends the exchange all the same, as by default", async (t) => {
  const said = [() => undefined, () => "fail", () => assert.fail("outcome itself")];
  const pool = new Fleet().pool(t, [A], { outcome: () => said[at]!() as never });
  let at = 0;
  for (; at < said.length; at++) {
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });
    let runs = 0;
    const run = pool.run(() => {
      runs += 1;
      throw refused;
    });
    await assert.rejects(run, refused);
    assert.equal(runs, 2, "by default it did not start, and is made once more");
    assert.equal(pool.stats().instances[0]!.inFlight, 0);
  }
  await pool.close();
});

test("a lease may be taken apart, and an outcome that is none is refused and ends it all the same", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  const { connection, answered, end } = await pool.acquire();
  assert.equal(connection, A);
  answered();
  assert.throws(() => end("succes" as never), /the outcome is "succes"; expected "success", "failure" or "ignore"/);
  const [instance] = pool.stats().instances;
  assert.deepEqual([instance!.inFlight, instance!.failureRate], [0, 0]);
});
