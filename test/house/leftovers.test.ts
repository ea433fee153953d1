import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const SWEEPER = new URL("../../scripts/test-leftovers.mjs", import.meta.url).pathname;
/** Far longer than the runner is given. */
const SLEEP_S = 600;
const RUN_LIMIT_MS = 60_000;
const CRASHES = `
  import { spawn } from "node:child_process";
  spawn("sleep", ["${SLEEP_S}"], { stdio: ["ignore", "inherit", "inherit"], detached: true });
  process.abort();
`;

test("a test file that crashes takes along what it started, so the run ends", {
  skip: process.platform !== "linux" && "/proc is Linux's",
}, (t) => {
  const home = mkdtempSync(join(tmpdir(), "rollcall-leftovers-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = join(home, "crashes.test.mjs");
  const log = join(home, "log");
  writeFileSync(file, CRASHES);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = spawnSync(process.execPath, [`--import=${SWEEPER}`, "--test", file], {
    env: { ...env, ROLLCALL_TEST_LEFTOVERS: log },
    timeout: RUN_LIMIT_MS,
  });
  assert.equal(run.status, 1, "the crash is a failure, and the run ended by itself");
  assert.match(readFileSync(log, "utf8"), new RegExp(`crashes\\.test\\.mjs:\\d+: sleep ${SLEEP_S}`));
});
