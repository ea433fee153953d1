import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** One file for each port that a process of the tests has chosen, with the process's id. */
const CLAIMS = join(tmpdir(), `rollcall-ports-${userInfo().uid}`);

/** The files of this process. */
const claimed = new Set<string>();
process.once("exit", () => {
  for (const file of claimed) rmSync(file, { force: true });
});

/**
 * A port of 127.0.0.1 that is free now and, unlike one the kernel hands out, never taken by an outgoing connection:
 * it lies under the ephemeral range, so a process that stops can count on getting it again. Until this process ends no other
 * test is given it, so whoever it is for may take its time to listen.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (claim(port) && (await isFree(port))) return port;
  }
}

function claim(port: number): boolean {
  const file = join(CLAIMS, String(port));
  mkdirSync(CLAIMS, { recursive: true });
  for (let tries = 0; tries < 2; tries++) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      claimed.add(file);
      return true;
    } catch {
      if (isClaimed(file)) return false;
      rmSync(file, { force: true });
    }
  }
  return false;
}

/** A process that was killed has left its claims behind. */
function isClaimed(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });
}
