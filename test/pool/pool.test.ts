import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { hold } from "../../src/async/hold.js";
import { type ConnectContext, createPool, type Pool, type PoolOptions } from "../../src/pool/index.js";
import { FixtureRegistry } from "../support/fixture-backend.js";
import { until } from "../support/until.js";

const registry = new FixtureRegistry("pool-fixture");
const A = "127.0.0.1:1001";
const B = "127.0.0.1:1002";
const C = "127.0.0.1:1003";

/** Connections that the test makes and breaks; each is the address of its instance. */
class Fleet {
  readonly lost = new Map<string, ConnectContext["lost"]>();
  readonly dials: string[] = [];
  readonly closed: string[] = [];
  /** Those that cannot be connected to. */
  readonly down = new Set<string>();

  pool(t: TestContext, listed: readonly string[], options: Partial<PoolOptions<string>> = {}): Pool<string> {
    registry.list(t.name, listed);
    const pool = createPool<string>(registry.target(t.name), {
      connect: ({ address }, { lost }) => {
        this.dials.push(address);
        if (this.down.has(address)) throw new Error(`${address} is down`);
        this.lost.set(address, lost);
        return address;
      },
      close: (address) => this.closed.push(address),
      ...options,
    });
    t.after(() => pool.close());
    return pool;
  }
}

/** How many of so many exchanges, eight at a time and each of about 2 ms, each instance has. */
async function shares(pool: Pool<string>, exchanges = 200): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let left = exchanges;
  const callers = Array.from({ length: 8 }, async () => {
    while (left-- > 0) {
      const address = await pool.run(async (connection) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        return connection;
      });
      counts.set(address, (counts.get(address) ?? 0) + 1);
    }
  });
  await Promise.all(callers);
  return counts;
}

/** A promise that the test settles. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

test("every listed instance is connected to once and gets its share", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A, B, C]);
  await until(() => pool.stats().ready === 3, "all are connected");
  const counts = await shares(pool, 300);
  for (const address of [A, B, C]) assert.ok((counts.get(address) ?? 0) > 50, `${address}: ${counts.get(address)}`);
  assert.deepEqual(fleet.dials.sort(), [A, B, C]);
});

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

test("an instance gets exchanges when connect() has resolved, and not before", async (t) => {
  const { passed, open } = gate();
  const pool = new Fleet().pool(t, [A, B], {
    connect: async ({ address }) => {
      if (address === B) await passed;
      return address;
    },
  });
  assert.deepEqual([...(await shares(pool)).keys()], [A]);
  open();
  await until(() => pool.stats().ready === 2, "both are connected");
  assert.deepEqual([...(await shares(pool)).keys()].sort(), [A, B]);
});

test("an instance whose connection is lost gets nothing until it is connected again", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A, B]);
  await until(() => pool.stats().ready === 2, "both are connected");
  fleet.down.add(A);
  fleet.lost.get(A)!();
  fleet.lost.get(A)!("said twice");
  await until(() => pool.stats().ready === 1, "the lost one is out");
  assert.deepEqual([...(await shares(pool)).keys()], [B]);
  await until(() => fleet.dials.filter((address) => address === A).length >= 3, "it is dialled again and again");
  assert.match(pool.stats().instances.find(({ address }) => address === A)?.error ?? "", /is down/);
  fleet.down.clear();
  await until(() => pool.stats().ready === 2, "it is back");
  assert.deepEqual([...(await shares(pool)).keys()].sort(), [A, B]);
});

test("one that accepts connections and drops them is not dialled without pause", async (t) => {
  const fleet = new Fleet();
  let dials = 0;
  const pool = fleet.pool(t, [A, B], {
    connect: ({ address }, { lost }) => {
      if (address === A) {
        dials += 1;
        setImmediate(lost);
      }
      return address;
    },
  });
  await until(() => dials >= 3, "it is dialled three times");
  // Waits of 125 ms at least, then twice that: without them there would be thousands.
  await pool.run(() => new Promise((resolve) => setTimeout(resolve, 100)));
  assert.ok(dials < 10, `${dials} dials`);
});

test("a registry that suddenly lists nobody is not believed, and who alone leaves is", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A, B]);
  await until(() => pool.stats().ready === 2, "both are connected");
  registry.list(t.name, [A]);
  await until(() => pool.stats().ready === 1, "the other is retired");
  assert.deepEqual([...(await shares(pool)).keys()], [A]);
  registry.list(t.name, []);
  await until(() => pool.stats().listed === 0, "the empty answer has come");
  assert.ok((await shares(pool)).has(A));
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

test("when no instance can be connected to, callers are told so at once", async (t) => {
  const fleet = new Fleet();
  fleet.down.add(A);
  const pool = fleet.pool(t, [A], { waitMs: Number.POSITIVE_INFINITY });
  await assert.rejects(
    pool.run(() => {}),
    /none of the 1 instance.* can take a call.*127\.0\.0\.1:1001 is down/,
  );
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

test("close() ends connections after their last exchange, and refuses whoever comes or waits", async (t) => {
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A]);
  const lease = await pool.acquire();
  const waiting = fleet.pool(t, []);
  const waiter = waiting.acquire();
  await until(() => waiting.stats().waiting === 1, "a caller waits");
  await Promise.all([waiting.close(), assert.rejects(waiter, /is closed/)]);
  const closed = pool.close();
  await assert.rejects(
    pool.run(() => {}),
    /is closed/,
  );
  assert.deepEqual(fleet.closed, []);
  lease.end();
  await closed;
  assert.deepEqual(fleet.closed, [A]);
});

test("a connection that comes about after the pool was closed is closed too", async (t) => {
  const { passed, open } = gate();
  const fleet = new Fleet();
  const pool = fleet.pool(t, [A], {
    connect: async ({ address }) => {
      fleet.dials.push(address);
      await passed;
      return address;
    },
  });
  await until(() => fleet.dials.length === 1, "it is being connected to");
  await pool.close();
  open();
  await until(() => fleet.closed.length === 1, "it is closed");
});

test("an attempt that takes too long is given up, and repeated", async (t) => {
  let dials = 0;
  const pool = new Fleet().pool(t, [A], {
    connectMs: 20,
    connect: ({ address }) => {
      dials += 1;
      return dials === 1 ? new Promise<string>(() => {}) : address;
    },
  });
  await until(() => pool.stats().ready === 1, "the second attempt succeeds");
  assert.equal(dials, 2);
});

test("a connection that is silent is probed, and replaced when nothing comes back", async (t) => {
  const fleet = new Fleet();
  let probes = 0;
  const pool = fleet.pool(t, [A], {
    probe: () => {
      probes += 1;
      return new Promise(() => {});
    },
  });
  // A real exchange holds the process by its socket.
  const release = hold();
  const run = pool.run(
    (_address, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  await assert.rejects(run, /no answer to a probe/);
  release();
  assert.equal(probes, 1);
  assert.deepEqual(fleet.dials, [A, A]);
  assert.deepEqual(fleet.closed, [A]);
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

test("a signal that is none is refused where it is given", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  for (const signal of [{ signal: AbortSignal.abort() }, new AbortController(), "x", 5, null]) {
    await assert.rejects(pool.acquire(signal as never), /signal is .*; expected an AbortSignal/);
    await assert.rejects(
      pool.run(() => "", { signal: signal as never }),
      /expected an AbortSignal/,
    );
  }
});

test("what an exchange asks for is refused by name where it cannot be obeyed, and costs no instance anything", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  const run = (asked: unknown, exchange: unknown = () => "") => pool.run(exchange as () => string, asked as object);
  await assert.rejects(run(undefined, "x"), /the exchange is "x"; expected a function/);
  await assert.rejects(run(new AbortController().signal), /takes its signal by name: \{ signal \}/);
  await assert.rejects(run({ singal: 1 }), /no option "singal": did you mean signal\?/);
  await assert.rejects(run({ timeoutMs: 1 }), /no option "timeoutMs": its options are signal, kind/);
  await assert.rejects(run(null), /takes its options by name/);
  await assert.rejects(run({ kind: 5 }), /kind is 5; expected a text/);
  await assert.rejects(pool.acquire(undefined, { kind: 5 } as never), /kind is 5/);
  await pool.run(() => "");
  assert.equal(pool.stats().instances[0]!.failureRate, 0);
});

test("a closed pool has nothing ready", async (t) => {
  const pool = new Fleet().pool(t, [A]);
  await pool.run(() => "");
  await pool.close();
  assert.deepEqual([pool.stats().ready, pool.stats().instances], [0, []]);
});

test("what cannot be obeyed is refused by name", () => {
  const connect = () => "";
  const make = (options: object) => () => createPool("direct:///127.0.0.1:1", { connect, ...options });
  assert.throws(make({ connect: 1 }), /connect is 1; expected a function/);
  assert.throws(make({ subset: -1 }), /subset is -1; expected a whole number/);
  assert.throws(make({ zone: 7 }), /zone is 7/);
  assert.throws(make({ waitMs: Number.NaN }), /waitMs is NaN/);
  assert.throws(make({ zones: "a" }), /no option "zones": did you mean zone\?/);
  assert.throws(() => createPool("etcd:///127.0.0.1:1", { connect }), /is not a target: it has no key/);
  for (const target of [undefined, {}, { scheme: "direct" }, new URL("direct:///127.0.0.1:1")])
    assert.throws(() => createPool(target as never, { connect }), /the target is .*; expected a URL such as/);
  assert.throws(() => createPool("direct:///127.0.0.1:1", undefined as never), /a pool takes its options by name/);
});

test("a pool that is never closed does not keep the process", async () => {
  const program = new URL("./unheld-program.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--import", "tsx", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  const [code] = await once(child, "exit");
  assert.equal(said.trim(), "1");
  assert.equal(code, 0);
});
