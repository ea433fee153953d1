import { connect } from "node:net";
import type { HostPort } from "../../address.js";

const LIMIT_MS = 3_000;

/** Opens a TCP connection and closes it. Resolves with what went wrong, in words, or undefined. */
export function dialProblem({ host, port }: HostPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (problem?: string) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(LIMIT_MS, () => end(`does not answer within ${LIMIT_MS / 1000} s`));
    socket.once("connect", () => end());
    socket.once("error", (error: NodeJS.ErrnoException) => end(inWords(error)));
  });
}

function inWords({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ECONNREFUSED") return "refuses the connection: nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "has a name that is not found";
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return "cannot be reached: no route to it";
  return `cannot be reached: ${message || code}`;
}
