import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCli } from "../support/programs/cli.js";
import { registry } from "./registered.js";

test("the password of etcd comes from the environment or a file, and is never shown", async (t) => {
  const { endpoint, put, faults } = await registry(t);
  put("order.rpc/1", "10.0.0.1:8080");
  faults.requireAuth({ user: "shop", password: "hunter2:&=" });
  const folder = mkdtempSync(join(tmpdir(), "rollcall-pass-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "pass");
  writeFileSync(file, "hunter2:&=\n");
  const ls = ["ls", "--no-health", "--etcd", endpoint];
  const user = { ETCD_USER: "shop" };
  for (const [args, env] of [
    [[], { ...user, ETCD_PASS: "hunter2:&=" }],
    [["--user", "shop"], { ETCD_PASS: "hunter2:&=" }],
    [["--user", "shop", "--pass-file", file], {}],
    [[], { ...user, ETCD_PASS_FILE: file }],
    [["--user", "shop:hunter2:&="], {}],
  ] as const) {
    const { code, stdout, stderr } = await runCli(t, [...ls, ...args], env);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    assert.match(stdout, /10\.0\.0\.1:8080/);
  }
  const wrong = await runCli(t, ls, { ...user, ETCD_PASS: "hunter3" });
  assert.equal(wrong.code, 1);
  assert.doesNotMatch(wrong.stdout + wrong.stderr, /hunter/);
  const gone = await runCli(t, [...ls, "--user", "shop", "--pass-file", join(folder, "none")]);
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /--pass-file .*none cannot be read: ENOENT/);
  const alone = await runCli(t, [...ls, "--pass-file", file]);
  assert.match(alone.stderr, /--pass-file needs a user/);
});
