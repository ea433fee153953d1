import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

/** Listens where it is told, says where that is, and takes no connection, ever. */
const LISTEN = `
const server = require("node:net").createServer();
server.listen({ port: Number(process.argv[1]), host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** More than fit into the queue of those that wait to be taken. */
const WAITING = 4;

/** A port that swallows packets, as a host without power does: its queue is full and nobody takes from it, so Linux drops what comes. */
export async function startSwallowingPort(at = 0): Promise<{ address: string; stop(): void }> {
  const listener = spawn(process.execPath, ["-e", LISTEN, String(at)], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(listener.stdout, "data");
  const waiting = Array.from({ length: WAITING }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
  await once(waiting[0]!, "connect");
  return {
    address: `127.0.0.1:${port}`,
    stop: () => {
      for (const socket of waiting) socket.destroy();
      listener.kill("SIGKILL");
    },
  };
}
