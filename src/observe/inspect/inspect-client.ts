import { readdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import type { Decision } from "../decisions/decision.js";
import type { Recording } from "../decisions/recording.js";
import type { ProcessState } from "../state.js";
import { inspectDir, inspectSocket, isOwn } from "./inspect-address.js";

/** A process of this user that can be inspected. */
export interface Inspected {
  readonly pid: number;
  readonly socket: string;
}

/** How long a process may take to answer, in milliseconds: it is busy with calls. */
const ANSWER_MS = 3_000;
/** A longer answer is no answer of ours. */
const MOST_BYTES = 256 << 20;

/** The processes of this user that can be inspected. Sockets of processes that have died are removed. */
export function inspected(): Inspected[] {
  return names().flatMap((name) => {
    const pid = Number(/^(\d+)\.sock$/.exec(name)?.[1]);
    if (!(pid > 0)) return [];
    if (isAlive(pid)) return [{ pid, socket: inspectSocket(pid) }];
    rmSync(inspectSocket(pid), { force: true });
    return [];
  });
}

export function stateOf(process: Inspected): Promise<ProcessState> {
  return get(process, "/state");
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
  const answers = await Promise.allSettled(inspected().map(stateOf));
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
