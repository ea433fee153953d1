import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import { ConnectError } from "@connectrpc/connect";
import { formatAddress } from "../address.js";
import { afterRead } from "../async/after-read.js";
import { type DialOptions, openSocket } from "./dial.js";

/**
 * Idle connections are left after so long, in milliseconds, as Node's own agent has it; and sooner where their server says
 * (Keep-Alive) that it ends them sooner, which the agent heeds only beside a limit of its own.
 */
const IDLE_MS = 5_000;

type Dial = Omit<DialOptions, "alpn">;

/**
 * An agent whose connections, kept alive, all go to one instance, whatever the URL says.
 * @param connectMs how long one of them may take to come about.
 */
export function agentFor(dial: Dial, connectMs: number): HttpAgent {
  const options = { keepAlive: true, timeout: IDLE_MS };
  const agent = dial.tls ? new HttpsAgent(options) : new HttpAgent(options);
  // Typed only since newer @types/node. The agent refs what it uses and unrefs what is idle.
  const own = agent as HttpAgent & { createConnection(): Socket };
  own.createConnection = () => attempt(dial, connectMs).ref();
  return agent;
}

/**
 * A socket that comes about in time, TLS included, or ends with an error of connecting: that is how a call which has not begun is
 * told from one that broke off.
 */
function attempt(dial: Dial, connectMs: number): Socket {
  const socket = openSocket({ ...dial, alpn: ["http/1.1"] });
  const stopTimer = afterRead(connectMs, () => {
    const late = new Error(`nobody answered at ${formatAddress(dial.address)} within ${connectMs} ms`);
    socket.destroy(Object.assign(late, { code: "ETIMEDOUT" }));
  });
  const failed = (error: Error) => {
    // A call that is given up ends its socket with an error of its own.
    if (!(error instanceof ConnectError)) Object.assign(error, { syscall: "connect" });
  };
  // What is written into a handshake that fails would fail before the socket does, with an error that says less.
  socket.cork();
  socket.once("close", stopTimer);
  socket.once(dial.tls ? "secureConnect" : "connect", () => {
    stopTimer();
    socket.off("error", failed);
    socket.uncork();
  });
  // Node:http listens later, and so hears what was made of it.
  return socket.once("error", failed);
}
