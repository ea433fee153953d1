import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Socket } from "node:net";
import { type DialOptions, openSocket } from "./dial.js";

/** An agent whose connections, kept alive, all go to one instance, whatever the URL says. */
export function agentFor(dial: Omit<DialOptions, "alpn">): HttpAgent {
  const agent = dial.tls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  // Typed only since newer @types/node. The agent refs what it uses and unrefs what is idle.
  const own = agent as HttpAgent & { createConnection(): Socket };
  own.createConnection = () => openSocket({ ...dial, alpn: ["http/1.1"] }).ref();
  return agent;
}
