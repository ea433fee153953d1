import { readdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Decision } from "../decisions/decision.js";
import type { Recording } from "../decisions/recording.js";
import { type ProcessState, STATE_SCHEMA } from "../state.js";
import { inspectDir, isOwn, pidOfSocket } from "./inspect-address.js";
import { knock } from "./knock.js";

/** A process of this user that can be inspected. */
export interface Inspected {
  readonly pid: number;
  readonly socket: string;
}

/** How long a process may take to answer, in milliseconds: it is busy with calls. */
const ANSWER_MS = 3_000;
/** A longer answer is no answer of ours. */
const MOST_BYTES = 256 << 20;

/** The processes of this user that can be inspected. Sockets that processes have left behind when they died are removed. */
export async function inspected(): Promise<Inspected[]> {
  const found = await Promise.all(
    names().map(async (name): Promise<Inspected[]> => {
      const pid = pidOfSocket(name);
      if (pid === undefined) return [];
      const socket = join(inspectDir(), name);
      if (await knock(socket)) return [{ pid, socket }];
      // Of one that is alive it may be about to be listened on.
      if (!isAlive(pid)) rmSync(socket, { force: true });
      return [];
    }),
  );
  return found.flat().sort((a, b) => a.pid - b.pid);
}

/** @throws Error also when it is told as this version does not know it. */
export async function stateOf(process: Inspected): Promise<ProcessState> {
  const state = await get<ProcessState | null>(process, "/state");
  if (state?.schema === STATE_SCHEMA) return state;
  const found = JSON.stringify(state?.schema) ?? "none";
  throw new Error(
    `process ${process.pid} tells its state by schema ${found}, this is for schema ${STATE_SCHEMA}: use the rollcall of its version`,
  );
}

/** @param service only of this service key. Default all. */
export function decisionsOf(process: Inspected, service?: string): Promise<Decision[]> {
  return get(process, `/decisions${query(service)}`);
}

/** One recording a channel. */
export function recordingsOf(process: Inspected, service?: string): Promise<Recording[]> {
  return get(process, `/recording${query(service)}`);
}

/** The states of all processes that answer; those that do not are left out. */
export async function allStates(): Promise<ProcessState[]> {
  const answers = await Promise.allSettled((await inspected()).map(stateOf));
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

function names(): string[] {
  try {
    // What somebody else has put there is nobody's state.
    return isOwn(inspectDir()) ? readdirSync(inspectDir()) : [];
  } catch {
    return []; // No process has made the folder yet.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function query(service: string | undefined): string {
  return service === undefined ? "" : `?service=${encodeURIComponent(service)}`;
}

function get<T>({ pid, socket }: Inspected, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`process ${pid} does not tell its state: ${error.message}`));
    const asked = request({ socketPath: socket, path, timeout: ANSWER_MS }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) asked.destroy(new Error("its answer is too long"));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => {
        try {
          if (response.statusCode !== 200) throw new Error(`it answered ${response.statusCode}`);
          resolve(JSON.parse(Buffer.concat(chunks).toString()) as T);
        } catch (error) {
          fail(error as Error);
        }
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
    asked.on("error", fail);
    asked.end();
  });
}
