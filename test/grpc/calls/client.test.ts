import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createChannel, createClient, createServer, registerBackend, type Server } from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say, startBareEcho, tally } from "../../support/echo.js";
import { FixtureRegistry } from "../../support/fixture-backend.js";

const registry = new FixtureRegistry();
const open: (() => unknown)[] = [];
after(() => Promise.all(open.map((close) => close())));

/** A server that records what callers send it. @param delayMs until a unary call is answered. */
async function recording(delayMs = 0) {
  const seen: { metadata: grpc.Metadata; deadline: number }[] = [];
  const server = new grpc.Server();
  const note = (call: { metadata: grpc.Metadata; getDeadline(): grpc.Deadline }) =>
    seen.push({ metadata: call.metadata, deadline: Number(call.getDeadline()) });
  server.addService(EchoService, {
    say: (call: grpc.ServerUnaryCall<unknown, object>, callback: grpc.sendUnaryData<object>) => {
      note(call);
      setTimeout(() => callback(null, { instance: "recorder" }), delayMs);
    },
    count: (call: grpc.ServerWritableStream<unknown, object>) => {
      note(call);
      call.write({ instance: "recorder" });
      call.end();
    },
    chat: (call: grpc.ServerDuplexStream<unknown, object>) => call.end(),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  open.push(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, seen };
}

/** One call with this metadata. */
function sayWith(client: EchoClient, metadata: grpc.Metadata): Promise<void> {
  const call = client.say as unknown as (r: object, m: grpc.Metadata, done: (error: Error | null) => void) => void;
  return new Promise((resolve, reject) => {
    call.call(client, {}, metadata, (error) => (error ? reject(error) : resolve()));
  });
}

function opened<T extends { close(): void }>(client: T): T {
  open.push(() => client.close());
  return client;
}

const drained = (stream: grpc.ClientReadableStream<unknown>) =>
  new Promise<void>((resolve, reject) =>
    stream
      .on("data", () => {})
      .on("end", resolve)
      .on("error", reject),
  );

test("unary calls get Timeout as their deadline, streams none, and a call's own deadline wins", async () => {
  const { address, seen } = await recording();
  const client = opened(createClient(EchoClient, { Endpoints: [address], Timeout: 60_000 }));
  const before = Date.now();
  await say(client);
  await say(client, {}, { deadline: Date.now() + 600_000 });
  await drained(client.count({}));
  const [usual, own, stream] = seen.map(({ deadline }) => deadline - before);
  assert.ok(usual! > 50_000 && usual! < 120_000, `Timeout applies: ${usual}`);
  assert.ok(own! > 500_000, `the call's own deadline wins: ${own}`);
  assert.equal(stream, Number.POSITIVE_INFINITY);
});

test("Timeout: 0 means no deadline, and none given means 2 s", async () => {
  const { address, seen } = await recording();
  await say(opened(createClient(EchoClient, { Endpoints: [address], Timeout: 0 })));
  const before = Date.now();
  await say(opened(createClient(EchoClient, { Endpoints: [address] })));
  assert.equal(seen[0]!.deadline, Number.POSITIVE_INFINITY);
  assert.ok(seen[1]!.deadline - before <= 60_000, "the default is short");
});

test("a deadline that is no time is refused, and one too far off to be written is none", async () => {
  const { address } = await recording();
  const client = opened(createClient(EchoClient, { Endpoints: [address] }));
  for (const deadline of [Number.NaN, new Date(Number.NaN)]) {
    await assert.rejects(
      say(client, {}, { deadline }),
      /^TypeError: the deadline of a call to \/test.Echo\/Say is no time/,
    );
  }
  for (const deadline of [Number.MAX_VALUE, Date.now() + 1e15]) {
    assert.deepEqual(await say(client, {}, { deadline }), { instance: "recorder" });
  }
});

test("App and Token go with every call, beside the call's own metadata, which stays as it was", async () => {
  const { address, seen } = await recording();
  const client = opened(createClient(EchoClient, { Endpoints: [address], App: "cart", Token: "secret" }));
  const metadata = new grpc.Metadata();
  metadata.set("mine", "1");
  await sayWith(client, metadata);
  const sent = seen[0]!.metadata.getMap();
  assert.deepEqual([sent.app, sent.token, sent.mine], ["cart", "secret", "1"]);
  assert.deepEqual(metadata.getMap(), { mine: "1" });
});

test("a caller may change and use its metadata again while a call runs, hedged or not: each call sends what it was given", async () => {
  for (const Hedge of [undefined, { Delay: 30 }]) {
    const { address, seen } = await recording(150);
    const client = opened(createClient(EchoClient, { Endpoints: [address], Hedge }));
    const metadata = new grpc.Metadata();
    metadata.set("mine", "1");
    const first = sayWith(client, metadata);
    metadata.set("mine", "2");
    await Promise.all([first, sayWith(client, metadata)]);
    const sent = seen.map(({ metadata }) => String(metadata.get("mine")[0]));
    assert.deepEqual([...new Set(sent)].sort(), ["1", "2"]);
    // Copies of a hedged call are of one call: as many of each as were sent.
    if (Hedge) assert.ok(sent.length > 2 && sent.filter((mine) => mine === "1").length >= 2, sent.join(" "));
    assert.deepEqual(metadata.getMap(), { mine: "2" });
    assert.deepEqual(metadata.getOptions(), {});
  }
});

test("a channel serves any client class and balances too", async () => {
  const servers = await Promise.all([startBareEcho(), startBareEcho()]);
  for (const { stop } of servers) open.push(stop);
  const channel = createChannel({ Endpoints: servers.map(({ address }) => address) });
  const client = opened(new EchoClient("unused", grpc.credentials.createInsecure(), { channelOverride: channel }));
  assert.equal((await tally(client, 60, 8)).size, 2);
});

test("BalancerName chooses among p2c_ewma, round_robin and pick_first", async () => {
  const servers = await Promise.all([startBareEcho(), startBareEcho()]);
  for (const { stop } of servers) open.push(stop);
  const Endpoints = servers.map(({ address }) => address);
  const spread = async (BalancerName: "p2c_ewma" | "round_robin" | "pick_first") =>
    (await tally(opened(createClient(EchoClient, { Endpoints, BalancerName })), 60, 8)).size;
  assert.deepEqual([await spread("p2c_ewma"), await spread("round_robin"), await spread("pick_first")], [2, 2, 1]);
});

test("Endpoints come before Target, and Target before Etcd", async () => {
  const [first, second] = await Promise.all([startBareEcho(), startBareEcho()]);
  open.push(first!.stop, second!.stop);
  const Target = `direct:///${second!.address}`;
  const Etcd = { Hosts: ["127.0.0.1:1"], Key: "nobody" };
  assert.equal(
    (await say(opened(createClient(EchoClient, { Endpoints: [first!.address], Target, Etcd })))).instance,
    first!.address,
  );
  assert.equal((await say(opened(createClient(EchoClient, { Target, Etcd })))).instance, second!.address);
});

test("host names are endpoints like addresses", async () => {
  const server = await startBareEcho();
  open.push(server.stop);
  const port = server.address.split(":")[1];
  assert.equal(
    (await say(opened(createClient(EchoClient, { Endpoints: [`localhost:${port}`] })))).instance,
    server.address,
  );
});

test("two services that call each other start in any order", async () => {
  const servers: Server[] = [];
  const start = async (own: string, other: string) => {
    const peer = opened(createClient(EchoClient, { Target: registry.target(other), Timeout: 20_000 }));
    const server: Server = createServer(
      { Name: own, ListenOn: "127.0.0.1:0", Timeout: 20_000, Shutdown: { WrapUpTime: 0 } },
      (builder) =>
        builder.addService(EchoService, {
          ...echoHandlers(() => own),
          say: async (call: grpc.ServerUnaryCall<{ text?: string }, object>, callback: grpc.sendUnaryData<object>) => {
            if (call.request.text === "stop here") return callback(null, { instance: own });
            const { instance } = await say(peer, { text: "stop here" });
            callback(null, { instance: `${own} over ${instance}` });
          },
        }),
      { signals: false, registry: registry.target(own) },
    );
    servers.push(server);
    await server.start();
    return peer;
  };
  const toB = await start("a.rpc", "b.rpc");
  const early = say(toB, { text: "ask me" });
  const toA = await start("b.rpc", "a.rpc");
  assert.equal((await early).instance, "b.rpc over a.rpc");
  assert.equal((await say(toA)).instance, "a.rpc over b.rpc");
  open.push(() => Promise.all(servers.map((server) => server.stop())));
});

test("a client class of another copy of grpc-js is refused with the fix", () => {
  class ServiceClientImpl {
    makeUnaryRequest() {}
  }
  assert.throws(
    () => createClient(ServiceClientImpl as never, { Endpoints: ["a:1"] }),
    /another copy of @grpc\/grpc-js.*npm dedupe/,
  );
  assert.throws(() => createClient(class Orders {} as never, { Endpoints: ["a:1"] }), /Orders is none/);
  assert.throws(() => createClient({} as never, { Endpoints: ["a:1"] }), /needs the class of a grpc-js client/);
});

test("a config that leads nowhere is refused with the fix", () => {
  assert.throws(() => createClient(EchoClient, {}), /Endpoints .*Target .*or Etcd/);
  assert.throws(
    () => createClient(EchoClient, { Target: "etcd:///127.0.0.1:2379" }),
    /it has no key; expected etcd:\/\/\//,
  );
  assert.throws(
    () => createClient(EchoClient, { Endpoints: ["10.0.0.1"] }),
    /"10.0.0.1" is not an address: it has no port/,
  );
  assert.throws(
    () => createClient(EchoClient, { Etcd: { Hosts: [], Key: "k" } }),
    /nothing says where .*Etcd \(Hosts and Key\)/,
  );
});

test("a setting that cannot be obeyed is refused by name where the client or the server is made, never dropped", () => {
  for (const [setting, message] of [
    [{ Subset: "2" }, /Subset: expected a number of instances/],
    [{ Subset: 1.5 }, /Subset: expected a number of instances/],
    [{ HealthCheck: "no" }, /HealthCheck: expected true or false/],
    [{ BalancerName: "p2c" }, /BalancerName: expected p2c_ewma/],
    [{ KeepaliveTime: "20s" }, /KeepaliveTime: expected milliseconds/],
  ] as const) {
    const config = { Endpoints: ["127.0.0.1:1"], ...setting } as never;
    assert.throws(() => createClient(EchoClient, config), message);
    assert.throws(() => createChannel(config), message);
  }
  assert.throws(
    () => createServer({ ListenOn: ":0", Weight: "2" } as never, () => {}),
    /Weight: expected a number above 0/,
  );
});

test("a backend that cannot be used is said at once", async () => {
  assert.throws(
    () => createClient(EchoClient, { Target: "nowhere:///h:1?key=k" }),
    /no backend is called "nowhere": known are etcd, /,
  );
  registerBackend("write-only", { registrar: () => ({ register: () => Promise.reject(new Error("unused")) }) });
  const client = opened(createClient(EchoClient, { Target: "write-only:///h:1?key=k" }));
  await assert.rejects(say(client), (error: grpc.ServiceError) => {
    assert.equal(error.code, grpc.status.UNAVAILABLE);
    assert.match(error.details, /"write-only" cannot be watched for instances/);
    return true;
  });
});
