import type { Server as NetServer } from "node:net";

/** Resolves when what a close() returned has ended: a promise, or a server as close() of node:http returns it. Else at once. */
export async function endOf(closing: unknown): Promise<void> {
  if (isServer(closing)) await closed(closing);
  else await closing;
}

function isServer(closing: unknown): closing is NetServer {
  return typeof closing === "object" && closing !== null && "once" in closing && !("then" in closing);
}

function closed(server: NetServer): Promise<void> {
  return new Promise((resolve) => {
    server.once("close", resolve);
    // One that was closed before tells nothing any more.
    server.getConnections?.((_error, open) => open === 0 && resolve());
  });
}
