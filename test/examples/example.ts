import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** How an example ended. */
export interface Ended {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The examples as they stand in the repository but for two addresses, which must be free ones in a test: where etcd is and
 * where the server listens. And calls may take longer than on a machine that has nothing else to do.
 */
export class Examples {
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];

  constructor(etcd: string) {
    mkdirSync(".cache", { recursive: true });
    // Inside the checkout, where its node_modules are found.
    this.#folder = mkdtempSync(join(".cache", "examples-"));
    cpSync("examples", this.#folder, { recursive: true });
    const compiler = { extends: resolve("tsconfig.json"), include: ["**/*.ts"] };
    writeFileSync(join(this.#folder, "tsconfig.json"), JSON.stringify(compiler));
    for (const file of this.#files()) {
      const text = readFileSync(file, "utf8");
      const moved = text
        .replaceAll("127.0.0.1:2379", etcd)
        .replaceAll("0.0.0.0:8080", "127.0.0.1:0")
        .replaceAll(/\b(timeoutMs|Timeout): [\d_]+/g, "$1: 60000");
      if (moved !== text) writeFileSync(file, moved);
    }
  }

  /** Starts `by-yaml/order.ts` in its folder. */
  start(program: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
    const [folder = "", file = ""] = program.split("/");
    const child = spawn(process.execPath, ["--import", "tsx", file], {
      cwd: join(this.#folder, folder),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.push(child);
    return child;
  }

  /** Runs a command in the folder of an example. @throws Error with what it wrote when it fails. */
  async shell(folder: string, command: string): Promise<void> {
    const child = spawn("sh", ["-c", command], { cwd: join(this.#folder, folder), stdio: ["ignore", "pipe", "pipe"] });
    const { status, stdout, stderr } = await endOf(child);
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
  }

  /** Changes a text of a program, which must be there. */
  replace(program: string, text: string, by: string): void {
    const file = join(this.#folder, program);
    const before = readFileSync(file, "utf8");
    if (!before.includes(text)) throw new Error(`${program} has no ${text}`);
    writeFileSync(file, before.replaceAll(text, by));
  }

  /** Starts it and waits for its end. */
  run(program: string, env?: NodeJS.ProcessEnv): Promise<Ended> {
    return endOf(this.start(program, env));
  }

  remove(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #files(): string[] {
    return readdirSync(this.#folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  const [stdout, stderr] = [textOf(child.stdout!), textOf(child.stderr!)];
  const [code, signal] = await once(child, "exit");
  return { status: signal ?? code, stdout: await stdout, stderr: await stderr };
}

/** Resolves with the first line of the log (JSON on standard error) whose message begins so. */
export async function logged(child: ChildProcess, beginning: string): Promise<Record<string, unknown>> {
  const said: string[] = [];
  for await (const line of createInterface(child.stderr!)) {
    said.push(line);
    if (!line.startsWith("{")) continue;
    const facts = JSON.parse(line) as Record<string, unknown>;
    if (String(facts.msg).startsWith(beginning)) return facts;
  }
  throw new Error(`the process ended without logging "${beginning}":\n${said.join("\n")}`);
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}
