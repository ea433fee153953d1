import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { createClient, createServer, type Server, setLogger } from "../../../src/index.js";
import { EchoClient, type EchoReply, EchoService, say } from "../../support/echo.js";

type Unary = grpc.ServerUnaryCall<{ text?: string }, EchoReply>;
type Writable = grpc.ServerWritableStream<{ text?: string }, EchoReply>;

/** Handlers as methods of a class with state, one for each way to fail. */
class Crashing {
  readonly #name = "crashing";

  say(call: Unary, respond: grpc.sendUnaryData<EchoReply>): unknown {
    switch (call.request.text) {
      case "throws":
        throw new Error("password=hunter2");
      case "throws nothing":
        throw undefined;
      case "rejects":
        return Promise.reject(new Error("password=hunter2"));
      case "throws a status":
        throw Object.assign(new Error("no such order"), { code: grpc.status.NOT_FOUND, details: "no such order" });
      case "throws after its answer":
        respond(null, { instance: this.#name });
        throw new Error("too late");
      default:
        respond(null, { instance: this.#name });
        return undefined;
    }
  }

  async count(call: Writable): Promise<void> {
    call.write({ instance: this.#name });
    await Promise.resolve();
    throw new Error("password=hunter2");
  }

  chat(): void {
    throw new Error("password=hunter2");
  }
}

let server: Server;
let client: EchoClient;
const logged: string[] = [];

before(async () => {
  const ignore = () => {};
  const error = ({ err }: { err?: Error }) => logged.push(String(err?.message));
  setLogger({ debug: ignore, info: ignore, warn: ignore, error: error as (facts: object) => void });
  const handlers = new Crashing() as unknown as grpc.UntypedServiceImplementation;
  server = createServer({ ListenOn: "127.0.0.1:0" }, (s) => s.addService(EchoService, handlers), { signals: false });
  await server.start();
  client = createClient(EchoClient, { Endpoints: [server.address!] });
});

after(async () => {
  client.close();
  await server.stop();
});

for (const text of ["throws", "throws nothing", "rejects"]) {
  test(`a unary handler that ${text} answers INTERNAL, tells the log alone why, and the server goes on`, async () => {
    const before = logged.length;
    await assert.rejects(say(client, { text }), (error: grpc.ServiceError) => {
      assert.equal(error.code, grpc.status.INTERNAL);
      assert.doesNotMatch(error.details, /hunter2/);
      return true;
    });
    assert.equal(logged.length, before + 1);
    assert.equal((await say(client)).instance, "crashing");
  });
}

test("a thrown gRPC status is that status", async () => {
  await assert.rejects(say(client, { text: "throws a status" }), {
    code: grpc.status.NOT_FOUND,
    details: "no such order",
  });
});

test("what is thrown after the answer changes nothing of it", async () => {
  assert.equal((await say(client, { text: "throws after its answer" })).instance, "crashing");
});

test("a stream whose handler throws ends with INTERNAL, after what was written", async () => {
  const stream = client.count({});
  const ended = once(stream, "end").catch((error: grpc.ServiceError) => error);
  const [first] = (await once(stream, "data")) as [EchoReply];
  assert.equal(first.instance, "crashing");
  assert.equal(((await ended) as grpc.ServiceError).code, grpc.status.INTERNAL);
  const chat = client.chat();
  const [error] = (await once(chat, "error")) as [grpc.ServiceError];
  assert.equal(error.code, grpc.status.INTERNAL);
});
