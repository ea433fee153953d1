import type { Outcome } from "../balancer/outcome.js";

/** Answers below 500 that say that the instance itself is in trouble: 429, it has more to do than it can. */
const FULL = 429;
/** The server gave up waiting for the request, or refused to take it early: the client, or chance. */
const CLIENTS_DOING = new Set([408, 425, 499]);

/** What an HTTP status says of the instance that answered (docs/connect-and-http.md has the table). */
export function outcomeOfStatus(status: number): Outcome {
  if (status >= 500 || status === FULL) return "failure";
  return CLIENTS_DOING.has(status) ? "ignore" : "success";
}
