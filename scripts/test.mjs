// Runs the test files with Node's own runner. `node scripts/test.mjs [--unit] [part of a path]...` runs some of them.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unitOnly = process.argv.includes("--unit");

const roots = unitOnly ? ["src"] : ["src", "test"];
const files = roots
  .flatMap((root) => readdirSync(root, { recursive: true }).map((name) => join(root, name)))
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(" ")}`);
  process.exit(1);
}

const child = spawn(process.execPath, ["--import", "tsx", "--test", "--test-concurrency=2", ...files], {
  stdio: "inherit",
  env: { ROLLCALL_LOG_LEVEL: "silent", ...process.env },
});
child.on("exit", (code, signal) => process.exit(signal ? 1 : code));
