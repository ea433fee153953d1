import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { TYPESCRIPT } from "../support/typescript.js";
import type { FleetProcess } from "./fleet-program.js";

const PROGRAM = new URL("./fleet-program.ts", import.meta.url).pathname;

/** A process of a fleet that runs. */
export interface Member {
  readonly address: string;
  /** Ends and makes its clients of a service. */
  close(service: string): void;
  open(service: string): void;
  /** As an operator ends it: taken out, drained, gone. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export async function startMember(name: string, settings: FleetProcess, env: NodeJS.ProcessEnv = {}): Promise<Member> {
  const child: ChildProcess = spawn(process.execPath, [...TYPESCRIPT, PROGRAM, name, JSON.stringify(settings)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ROLLCALL_LOG_LEVEL: "silent", ...env },
  });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  const { address = "" } = JSON.parse(line) as { address?: string };
  const order = (text: string) => void child.stdin!.write(`${text}\n`);
  return {
    address,
    close: (service) => order(`close ${service}`),
    open: (service) => order(`open ${service}`),
    stop: async () => {
      child.stdin!.end();
      await ended;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
