import * as grpc from "@grpc/grpc-js";
import { type EchoClient, say } from "../../test/support/echo.js";

/** The deadline of each call, in milliseconds from when it was due. */
export const DEADLINE_MS = 500;

export interface Made {
  /** When it was due, in milliseconds of this process. */
  readonly dueAt: number;
  /** From when it was due to its end. */
  readonly ms: number;
  readonly code: grpc.status;
  /** How late it was made. */
  readonly madeLateMs: number;
}

/** Calls one after the other, so many at a time. @returns calls a second that were answered. */
export async function closedLoop(client: EchoClient, atATime: number, forMs: number): Promise<number> {
  const began = performance.now();
  let done = 0;
  const caller = async () => {
    while (performance.now() - began < forMs) {
      await say(client);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, caller));
  return (done * 1_000) / (performance.now() - began);
}

/** Calls that come whether others are answered or not, at random with this mean rate. Resolves when all have ended. */
export async function openLoop(client: EchoClient, perSecond: number, forMs: number): Promise<Made[]> {
  const began = performance.now();
  const made: Promise<Made>[] = [];
  let due = began;
  while (due < began + forMs) {
    const now = performance.now();
    for (; due <= now && due < began + forMs; due += (-Math.log(1 - Math.random()) * 1_000) / perSecond) {
      made.push(one(client, due));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return Promise.all(made);
}

async function one(client: EchoClient, dueAt: number): Promise<Made> {
  const madeLateMs = performance.now() - dueAt;
  const deadline = Date.now() + DEADLINE_MS - madeLateMs;
  const code = await say(client, {}, { deadline }).then(
    () => grpc.status.OK,
    (error: grpc.ServiceError) => error.code,
  );
  return { dueAt, ms: performance.now() - dueAt, code, madeLateMs };
}
