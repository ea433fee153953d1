/** Calls the echo service at a steady rate and keeps count. Options are JSON in the first argument. */
import * as grpc from "@grpc/grpc-js";
import type { ClientConfig } from "../../../src/config/schema/client-target.js";
import { createClient } from "../../../src/grpc/client/client.js";
import { EchoClient, type EchoReply } from "../../support/echo.js";
import { held } from "./held.js";

export interface LoadOptions {
  /** Rollcall's configuration, or plain grpc-js with its own round_robin over fixed addresses. */
  readonly client: { readonly rollcall: ClientConfig } | { readonly roundRobin: readonly string[] };
  /** Calls a second. */
  readonly rate: number;
  /** Of ten calls so many are server streams, and so many bidirectional ones. Default 1 each; the others are unary. */
  readonly streams?: number;
  /** How long a unary call's handler takes, in milliseconds. Default 0. */
  readonly handlerMs?: number;
  /** Deadline of each call, in milliseconds; 0 leaves it to the client's own. Default 60,000, so that a busy machine is not taken for a lost call. */
  readonly deadlineMs?: number;
}

type Kind = "unary" | "server streaming" | "bidirectional";

export interface Failure {
  readonly kind: Kind;
  readonly code: string;
  readonly details: string;
  /** `host:port` that the call had gone to. */
  readonly peer: string;
  /** Whether its answer had begun: gRPC repeats no such call. */
  readonly begun: boolean;
  /** Milliseconds since the epoch, like endedAt. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface LoadReport {
  readonly calls: Readonly<Record<Kind, number>>;
  readonly total: number;
  readonly failures: readonly Failure[];
  /** By the name the instances gave in their answers: how many calls ended well, and when the last of them began. */
  readonly answered: Readonly<Record<string, { calls: number; lastStartedAt: number }>>;
  readonly slowestMs: number;
  readonly seconds: number;
  /** Not started on time because too many were under way. */
  readonly heldBack: number;
}

/**
 * On a machine that cannot keep up calls would pile up until each takes longer than its deadline. Seldom are more than 30
 * under way at 700 a second.
 */
const MOST_AT_ONCE = 100;
const options = JSON.parse(process.argv[2]!) as LoadOptions;
const { rate, streams = 1, handlerMs = 0, deadlineMs = 60_000 } = options;
const client = connect();

const calls: Record<Kind, number> = { unary: 0, "server streaming": 0, bidirectional: 0 };
const failures: Failure[] = [];
const answered: Record<string, LoadReport["answered"][string]> = {};
const began = performance.now();
let started = 0;
let heldBack = 0;
let underWay = 0;
let slowestMs = 0;
let ending = false;

process.on("message", async (order: "report" | "held" | "end") => {
  if (order === "report") return process.send!(report());
  if (order === "held") return process.send!(await held());
  ending = true;
  if (underWay === 0) end();
});
// A test that was killed leaves nobody behind.
process.on("disconnect", () => process.exit());
const pace = setInterval(keepPace, 5);
/** Calls due from here on. */
let paceFrom = began;

function keepPace(): void {
  if (ending) return;
  const due = ((performance.now() - paceFrom) / 1000) * rate;
  while (started < due) {
    if (underWay >= MOST_AT_ONCE) {
      heldBack += 1;
      paceFrom = performance.now();
      started = 0;
      return;
    }
    started += 1;
    make(kindOf(started));
  }
}

function kindOf(call: number): Kind {
  const turn = call % 10;
  return turn < streams ? "server streaming" : turn < 2 * streams ? "bidirectional" : "unary";
}

function make(kind: Kind): void {
  const startedAt = Date.now();
  const at = performance.now();
  const callOptions = deadlineMs > 0 ? { deadline: startedAt + deadlineMs } : {};
  underWay += 1;
  calls[kind] += 1;

  const done: Done = (peer, error, instance = "", begun = false) => {
    underWay -= 1;
    slowestMs = Math.max(slowestMs, performance.now() - at);
    if (error) {
      const { code, details } = error;
      failures.push({ kind, code: grpc.status[code]!, details, peer, begun, startedAt, endedAt: Date.now() });
    } else {
      const { calls: before, lastStartedAt } = answered[instance] ?? { calls: 0, lastStartedAt: 0 };
      answered[instance] = { calls: before + 1, lastStartedAt: Math.max(lastStartedAt, startedAt) };
    }
    if (ending && underWay === 0) end();
  };

  if (kind === "unary") {
    let begun = false;
    const call = client.say({ delayMs: handlerMs }, callOptions, (error, reply) =>
      error ? done(call.getPeer(), error, "", begun) : done("", undefined, reply!.instance),
    );
    // For the moment between its headers and its message a unary call has begun to be answered, too.
    call.on("metadata", () => {
      begun = true;
    });
  } else if (kind === "server streaming") {
    expectReplies(client.count({ count: 3 }, callOptions), 3, done);
  } else {
    // One in five lives long enough to be there before, while and after its instance is told to stop.
    const long = calls.bidirectional % 5 === 0;
    const chat = client.chat(callOptions);
    const replies = long ? 12 : 3;
    let said = 0;
    const say = () => {
      said += 1;
      chat.write({});
      if (said === replies) chat.end();
    };
    chat.on("data", () => {
      if (said < replies) setTimeout(say, long ? 50 : 0);
    });
    expectReplies(chat, replies, done);
    say();
  }
}

type Stream = grpc.ClientReadableStream<EchoReply> | grpc.ClientDuplexStream<object, EchoReply>;
type Done = (peer: string, error?: { code: grpc.status; details: string }, instance?: string, begun?: boolean) => void;

/** A stream ended well only if all it had to say was heard. */
function expectReplies(stream: Stream, replies: number, done: Done): void {
  let heard = 0;
  let instance = "";
  let begun = false;
  stream.on("metadata", () => {
    begun = true;
  });
  stream.on("data", (reply: EchoReply) => {
    heard += 1;
    instance = reply.instance;
  });
  stream.on("error", () => {}); // the status tells it, too
  stream.on("status", ({ code, details }: grpc.StatusObject) => {
    if (code !== grpc.status.OK) done(stream.getPeer(), { code, details }, "", begun);
    else if (heard === replies) done("", undefined, instance);
    else done(stream.getPeer(), { code: grpc.status.DATA_LOSS, details: `${heard} of ${replies} replies` }, "", begun);
  });
}

function connect(): EchoClient {
  if ("rollcall" in options.client) return createClient(EchoClient, options.client.rollcall);
  return new EchoClient(`ipv4:${options.client.roundRobin.join(",")}`, grpc.credentials.createInsecure(), {
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  });
}

function report(): LoadReport {
  const seconds = (performance.now() - began) / 1000;
  const total = Object.values(calls).reduce((sum, count) => sum + count, 0);
  return { calls, total, failures, answered, slowestMs, seconds, heldBack };
}

function end(): void {
  clearInterval(pace);
  client.close();
  process.send!(report(), () => process.disconnect());
}
