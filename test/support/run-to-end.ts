import { spawn } from "node:child_process";
import { once } from "node:events";
import { TYPESCRIPT } from "./typescript.js";

/** Runs a TypeScript program to its end, for which two minutes are a bound and no measure. @returns its exit code and lines. */
export async function runToEnd(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, [...TYPESCRIPT, program, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), 120_000);
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(limit);
  return { code, lines: text.split("\n").filter(Boolean) };
}
