import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import type { ServerConfig } from "../../src/grpc/server/server-config.js";
import { EchoClient, say } from "../support/echo.js";
import { freePort } from "../support/network/ports.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { etcdctl } from "../support/real-parts/etcdctl.js";
import { etcd, processes, setStage } from "./stage.js";

const skip = etcdSkipReason();
setStage(skip);

/** A service in a process of its own, whose log is read. */
class Service {
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #heard = () => {};
  /** Exit status, or the signal's name when one killed it. */
  readonly ended: Promise<number | string>;

  constructor(address: string, config: Omit<ServerConfig, "ListenOn"> = {}) {
    this.address = address;
    const options = { name: address, config: { ListenOn: address, ...config } };
    this.#child = processes.start("instance", options, true);
    this.ended = once(this.#child, "exit").then(([code, signal]) => code ?? signal);
    createInterface(this.#child.stderr!).on("line", (line) => {
      this.#lines.push(line);
      this.#heard();
    });
    this.#child.on("message", () => {
      this.#lines.push("start() resolved");
      this.#heard();
    });
  }

  get log(): string {
    return this.#lines.join("\n");
  }

  /** Resolves when a line of the log, or of an error on its way out, matches. */
  async says(what: RegExp): Promise<void> {
    let over = false;
    void this.ended.then(() => {
      over = true;
      this.#heard();
    });
    while (!what.test(this.log)) {
      if (over) throw new Error(`ended without saying ${what}:\n${this.log}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

async function started(config: Omit<ServerConfig, "ListenOn"> = {}): Promise<{ service: Service; client: EchoClient }> {
  const service = new Service(`127.0.0.1:${await freePort()}`, config);
  await service.says(/start\(\) resolved/);
  return { service, client: new EchoClient(service.address, grpc.credentials.createInsecure()) };
}

interface InFlight {
  /** Status and details, or OK. */
  readonly end: Promise<string>;
}

/** Resolves when the call is being served. */
async function callInFlight(client: EchoClient, delayMs: number): Promise<InFlight> {
  await say(client);
  const end = say(client, { delayMs }).then(
    () => "OK",
    (error: grpc.ServiceError) => `${grpc.status[error.code]}: ${error.details}`,
  );
  await say(client); // answered on the same connection, so the one before has arrived
  return { end };
}

/** Resolves when the stream, which never ends, is being served. */
async function endlessStream(client: EchoClient): Promise<InFlight> {
  const stream = client.count({ count: Number.POSITIVE_INFINITY });
  const end = new Promise<string>((resolve) => {
    stream.on("error", ({ code, details }: grpc.ServiceError) => resolve(`${grpc.status[code]}: ${details}`));
    stream.on("end", () => resolve("OK"));
  });
  stream.resume();
  await say(client);
  return { end };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} lets a call in flight finish, and exits with 0`, { skip }, async () => {
    const { service, client } = await started({ Shutdown: { WrapUpTime: 100 } });
    const call = await callInFlight(client, 1_000);
    service.signal(signal);
    assert.equal(await call.end, "OK");
    client.close();
    assert.equal(await service.ended, 0);
    assert.match(service.log, /out of rotation.*\n(.*\n)*.*"stopped"/);
  });
}

test("what outlasts the limit ends with UNAVAILABLE: a slow handler, a stream that never ends; exit status 0", {
  skip,
}, async () => {
  const { service, client } = await started({ Shutdown: { WrapUpTime: 50, WaitTime: 600 } });
  const inFlight = await Promise.all([callInFlight(client, 60_000), endlessStream(client)]);
  service.signal("SIGTERM");
  for (const { end } of inFlight) assert.match(await end, /^UNAVAILABLE: the server is stopping and its time limit/);
  client.close();
  assert.equal(await service.ended, 0);
  assert.match(service.log, /"calls":2,"msg":"time is up: calls still in flight are ended with UNAVAILABLE"/);
});

for (const [signal, status] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  test(`a second ${signal} ends at once with ${status}`, { skip }, async () => {
    const { service, client } = await started({ Shutdown: { WrapUpTime: 60_000, WaitTime: 120_000 } });
    const call = await callInFlight(client, 60_000);
    service.signal(signal);
    await service.says(/out of rotation/);
    // npm passes on a Ctrl-C that the process has heard itself: within 100 ms that is the same one.
    await new Promise((resolve) => setTimeout(resolve, 150));
    service.signal(signal);
    assert.equal(await service.ended, status);
    assert.match(await call.end, /^(UNAVAILABLE|CANCELLED)/);
    client.close();
  });
}

test("Ctrl-C that arrives twice at once, as under npm, is one signal", { skip }, async () => {
  const { service, client } = await started({ Shutdown: { WrapUpTime: 100 } });
  const call = await callInFlight(client, 500);
  service.signal("SIGINT");
  service.signal("SIGINT");
  assert.equal(await call.end, "OK");
  client.close();
  assert.equal(await service.ended, 0);
});

test("SIGTERM before start() has finished stops gracefully, is never listed, and exits with 0", { skip }, async () => {
  // A registry that takes connections and never says a word.
  const sockets = new Set<Socket>();
  const silent: Server = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const Etcd = { Hosts: [`127.0.0.1:${(silent.address() as { port: number }).port}`], Key: "early.rpc" };
  const service = new Service(`127.0.0.1:${await freePort()}`, { Etcd, Shutdown: { WrapUpTime: 100 } });
  await service.says(/"serving"/);
  service.signal("SIGTERM");
  assert.equal(await service.ended, 0);
  assert.match(service.log, /"stopped"/);
  assert.doesNotMatch(service.log, /registered/);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test("a port that is taken is an error that says what to do, and exits with 1", { skip }, async () => {
  const { service, client } = await started();
  const second = new Service(service.address);
  assert.equal(await second.ended, 1);
  assert.match(
    second.log,
    /cannot listen on 127\.0\.0\.1:\d+: another process listens there \(EADDRINUSE\); stop it or/,
  );
  assert.equal((await say(client)).instance, service.address);
  client.close();
  service.signal("SIGTERM");
  assert.equal(await service.ended, 0);
});

test("a registration that can never succeed is an error: exit status 1, and the port is free", { skip }, async () => {
  const Etcd = { Hosts: [etcd.endpoint], Key: "never.rpc" };
  const service = new Service(`127.0.0.1:${await freePort()}`, { Etcd, Advertise: "nowhere" });
  assert.equal(await service.ended, 1);
  assert.match(service.log, /Advertise is "nowhere"/);
});

test("a registration that is refused goes on being tried, while the server serves; SIGTERM exits with 0", {
  skip,
}, async () => {
  const locked = await startEtcd();
  await etcdctl(locked.endpoint, "user", "add", "root:secret");
  await etcdctl(locked.endpoint, "user", "grant-role", "root", "root");
  await etcdctl(locked.endpoint, "auth", "enable");
  const Etcd = { Hosts: [locked.endpoint], Key: "refused.rpc", User: "root", Pass: "wrong" };
  const { service, client } = await started({ Etcd, Shutdown: { WrapUpTime: 100 } });
  assert.match(service.log, /cannot be registered yet: .*root/);
  assert.equal((await say(client)).instance, service.address);
  client.close();
  service.signal("SIGTERM");
  assert.equal(await service.ended, 0);
  await locked.stop();
});

test("after stop() and close() a process ends by itself", { skip }, async () => {
  const child = processes.start("whole-life", etcd.endpoint);
  child.disconnect();
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.equal(await etcdctl(etcd.endpoint, "get", "--prefix", "whole-life.rpc"), "", "no longer listed");
});
