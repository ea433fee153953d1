// Runs the test files with Node's own runner: those beside their subjects first, then the integration tests.
// `node scripts/test.mjs [--unit] [--at-a-time=n] [part of a path]...` runs some of them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileAll } from "./typescript/compile.mjs";

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const roots = process.argv.includes("--unit") ? ["src"] : ["src", "test"];
// Integration tests start processes of their own, and wait for them more than they work: one more than there are cores.
const asked = process.argv.find((argument) => argument.startsWith("--at-a-time="));
const concurrency = asked ? Number(asked.split("=")[1]) : Math.min(4, availableParallelism() + 1);
const scratch = mkdtempSync(join(tmpdir(), "rollcall-test-"));
const leftovers = join(scratch, "leftovers");

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const groups = roots.map((folder) => ({ folder, files: testFiles(folder) })).filter(({ files }) => files.length > 0);
if (groups.length === 0) {
  console.error(`no test file matches ${wanted.join(" ")}`);
  process.exit(1);
}

const began = performance.now();
await compileAll();
const results = [];
for (const { folder, files } of groups) results.push(await run(folder, files));
if (existsSync(leftovers))
  console.log(`\nkilled, as their test files had left them behind:\n${readFileSync(leftovers, "utf8")}`);
rmSync(scratch, { recursive: true, force: true });
report(results);
process.exit(results.every(({ ok }) => ok) ? 0 : 1);

function testFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort();
}

async function run(folder, files) {
  const outcome = join(scratch, `${folder}.json`);
  const flags = [
    "--enable-source-maps",
    "--require=./scripts/typescript/compiled-main.cjs",
    "--import=./scripts/typescript/load.mjs",
    "--import=./scripts/test-time-limit.mjs",
    "--import=./scripts/test-leftovers.mjs",
    "--test",
    `--test-concurrency=${concurrency}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=./scripts/test-outcome.mjs",
    `--test-reporter-destination=${outcome}`,
  ];
  const child = spawn(process.execPath, [...flags, ...files], {
    stdio: "inherit",
    env: {
      ROLLCALL_LOG_LEVEL: "silent",
      ...process.env,
      ROLLCALL_TEST_LEFTOVERS: leftovers,
      ROLLCALL_COMPILED: "true",
    },
  });
  const [code] = await once(child, "exit");
  const { passed, failed, skipped, tookMs } = JSON.parse(readFileSync(outcome, "utf8"));
  return { ok: code === 0 && failed === 0 && passed + skipped.length > 0, passed, failed, skipped, tookMs };
}

function report(results) {
  if (wanted.length === 0) listSlowest(results);
  const skipped = results.flatMap((result) => result.skipped);
  if (skipped.length > 0) console.log("\nskipped:");
  for (const { name, file, reason } of skipped) console.log(`  ${file}: ${name}: ${reason}`);
  const sum = (of) => results.reduce((total, result) => total + of(result), 0);
  const seconds = Math.round((performance.now() - began) / 1000);
  const [passed, failed] = [sum((result) => result.passed), sum((result) => result.failed)];
  console.log(`\ntests: ${passed} passed, ${failed} failed, ${skipped.length} skipped, ${seconds} s`);
}

/** What to look at first when a run has become too long. */
function listSlowest(results) {
  const files = results.flatMap(({ tookMs }) => Object.entries(tookMs)).sort(([, a], [, b]) => b - a);
  console.log("\nslowest files:");
  for (const [file, ms] of files.slice(0, 15)) console.log(`  ${file}: ${Math.round(ms / 1000)} s`);
}
