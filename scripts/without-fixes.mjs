// Shows that each fix is held by a test: takes the fix out of a copy of the project and expects the named test to fail.
// `npm run test:without-fixes -- [--list] [item or part of a promise]...`. The table is test/without-fixes.
// With --with-fixes the same tests must pass on the same copy, unchanged: one that fails anyway would show nothing.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fixes } from "../test/without-fixes/index.mjs";

/** Longer than any named test takes on a busy machine. */
const LIMIT_MS = 300_000;
const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const chosen = fixes.filter(
  ({ item, promise }) => wanted.length === 0 || wanted.some((part) => item === part || promise.includes(part)),
);
if (process.argv.includes("--list")) {
  for (const { item, promise, test } of chosen) console.log(`${item.padEnd(7)} ${promise}\n        ${test}`);
  process.exit(0);
}

const unchanged = process.argv.includes("--with-fixes");
const hoped = unchanged ? "passes" : "missed";
const waiting = [...chosen];
const others = [];
await Promise.all(Array.from({ length: availableParallelism() }, () => work()));
const done = chosen.length - others.length;
console.log(
  unchanged
    ? `\n${done} tests pass, ${others.length} do not`
    : `\n${chosen.length} fixes taken out, ${done} missed by their tests, ${others.length} not`,
);
process.exit(others.length === 0 ? 0 : 1);

async function work() {
  const copy = copyOfProject();
  try {
    for (let fix = waiting.shift(); fix; fix = waiting.shift()) {
      const verdict = unchanged ? await withFix(fix, copy) : await without(fix, copy);
      if (verdict !== hoped) others.push(fix);
      console.log(`${verdict === hoped ? "ok" : "NOT OK"} ${fix.item}: ${fix.promise}: ${verdict}`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What git knows of, as it lies in the working tree. */
function copyOfProject() {
  const copy = mkdtempSync(join(tmpdir(), "rollcall-without-fixes-"));
  const files = execFileSync("git", ["ls-files", "-z", "-c", "-o", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const file of files.split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  for (const folder of ["node_modules", ".cache"]) symlinkSync(resolve(root, folder), join(copy, folder));
  return copy;
}

async function withFix({ test, name }, copy) {
  const { failed, passed } = await run(test, name, copy);
  if (failed.length > 0) return `fails: ${failed.join("; ")}`;
  return passed > 0 ? "passes" : "no test of that name ran";
}

async function without({ changes, test, name }, copy) {
  const before = new Map();
  try {
    for (const [file, text, instead] of changes) {
      const path = join(copy, file);
      const content = readFileSync(path, "utf8");
      if (!before.has(path)) before.set(path, content);
      if (content.split(text).length !== 2) return `"${text}" is not found once in ${file}`;
      writeFileSync(
        path,
        content.replace(text, () => instead),
      );
    }
    const { failed, passed } = await run(test, name, copy);
    if (failed.some((title) => title.startsWith(name))) return "missed";
    if (failed.length > 0) return `failed another way: ${failed.join("; ")}`;
    return passed > 0 ? "the test still passes" : "no test of that name ran";
  } finally {
    for (const [path, content] of before) writeFileSync(path, content);
  }
}

/** Runs the tests of that name until one fails: what it leaves undone need not end. */
async function run(test, name, copy) {
  const flags = [
    "--import=tsx",
    "--import=./scripts/test-time-limit.mjs",
    "--import=./scripts/test-leftovers.mjs",
    "--test",
    `--test-name-pattern=/^${name.replace(/[$()*+.?[\\\]^{|}/]/g, "\\$&")}/`,
    "--test-reporter=./scripts/test-titles.mjs",
  ];
  const child = spawn(process.execPath, [...flags, test], {
    cwd: copy,
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
    env: { ROLLCALL_LOG_LEVEL: "silent", ...process.env, ROLLCALL_TEST_LEFTOVERS: join(copy, "leftovers") },
  });
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, LIMIT_MS);
  const failed = [];
  let passed = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const { passed: well, title } = JSON.parse(line);
    if (well) passed += 1;
    else failed.push(title);
    if (!well && title.startsWith(name)) break;
  }
  clearTimeout(limit);
  killGroup(child.pid);
  return { passed, failed: late ? [...failed, `it did not end in ${LIMIT_MS / 1000} s`] : failed };
}

/** The runner and the processes that a failed test has left behind. */
function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of them have ended.
  }
}
