import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import { type DialOptions, openSocket } from "./dial.js";

/**
 * Idle connections are left after so long, in milliseconds, as Node's own agent has it; and sooner where their server says
 * (Keep-Alive) that it ends them sooner, which the agent heeds only beside a limit of its own.
 */
const IDLE_MS = 5_000;

/** An agent whose connections, kept alive, all go to one instance, whatever the URL says. */
export function agentFor(dial: Omit<DialOptions, "alpn">): HttpAgent {
  const options = { keepAlive: true, timeout: IDLE_MS };
  const agent = dial.tls ? new HttpsAgent(options) : new HttpAgent(options);
  // Typed only since newer @types/node. The agent refs what it uses and unrefs what is idle.
  const own = agent as HttpAgent & { createConnection(): Socket };
  own.createConnection = () => openSocket({ ...dial, alpn: ["http/1.1"] }).ref();
  return agent;
}
