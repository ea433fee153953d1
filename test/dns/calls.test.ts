import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import "../../src/register.js";
import { sleep } from "../../src/async/backoff.js";
import { setLogger, setLogLevel } from "../../src/log.js";
import { EchoClient, type EchoReply, EchoService, echoHandlers, say } from "../support/echo.js";
import { type DnsReply, startDnsResponder } from "../support/real-parts/dns-responder.js";
import { type DnsServerOptions, dnsServerSkipReason, startDnsServer } from "../support/real-parts/dns-server.js";
import { Traffic } from "../support/traffic.js";
import { disconnected, EchoFleet } from "./echo-fleet.js";

const skip = dnsServerSkipReason();
setLogLevel("silent");

async function fleetOf(t: TestContext, count: number): Promise<EchoFleet> {
  const fleet = await EchoFleet.start(count);
  t.after(() => fleet.stop());
  return fleet;
}

/** A bare grpc-js client. */
function clientOf(t: TestContext, target: string): EchoClient {
  const client = new EchoClient(target, grpc.credentials.createInsecure());
  t.after(() => client.close());
  return client;
}

/** Calls without pause, until the test ends. */
function callAlways(t: TestContext, client: EchoClient, atATime = 4): Traffic {
  const traffic = new Traffic();
  let ending = false;
  const caller = async () => {
    while (!ending) {
      await say(client, {}, { deadline: Date.now() + 20_000 }).then(
        ({ instance }) => traffic.record({ instance, code: "OK" }),
        (error: grpc.ServiceError) => traffic.record({ code: grpc.status[error.code]!, error: error.message }),
      );
      await sleep(1);
    }
  };
  const callers = Array.from({ length: atATime }, caller);
  t.after(async () => {
    ending = true;
    await Promise.all(callers);
  });
  return traffic;
}

/** A fleet, a DNS server that lists the first so many of it, and calls through it that all are answered. */
async function setUp(
  t: TestContext,
  {
    instances,
    listed,
    params = "",
    callers,
    ...options
  }: DnsServerOptions & { instances: number; listed: number; params?: string; callers?: number },
) {
  const fleet = await fleetOf(t, instances);
  const dns = await startDnsServer({ "order.test": fleet.ips.slice(0, listed) }, options);
  t.after(() => dns.stop());
  const list = (...ips: string[]) => dns.set(ips.length > 0 ? { "order.test": ips } : {});
  const client = clientOf(t, `dns://${dns.address}/order.test:${fleet.port}${params}`);
  const traffic = callAlways(t, client, callers);
  await traffic.settleOn(...fleet.ips.slice(0, listed));
  return { fleet, dns, list, client, traffic };
}

function noneFailed(t: TestContext, traffic: Traffic): void {
  t.diagnostic(`${traffic.calls} calls, ${traffic.failures.length} failed`);
  assert.deepEqual(traffic.failures, []);
}

/** The first answer of this instance. */
async function answerOf(traffic: Traffic, ip: string): Promise<void> {
  while ((await traffic.next()).instance !== ip);
}

test("an added address gets its first call when the TTL is over, with no connection having failed", {
  skip,
}, async (t) => {
  const ttl = 2;
  const { fleet, list, traffic } = await setUp(t, { instances: 3, listed: 1, ttl });
  for (const count of [2, 3]) {
    const first = answerOf(traffic, fleet.ips[count - 1]!);
    await list(...fleet.ips.slice(0, count));
    const changed = performance.now();
    await first;
    const seconds = (performance.now() - changed) / 1_000;
    t.diagnostic(
      `first call after ${seconds.toFixed(2)} s: ${(seconds / (ttl + 1)).toFixed(2)} of the TTL and a second`,
    );
  }
  await traffic.settleOn(...fleet.ips);
  const connections = fleet.instances.map((instance) => instance.connections);
  assert.deepEqual(connections, [1, 1, 1], "each was connected to once, so none failed");
  noneFailed(t, traffic);
});

test("a removed address gets no new call, finishes its stream, and then its connection closes", {
  skip,
}, async (t) => {
  const { fleet, list, client, traffic } = await setUp(t, { instances: 3, listed: 3 });
  const stream = client.chat();
  const next = async () => {
    stream.write({});
    const [reply] = (await once(stream, "data")) as [EchoReply];
    return reply.instance;
  };
  const held = await next();
  const others = fleet.ips.filter((ip) => ip !== held);
  await list(...others);
  await traffic.settleOn(...others);
  const removed = fleet.instances.find(({ ip }) => ip === held)!;
  assert.equal(removed.open, 1);
  for (let i = 0; i < 5; i++) assert.equal(await next(), held);
  const ended = once(stream, "end");
  stream.end();
  await ended;
  await disconnected(removed);
  assert.deepEqual(
    fleet.instances.map((instance) => instance.connections),
    [1, 1, 1],
  );
  noneFailed(t, traffic);
});

test("calls go on while the DNS server is down, and what changed meanwhile is followed when it is back", {
  skip,
}, async (t) => {
  const { fleet, dns, list, traffic } = await setUp(t, { instances: 3, listed: 2, params: "?max_ttl=0.2" });
  await dns.kill();
  for (let i = 0; i < 500; i++) await traffic.next();
  await traffic.settleOn(...fleet.ips.slice(0, 2));
  await dns.start();
  await list(...fleet.ips.slice(1));
  await traffic.settleOn(...fleet.ips.slice(1));
  noneFailed(t, traffic);
});

test("calls go on while the name has lost all its addresses, and move when it has others", { skip }, async (t) => {
  const { fleet, list, traffic } = await setUp(t, { instances: 3, listed: 2, params: "?max_ttl=0.5" });
  await list();
  for (let i = 0; i < 1_000; i++) await traffic.next();
  await traffic.settleOn(...fleet.ips.slice(0, 2));
  await list(fleet.ips[2]!);
  await traffic.settleOn(fleet.ips[2]!);
  noneFailed(t, traffic);
});

test("a TTL of 0 is followed at the floor", { skip }, async (t) => {
  const { fleet, list, traffic } = await setUp(t, { instances: 4, listed: 1, ttl: 0, params: "?min_ttl=0.2" });
  for (const ip of fleet.ips.slice(1)) {
    await list(ip);
    await traffic.settleOn(ip);
  }
  noneFailed(t, traffic);
});

test("200 addresses are all connected to and called; one that goes touches no other", { skip }, async (t) => {
  const { fleet, list, traffic } = await setUp(t, { instances: 200, listed: 200, callers: 20 });
  const [gone, ...others] = fleet.instances;
  await list(...others.map(({ ip }) => ip));
  await disconnected(gone!);
  assert.ok(fleet.instances.every(({ connections }) => connections === 1));
  assert.ok(others.every(({ open }) => open === 1));
  noneFailed(t, traffic);
});

for (const broken of ["SERVFAIL", "REFUSED", "garbage", "silence"] as const) {
  test(`calls go on while the DNS server answers ${broken}`, async (t) => {
    const fleet = await fleetOf(t, 3);
    let reply: DnsReply = { addresses: fleet.ips.slice(0, 2), ttl: 0 };
    const dns = await startDnsResponder(() => reply);
    t.after(() => dns.close());
    const traffic = callAlways(t, clientOf(t, `dns://${dns.address}/order.test:${fleet.port}?min_ttl=0.1&max_ttl=0.2`));
    await traffic.settleOn(...fleet.ips.slice(0, 2));
    reply = broken;
    const asked = dns.questions.length;
    while (dns.questions.length < asked + 4) await traffic.next();
    await traffic.settleOn(...fleet.ips.slice(0, 2));
    reply = { addresses: fleet.ips.slice(1), ttl: 0 };
    await traffic.settleOn(...fleet.ips.slice(1));
    noneFailed(t, traffic);
  });
}

test("answers that flap cost no call, and touch only the address that comes and goes", async (t) => {
  const fleet = await fleetOf(t, 3);
  let flaps = 0;
  const dns = await startDnsResponder(({ type }) => {
    if (type === "A") flaps += 1;
    return { addresses: flaps % 2 ? fleet.ips : fleet.ips.slice(0, 2), ttl: 0 };
  });
  t.after(() => dns.close());
  const traffic = callAlways(t, clientOf(t, `dns://${dns.address}/order.test:${fleet.port}?min_ttl=0.1&max_ttl=0.1`));
  while (flaps < 20) await traffic.next();
  const [steady, also, flapping] = fleet.instances.map(({ connections }) => connections);
  t.diagnostic(`${flapping} connections to the address that came ten times`);
  assert.deepEqual([steady, also], [1, 1]);
  assert.ok(flapping! >= 1 && flapping! <= 10, `${flapping} connections in 20 answers`);
  noneFailed(t, traffic);
});

test("a double slash is Rollcall's; host:port and dns:host:port stay with grpc-js", async (t) => {
  const { port, ips } = await fleetOf(t, 1);
  const picked: string[] = [];
  setLogger({
    debug: (facts, message) => void (message === "call" && "instance" in facts && picked.push(String(facts.instance))),
    info: () => {},
    warn: () => {},
    error: () => {},
  });
  t.after(() => setLogLevel("silent"));
  const answered = async (target: string) => {
    picked.length = 0;
    const { instance } = await say(clientOf(t, target));
    return { instance, byRollcall: picked.length };
  };
  const [ip] = ips;
  for (const target of [`${ip}:${port}`, `dns:${ip}:${port}`]) {
    assert.deepEqual(await answered(target), { instance: ip, byRollcall: 0 }, target);
  }
  assert.deepEqual(await answered(`dns:///${ip}:${port}`), { instance: ip, byRollcall: 1 });
  const dns = await startDnsResponder(() => ({ addresses: ips, ttl: 1 }));
  t.after(() => dns.close());
  assert.deepEqual(await answered(`dns://${dns.address}/order.test:${port}`), { instance: ip, byRollcall: 1 });
});

test("a name that only the system knows is found by either resolver", async (t) => {
  const server = new grpc.Server();
  t.after(() => server.forceShutdown());
  server.addService(
    EchoService,
    echoHandlers(() => "here"),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("localhost:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  for (const target of [`localhost:${port}`, `dns:localhost:${port}`, `dns:///localhost:${port}`]) {
    assert.equal((await say(clientOf(t, target))).instance, "here", target);
  }
});
