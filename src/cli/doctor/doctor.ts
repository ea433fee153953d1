import type { Command } from "commander";
import { EXIT, printJson, printShown } from "../output.js";
import { addExamples } from "../program.js";
import { painter } from "../terminal/style.js";
import type { Check } from "./check.js";

export function defineDoctor(command: Command): void {
  command.argument("<yaml>", "the file, for example etc/cart.yaml").option("--json", "print JSON").action(doctor);
  addExamples(command, [
    ["rollcall doctor etc/cart.yaml", "a line for everything that was looked at, with advice"],
    ["rollcall doctor etc/cart.yaml --json", "the same for a program"],
  ]);
}

async function doctor(file: string, { json }: { json?: boolean }): Promise<void> {
  const { examine } = await import("./examine.js");
  const { renderCheck } = await import("./check.js");
  const checks: Check[] = [];
  const paint = painter(process.stdout);
  for await (const check of examine(file)) {
    checks.push(check);
    if (!json) printShown(renderCheck(check, paint));
  }
  if (json) printJson(checks);
  const some = (outcome: Check["outcome"]) => checks.some((check) => check.outcome === outcome);
  if (some("failed")) process.exitCode = EXIT.problem;
  else if (some("warning")) process.exitCode = EXIT.warning;
}
