import type { Command } from "commander";
import type { Check } from "./doctor/check.js";
import { EXIT, print, toJson } from "./output.js";

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check a configuration file, and everything it names, from this machine")
    .argument("<yaml>", "the file, for example etc/cart.yaml")
    .option("--json", "print JSON")
    .action(doctor);
}

async function doctor(file: string, { json }: { json?: boolean }): Promise<void> {
  const { examine } = await import("./doctor/examine.js");
  const { renderCheck } = await import("./doctor/check.js");
  const checks: Check[] = [];
  for await (const check of examine(file)) {
    checks.push(check);
    if (!json) print(renderCheck(check));
  }
  if (json) print(toJson(checks));
  const some = (outcome: Check["outcome"]) => checks.some((check) => check.outcome === outcome);
  if (some("failed")) process.exitCode = EXIT.problem;
  else if (some("warning")) process.exitCode = EXIT.warning;
}
