import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import type { ClientConfig } from "../../../src/config/schema/client-target.js";
import { createClient } from "../../../src/grpc/client/client.js";
import { withHashKey } from "../../../src/grpc/hash-key.js";
import { EchoClient, type EchoRequest, EchoService, echoHandlers, say } from "../../support/echo.js";
import { until } from "../../support/until.js";

const open: { close(): void }[] = [];
after(() => {
  for (const one of open) one.close();
});

type Handler = grpc.handleUnaryCall<EchoRequest, object>;

class Instance {
  readonly address: string;
  /** What it does with calls; answers by default. */
  handler: Handler | undefined;
  calls = 0;
  cancelled = 0;
  /** Calls that it holds for a test that makes some hang. */
  hanging = 0;

  private constructor(port: number) {
    this.address = `127.0.0.1:${port}`;
  }

  static async start(): Promise<Instance> {
    const server = new grpc.Server();
    let instance: Instance | undefined;
    const handlers: grpc.UntypedServiceImplementation = {
      ...echoHandlers(() => instance!.address),
      say: (call: grpc.ServerUnaryCall<EchoRequest, object>, callback: grpc.sendUnaryData<object>) => {
        instance!.calls += 1;
        call.on("cancelled", () => {
          instance!.cancelled += 1;
        });
        if (instance!.handler) instance!.handler(call, callback);
        else callback(null, { instance: instance!.address });
      },
    };
    server.addService(EchoService, handlers);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    instance = new Instance(port);
    open.push({ close: () => server.forceShutdown() });
    return instance;
  }
}

async function instances(count: number): Promise<Instance[]> {
  return Promise.all(Array.from({ length: count }, () => Instance.start()));
}

function clientOf(servers: readonly Instance[], config: Omit<ClientConfig, "Endpoints">): EchoClient {
  const client = createClient(EchoClient, { Endpoints: servers.map(({ address }) => address), ...config });
  open.push(client);
  return client;
}

/** A client that knows all servers and has connected to each. */
async function connected(client: EchoClient, servers: readonly Instance[]): Promise<void> {
  await until(async () => {
    await say(client, {}, { deadline: Date.now() + 10_000 });
    return servers.every(({ calls }) => calls > 0);
  }, "every instance is connected to");
  for (const server of servers) server.calls = 0;
}

/** A client with only a URL and a service config. */
function bareClientOf(servers: readonly Instance[], methodConfig: object): EchoClient {
  const url = `direct:///${servers.map(({ address }) => address).join(",")}`;
  const client = new EchoClient(url, grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ methodConfig: [{ name: [{}], ...methodConfig }] }),
  });
  open.push(client);
  return client;
}

const hangs: Handler = () => {};
const unavailable: Handler = (_call, callback) => callback({ code: grpc.status.UNAVAILABLE, details: "not now" });
const CALLS = 60;

test("no retry of Retry goes to an instance that the call has tried while others are ready", async () => {
  const servers = await instances(4);
  const client = clientOf(servers, { Retry: { MaxAttempts: 4, InitialBackoff: 1, MaxBackoff: 2 } });
  await connected(client, servers);
  const [good, ...bad] = servers;
  for (const one of bad) one.handler = unavailable;
  // Three of four fail: only a call that never comes back to one of them is sure to find the fourth within four attempts.
  for (let i = 0; i < CALLS; i++) assert.equal((await say(client)).instance, good!.address);
});

test("no retry of grpc-js' own retryPolicy does, in a client that has only a URL and a service config", async () => {
  const servers = await instances(4);
  const client = bareClientOf(servers, {
    retryPolicy: {
      maxAttempts: 4,
      initialBackoff: "0.001s",
      maxBackoff: "0.002s",
      backoffMultiplier: 1,
      retryableStatusCodes: ["UNAVAILABLE"],
    },
  });
  await connected(client, servers);
  const [good, ...bad] = servers;
  for (const one of bad) one.handler = unavailable;
  for (let i = 0; i < CALLS; i++) assert.equal((await say(client)).instance, good!.address);
});

test("no hedge of grpc-js' own hedgingPolicy does either", async () => {
  const servers = await instances(3);
  const client = bareClientOf(servers, { hedgingPolicy: { maxAttempts: 3, hedgingDelay: "0.005s" } });
  await connected(client, servers);
  for (const one of servers.slice(1)) one.handler = hangs;
  for (let i = 0; i < CALLS; i++) {
    assert.equal((await say(client, {}, { deadline: Date.now() + 20_000 })).instance, servers[0]!.address);
  }
});

test("where an instance is the only one, its calls are retried there", async () => {
  const [only] = await instances(1);
  const client = clientOf([only!], { Retry: { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2 } });
  await connected(client, [only!]);
  only!.handler = (call, callback) =>
    only!.calls % 3 === 0 ? callback(null, { instance: "third attempt" }) : unavailable(call, callback);
  assert.equal((await say(client)).instance, "third attempt");
});

/** Calls until their latency is known and some second copies are saved up. */
async function warm(client: EchoClient, calls = 600): Promise<void> {
  for (let made = 0; made < calls; made += 5) await Promise.all(Array.from({ length: 5 }, () => say(client)));
}

test("with Hedge a call that hangs at one instance is answered by another, and ended where it hangs", async () => {
  const servers = await instances(3);
  const client = clientOf(servers, { Hedge: {}, Timeout: 20_000 });
  await connected(client, servers);
  await warm(client);
  for (const one of servers) one.cancelled = 0;
  servers[0]!.handler = hangs;
  servers[0]!.calls = 0;
  await until(async () => {
    await say(client);
    return servers[0]!.calls > 0;
  }, "a call comes to the one that hangs");
  await until(() => servers[0]!.cancelled > 0, "the copy that lost is ended");
});

/**
 * Makes all calls fail, not at once. @returns how many with the text "counted" came to each: second copies of earlier calls may
 * come late.
 */
function failLate(servers: readonly Instance[]): number[] {
  const counts = servers.map(() => 0);
  for (const [i, one] of servers.entries()) {
    one.handler = (call, callback) => {
      if (call.request.text === "counted") counts[i]! += 1;
      setTimeout(() => unavailable(call, callback), 20);
    };
  }
  return counts;
}

test("with Hedge and Retry a call makes no more attempts in all than MaxAttempts", async () => {
  const servers = await instances(4);
  const client = clientOf(servers, {
    Hedge: { Budget: 1 },
    Retry: { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2 },
    Timeout: 20_000,
  });
  await connected(client, servers);
  await warm(client);
  const counts = failLate(servers);
  for (let i = 1; i <= 20; i++) {
    await assert.rejects(say(client, { text: "counted" }), { code: grpc.status.UNAVAILABLE });
    const attempts = counts.reduce((sum, count) => sum + count);
    assert.ok(attempts <= 3 * i, `${attempts} attempts of ${i} calls`);
  }
});

test("where both copies of a call fail, its caller is told why, and not that no attempt is left", async () => {
  const servers = await instances(3);
  const client = clientOf(servers, {
    Hedge: { Budget: 1 },
    Retry: { MaxAttempts: 2, InitialBackoff: 1, MaxBackoff: 2 },
    Timeout: 20_000,
  });
  await connected(client, servers);
  await warm(client);
  let attempts = 0;
  for (const one of servers) {
    one.handler = (call, callback) => {
      if (call.request.text !== "fail") return callback(null, { instance: one.address });
      attempts += 1;
      // The second copy fails first, so that a retry of the first one finds no attempt left.
      setTimeout(() => unavailable(call, callback), attempts === 1 ? 200 : 20);
    };
  }
  await until(async () => {
    attempts = 0;
    const call = say(client, { text: "fail" });
    await assert.rejects(call, { code: grpc.status.UNAVAILABLE, details: "not now" });
    const hedged = attempts === 2;
    await warm(client, 200);
    return hedged;
  }, "a second copy was sent");
});

test("with consistent_hash too: no more attempts in all than MaxAttempts, each at another instance", async () => {
  const servers = await instances(4);
  const client = clientOf(servers, {
    BalancerName: "consistent_hash",
    Hedge: { Budget: 1 },
    Retry: { MaxAttempts: 3, InitialBackoff: 1, MaxBackoff: 2 },
    Timeout: 20_000,
  });
  const keys = Array.from({ length: 40 }, (_, i) => `user-${i}`);
  await until(async () => {
    for (const key of keys) await withHashKey(key, () => say(client));
    return servers.every(({ calls }) => calls > 0);
  }, "every instance is connected to");
  await withHashKey("user-1", () => warm(client));
  const attempts = failLate(servers);
  for (const key of keys.slice(0, 10)) {
    attempts.fill(0);
    await assert.rejects(
      withHashKey(key, () => say(client, { text: "counted" })),
      { code: grpc.status.UNAVAILABLE },
    );
    assert.ok(attempts.reduce((sum, calls) => sum + calls) <= 3, `attempts at the instances: ${attempts}`);
    assert.ok(Math.max(...attempts) <= 1, `attempts at the instances: ${attempts}`);
  }
});

test("a caller that ends a call with a status of its own, as interceptors do, has no copy of it sent", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Hedge: { Budget: 1 }, Timeout: 0 });
  await connected(client, servers);
  await warm(client);
  for (const one of servers) one.handler = hangs;
  for (const one of servers) one.calls = 0;
  const gaveUp: grpc.Interceptor = (options, next) => {
    const call = new grpc.InterceptingCall(next(options));
    setImmediate(() => call.cancelWithStatus(grpc.status.UNAVAILABLE, "gave up"));
    return call;
  };
  for (let i = 0; i < 5; i++) {
    await assert.rejects(say(client, {}, { interceptors: [gaveUp], deadline: Date.now() + 5_000 }), {
      code: grpc.status.UNAVAILABLE,
      details: "gave up",
    });
  }
  assert.ok(servers[0]!.calls + servers[1]!.calls <= 5);
});

test("an answer that is an error of the application is the answer: it is neither hedged nor repeated", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Hedge: {} });
  await connected(client, servers);
  for (const one of servers)
    one.handler = (_call, callback) => callback({ code: grpc.status.NOT_FOUND, details: "none" });
  for (const one of servers) one.calls = 0;
  await assert.rejects(say(client), { code: grpc.status.NOT_FOUND, details: "none" });
  assert.equal(servers[0]!.calls + servers[1]!.calls, 1);
});

test("a caller that cancels a hedged call ends it everywhere", async () => {
  const servers = await instances(2);
  const client = clientOf(servers, { Hedge: { Budget: 0.5 }, Timeout: 0 });
  await connected(client, servers);
  await warm(client);
  for (const one of servers) {
    one.handler = (call, callback) => {
      if (call.request.text !== "hang") callback(null, { instance: one.address });
      else {
        one.hanging += 1;
        call.on("cancelled", () => {
          one.hanging -= 1;
        });
      }
    };
  }
  let call: grpc.ClientUnaryCall | undefined;
  const ended = new Promise<grpc.ServiceError | null>((resolve) => {
    call = client.say({ text: "hang" }, {}, (error) => resolve(error));
  });
  // Other calls go on: where a busy machine has made everything slow, they show when that is over and a copy may be sent.
  await until(async () => {
    await say(client);
    return servers.every(({ hanging }) => hanging === 1);
  }, "both copies hang");
  call!.cancel();
  assert.equal((await ended)?.code, grpc.status.CANCELLED);
  await until(() => servers.every(({ hanging }) => hanging === 0), "both are ended");
});
