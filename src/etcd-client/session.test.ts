import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { after, before, test } from "node:test";
import { hold } from "../async/hold.js";
import { AuthenticateResponse, RangeRequest, RangeResponse, StatusResponse } from "../proto/etcd.js";
import { answer, begin, RpcServer } from "../testing/rpc-server.js";
import { dial } from "./dial.js";
import { EtcdError } from "./errors.js";
import { AuthService, KVService, LeaseService, MaintenanceService, WatchService } from "./methods.js";
import { frame } from "./rpc/frames.js";
import { PingPace } from "./rpc/ping-pace.js";
import { Status } from "./rpc/status.js";
import type { Session } from "./session.js";
import { Tokens } from "./tokens.js";

/** A limit of silence that tests need not wait long for. */
const LIMIT_MS = 300;
const RANGE = RangeRequest.fromPartial({ key: Buffer.from("a") });
const STALE = { "grpc-status": "16", "grpc-message": "etcdserver: invalid auth token" };
const release = hold();
let server: RpcServer;
/** Answers by path; Status is answered as an etcd does that leads. */
const answers = new Map<string, (stream: ServerHttp2Stream, token: string | undefined) => void>();
/** Tokens of the calls of each path. */
const seen: [path: string, token: string | undefined][] = [];

before(async () => {
  server = await RpcServer.start();
  server.serve = (stream, headers) => {
    const path = String(headers[":path"]);
    const token = headers.token as string | undefined;
    seen.push([path, token]);
    answers.get(path)?.(stream, token);
  };
});
after(async () => {
  await server[Symbol.asyncDispose]();
  release();
});

const respondsToStatus = (stream: ServerHttp2Stream) =>
  answer(stream, [StatusResponse.encode(StatusResponse.fromPartial({ leader: 1n })).finish()]);

function open(tokens = new Tokens(), user?: string): Promise<Session> {
  if (!answers.has(MaintenanceService.status.path)) answers.set(MaintenanceService.status.path, respondsToStatus);
  const settings = { hosts: [], ...(user !== undefined && { user, pass: "secret" }) };
  const { signal } = new AbortController();
  return dial(`127.0.0.1:${server.port}`, { settings, pace: new PingPace(), tokens, signal });
}

const rangeResponse = (bytes: number) =>
  RangeResponse.encode(RangeResponse.fromPartial({ kvs: [{ value: Buffer.alloc(bytes) }] })).finish();

test("an answer that keeps arriving may take much longer than the limit; the limit is one of silence", async () => {
  const session = await open();
  const whole = frame(rangeResponse(100));
  answers.set(KVService.range.path, (stream) => {
    begin(stream);
    let sent = 0;
    const timer = setInterval(() => {
      stream.write(whole.subarray(sent, sent + 10));
      sent += 10;
      if (sent < whole.length) return;
      clearInterval(timer);
      stream.end();
    }, LIMIT_MS / 3);
  });
  const began = performance.now();
  const { kvs } = await session.call(KVService.range, RANGE, { timeoutMs: LIMIT_MS });
  assert.equal(kvs[0]!.value.length, 100);
  assert.ok(performance.now() - began > LIMIT_MS * 2, "it took longer than a limit of time would have allowed");
  session.drop(new Error("done"));
});

test("a slow answer drops no session over which others are heard", { timeout: 60_000 }, async () => {
  const session = await open();
  answers.set(KVService.range.path, () => {});
  answers.set(WatchService.watch.path, (stream) => {
    begin(stream);
    const timer = setInterval(() => stream.write(frame(Buffer.alloc(0))), LIMIT_MS / 5);
    stream.on("close", () => clearInterval(timer));
  });
  let heard = 0;
  const stream = session.stream(WatchService.watch, {
    message: () => {
      heard += 1;
    },
    end: () => {},
  });
  const slow = session.call(KVService.range, RANGE, { timeoutMs: LIMIT_MS });
  await assert.rejects(slow, (error) => error instanceof EtcdError && error.code === Status.DEADLINE_EXCEEDED);
  const before = heard;
  while (heard === before) await new Promise((resolve) => setTimeout(resolve, 5));
  stream.cancel();
  session.drop(new Error("done"));
});

test("where nothing at all is heard within the limit, the session is dropped for another host's", async () => {
  const session = await open();
  answers.set(KVService.range.path, () => {});
  await assert.rejects(session.call(KVService.range, RANGE, { timeoutMs: LIMIT_MS }), /no answer in time/);
  assert.match((await session.ended).message, /no answer in time/);
  await assert.rejects(session.call(KVService.range, RANGE), /no answer in time/);
});

test("an exchange sends one message and takes the first answer, on a stream that is open until then", async () => {
  const session = await open();
  answers.set(LeaseService.leaseKeepAlive.path, (stream) => {
    begin(stream);
    let halfClosed = false;
    stream.once("end", () => {
      halfClosed = true;
      stream.end();
    });
    stream.once("data", () => {
      setImmediate(() => {
        assert.equal(halfClosed, false);
        stream.write(frame(Buffer.alloc(0)));
      });
    });
  });
  assert.equal((await session.exchange(LeaseService.leaseKeepAlive, { ID: 1n })).TTL, 0n);
  session.drop(new Error("done"));
});

test("a token outlives its session, serves other hosts, and is replaced only when it is refused", async () => {
  const tokens = new Tokens();
  let valid = "one";
  answers.set(AuthService.authenticate.path, (stream) =>
    answer(stream, [AuthenticateResponse.encode(AuthenticateResponse.fromPartial({ token: valid })).finish()]),
  );
  answers.set(KVService.range.path, (stream, token) =>
    token === valid ? answer(stream, [rangeResponse(1)]) : answer(stream, [], STALE),
  );
  const logIns = () => seen.filter(([path]) => path === AuthService.authenticate.path);
  const first = await open(tokens, "shop");
  await first.call(KVService.range, RANGE);
  first.drop(new Error("lost"));
  const second = await open(tokens, "shop");
  await second.call(KVService.range, RANGE);
  assert.equal(logIns().length, 1);

  valid = "two";
  await Promise.all([second.call(KVService.range, RANGE), second.call(KVService.range, RANGE)]);
  await second.renewToken();
  assert.deepEqual(
    logIns().map(([, token]) => token),
    [undefined, undefined],
    "two log-ins, which carry no token",
  );
  second.drop(new Error("done"));
});

test("a call that begins while the token is replaced waits for the other one, and is not sent without any", async () => {
  const tokens = new Tokens();
  let valid = "one";
  let logIn = () => {};
  const calls = (path: string) => seen.filter(([one]) => one === path).length;
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise(setImmediate);
  };
  answers.set(AuthService.authenticate.path, (stream) => {
    const message = AuthenticateResponse.encode(AuthenticateResponse.fromPartial({ token: valid })).finish();
    logIn = () => answer(stream, [message]);
    if (valid === "one") logIn();
  });
  const nobody = { "grpc-status": "3", "grpc-message": "etcdserver: user name is empty" };
  answers.set(KVService.range.path, (stream, token) =>
    token === valid ? answer(stream, [rangeResponse(1)]) : answer(stream, [], token === undefined ? nobody : STALE),
  );
  const session = await open(tokens, "shop");
  const logIns = calls(AuthService.authenticate.path);
  valid = "two";
  const refused = session.call(KVService.range, RANGE);
  await until(() => calls(AuthService.authenticate.path) > logIns);
  const ranges = calls(KVService.range.path);
  const meanwhile = session.call(KVService.range, RANGE);
  await until(() => calls(KVService.range.path) > ranges);
  logIn();
  await Promise.all([refused, meanwhile]);
  assert.equal(calls(AuthService.authenticate.path), logIns + 1);
  session.drop(new Error("done"));
});

test("a session that was left without a token, by a log-in that failed or by an etcd that asked for none, logs in when it is asked to", async () => {
  let outcome: Record<string, string> = {
    "grpc-status": "9",
    "grpc-message": "etcdserver: authentication is not enabled",
  };
  answers.set(AuthService.authenticate.path, (stream) =>
    "grpc-status" in outcome
      ? answer(stream, [], outcome)
      : answer(stream, [AuthenticateResponse.encode(AuthenticateResponse.fromPartial(outcome)).finish()]),
  );
  let asked = false;
  const nobody = { "grpc-status": "3", "grpc-message": "etcdserver: user name is empty" };
  answers.set(KVService.range.path, (stream, token) => {
    if (!asked || (token !== undefined && token === outcome.token)) answer(stream, [rangeResponse(1)]);
    else answer(stream, [], token === undefined ? nobody : STALE);
  });
  let now = 0;
  const tokens = new Tokens(() => now);
  const session = await open(tokens, "shop");
  await session.call(KVService.range, RANGE); // no authentication yet
  asked = true;
  outcome = { "grpc-status": "14", "grpc-message": "etcdserver: leader changed" };
  await assert.rejects(session.call(KVService.range, RANGE), /leader changed/);
  await assert.rejects(session.call(KVService.range, RANGE), /leader changed/, "the reason, not that nobody asks");
  now += 60_000;
  outcome = { token: "two" };
  await session.call(KVService.range, RANGE);
  session.drop(new Error("done"));
});

test("a request that cannot be encoded fails alone: the session and its other calls are not touched", async () => {
  const session = await open();
  answers.set(KVService.range.path, (stream) => answer(stream, [rangeResponse(1)]));
  answers.set(LeaseService.leaseGrant.path, () => {});
  const request = { TTL: 2n ** 70n, ID: 0n };
  let isOver = false;
  void session.ended.then(() => {
    isOver = true;
  });
  await assert.rejects(session.call(LeaseService.leaseGrant, request, { timeoutMs: 20 }), /cannot be encoded/);
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MS)); // for the limit of silence, which must not run any more
  assert.equal(isOver, false);
  await session.call(KVService.range, RANGE);
  session.drop(new Error("done"));
});

test("an abort ends a call with its reason, and leaves nothing on the signal", async () => {
  const session = await open();
  answers.set(KVService.range.path, () => {});
  const abort = new AbortController();
  const running = session.call(KVService.range, RANGE, { signal: abort.signal });
  abort.abort(new Error("not needed any more"));
  await assert.rejects(running, /not needed any more/);
  await assert.rejects(session.call(KVService.range, RANGE, { signal: abort.signal }), /not needed any more/);
  session.drop(new Error("done"));
});

test("a host without a leader, and a learner, are passed over", async () => {
  for (const [status, expected] of [
    [{ leader: 0n }, /no leader/],
    [{ leader: 1n, isLearner: true }, /learner/],
  ] as const) {
    answers.set(MaintenanceService.status.path, (stream) =>
      answer(stream, [StatusResponse.encode(StatusResponse.fromPartial(status)).finish()]),
    );
    await assert.rejects(open(), expected);
  }
  answers.delete(MaintenanceService.status.path);
});
