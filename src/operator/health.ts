import { type ClientHttp2Session, connect } from "node:http2";
import { sleep } from "../async/backoff.js";
import { destroySoon } from "../async/end-http2.js";
import { onAbort } from "../async/on-abort.js";
import { Semaphore } from "../async/semaphore.js";
import { FrameReader, frame } from "../etcd-client/rpc/frames.js";
import type { Health } from "./health-state.js";

export type { Health } from "./health-state.js";

/** How long a first word may take, in milliseconds. */
const FIRST_WORD_MS = 1_000;
/** How often the other end is asked whether it is there, and how long an answer may take, in milliseconds. */
const PING_MS = 2_000;
const RETRY_MS = 1_000;
const AT_A_TIME = 50;
const WATCH = "/grpc.health.v1.Health/Watch";

/** The health of one instance now. Within a second; never rejects. @param address `host:port`. */
export async function healthOf(address: string): Promise<Health> {
  const over = new AbortController();
  let known: Health | undefined;
  const told = (health: Health) => {
    known = health;
    over.abort();
  };
  let connected = false;
  const limit = setTimeout(() => told(connected ? "unknown" : "unreachable"), FIRST_WORD_MS);
  await follow(address, over.signal, told, () => {
    connected = true;
  });
  clearTimeout(limit);
  return known ?? "unknown";
}

/** The health of many, some at a time. */
export async function healthOfAll(addresses: Iterable<string>): Promise<Map<string, Health>> {
  const semaphore = new Semaphore(AT_A_TIME);
  const found = await Promise.all(
    [...new Set(addresses)].map((address) => semaphore.run(async () => [address, await healthOf(address)] as const)),
  );
  return new Map(found);
}

/** Tells an instance's health now and at every change, until the signal. Never rejects. */
export async function watchHealth(address: string, signal: AbortSignal, told: (health: Health) => void): Promise<void> {
  let last: Health | undefined;
  const tell = (health: Health) => {
    if (health !== last && !signal.aborted) told(health);
    last = health;
  };
  while (!signal.aborted) {
    const limit = setTimeout(() => tell(last ?? "unreachable"), FIRST_WORD_MS);
    await follow(address, signal, tell, () => clearTimeout(limit));
    clearTimeout(limit);
    await sleep(RETRY_MS, signal);
  }
}

/** One connection, to its end. The last thing told is why it ended, unless the signal ended it. */
function follow(
  address: string,
  signal: AbortSignal,
  told: (health: Health) => void,
  connected: () => void,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    let session: ClientHttp2Session;
    try {
      session = connect(`http://${address}`);
    } catch {
      told("unreachable");
      return resolve();
    }
    let [isConnected, isOver, knows] = [false, false, false];
    const pings = setInterval(() => ping(session), PING_MS);
    const end = (health?: Health) => {
      if (isOver) return;
      isOver = true;
      clearInterval(pings);
      release();
      destroySoon(session);
      if (health) told(health);
      resolve();
    };
    const release = onAbort(signal, () => end());
    session.on("error", () => end(isConnected && !knows ? "unknown" : "unreachable"));
    session.once("close", () => end(isConnected && !knows ? "unknown" : "unreachable"));
    session.once("connect", () => {
      isConnected = true;
      connected();
    });
    const stream = session.request({
      ":method": "POST",
      ":path": WATCH,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const frames = new FrameReader(1 << 16);
    stream.on("data", (chunk: Buffer) => {
      try {
        for (const message of frames.read(chunk)) {
          knows = true;
          told(inWords(message));
        }
      } catch {
        end("unknown");
      }
    });
    // A watch that ends says nothing of the instance, and the connection is kept to see it go.
    stream.on("error", () => {});
    stream.once("close", () => {
      if (!isOver && isConnected && !session.destroyed) told("unknown");
    });
    stream.end(frame(new Uint8Array()));
  });
}

/** A frozen process keeps its connections and answers nothing. */
function ping(session: ClientHttp2Session): void {
  if (session.destroyed || session.connecting) return;
  const limit = setTimeout(() => destroySoon(session), PING_MS);
  try {
    session.ping(() => clearTimeout(limit));
  } catch {
    clearTimeout(limit);
  }
}

/** HealthCheckResponse has one field, the status, which is one byte: reading it here saves loading gRPC for it. */
function inWords(message: Buffer): Health {
  const status = message[0] === 0x08 ? message[1] : undefined;
  return status === 1 ? "serving" : status === 2 ? "not serving" : "unknown";
}
