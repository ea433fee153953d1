import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { runCli } from "../support/programs/cli.js";
import { terminalSkipReason } from "../support/programs/terminal.js";
import { until } from "../support/until.js";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
const TSX = new URL("../../node_modules/tsx/dist/loader.mjs", import.meta.url).href;

/** A folder for PATH in which the command is called `rollcall`, and one file. */
function installed(t: TestContext): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-completion-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const command = join(folder, "rollcall");
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" --import "${TSX}" "${MAIN}" "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(join(folder, "cart.yaml"), "");
  const PATH = [folder, process.env.PATH].join(delimiter);
  return { folder, env: { ...process.env, PATH, XDG_RUNTIME_DIR: folder } };
}

/** What a real bash has in COMPREPLY when Tab is pressed at the end of the line. */
const PRESS_TAB = `
source <(rollcall completion bash)
line=$1
COMP_LINE=$line COMP_POINT=\${#line}
# As readline takes a line apart: at white space and at each of COMP_WORDBREAKS, the colon among them.
COMP_WORDS=($line) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_rollcall rollcall
printf '%s\\n' "\${COMPREPLY[@]}"
`;

test("in bash Tab completes commands, options, values, service keys of etcd and their addresses", async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  registry.put("order.rpc/1", "10.0.0.1:8080");
  registry.put("order.rpc/2", "10.0.0.2:8080");
  registry.put("pay.rpc/1", "10.0.0.3:8080");
  const { folder, env } = installed(t);
  const press = (line: string) => {
    const { stdout, stderr } = spawnSync("bash", ["-c", PRESS_TAB, "bash", line], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    assert.equal(stderr, "", line);
    return stdout.trim().split("\n");
  };
  // The registry answers from this process: what asks it must not block it.
  const ask = async (...words: string[]) => {
    const { stdout } = await runCli(t, ["__complete", "--", ...words], { XDG_RUNTIME_DIR: folder });
    return stdout.trim().split("\n");
  };
  assert.deepEqual(press("rollcall wa"), ["watch"]);
  assert.deepEqual(press("rollcall re"), ["replay", "resume"]);
  assert.ok(press("rollcall ").includes("doctor") && !press("rollcall ").includes("__complete"));
  assert.deepEqual(press("rollcall why --pro"), ["--process"]);
  assert.deepEqual(press("rollcall replay x.json --policy "), ["p2c_ewma", "round_robin"]);
  assert.deepEqual(press("rollcall completion z"), ["zsh"]);
  assert.deepEqual(press("rollcall doctor "), [""], "nothing, so that the shell offers files");

  const etcd = ["--etcd", registry.endpoint];
  assert.deepEqual(await ask("watch", ...etcd, ""), ["order.rpc", "pay.rpc"]);
  assert.deepEqual(await ask("ls", ...etcd, "--json", "o"), ["order.rpc"]);
  assert.deepEqual(await ask("pause", ...etcd, "order.rpc", ""), ["10.0.0.1:8080", "10.0.0.2:8080"]);
  assert.deepEqual(await ask("ls", "--etcd", "127.0.0.1:1", ""), [""], "no etcd, no keys, and no complaint");
});

test("bash takes an address apart at its colon; what stands before it is not said twice", (t) => {
  const { folder, env } = installed(t);
  const fake = `#!/bin/sh\n[ "$1" = __complete ] && printf '10.0.0.1:8080\\n10.0.0.1:8081\\n' || exec "${process.execPath}" --import "${TSX}" "${MAIN}" "$@"\n`;
  writeFileSync(join(folder, "rollcall"), fake);
  const { stdout } = spawnSync("bash", ["-c", PRESS_TAB, "bash", "rollcall pause order.rpc 10.0.0.1:80"], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  assert.deepEqual(stdout.trim().split("\n"), ["8080", "8081"]);
});

test("what stands in a registry is quoted when bash puts it into the line", (t) => {
  const { folder, env } = installed(t);
  const keys = ["a$(touch pwned)", "a;b", "a b", "a'b", "日本.rpc", "order.rpc"];
  writeFileSync(join(folder, "keys"), keys.map((key) => `${key}\n`).join(""));
  writeFileSync(
    join(folder, "rollcall"),
    `#!/bin/sh\n[ "$1" = __complete ] && cat keys || exec "${process.execPath}" --import "${TSX}" "${MAIN}" "$@"\n`,
  );
  // What bash would run, had the user pressed Enter after each of them.
  const { stdout } = spawnSync(
    "bash",
    ["-c", `${PRESS_TAB}eval "printf '%s\\n' \${COMPREPLY[*]}"`, "bash", "rollcall watch "],
    {
      cwd: folder,
      env,
      encoding: "utf8",
    },
  );
  assert.deepEqual(stdout.trimEnd().split("\n").slice(-keys.length), keys);
  assert.equal(existsSync(join(folder, "pwned")), false);
});

test("there is a script for each shell, and another shell is refused by name", async (t) => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout } = await runCli(t, ["completion", shell]);
    assert.equal(code, 0);
    assert.match(stdout, /__complete -- /);
    const found = spawnSync(shell, ["-n", "-c", stdout], { encoding: "utf8" });
    if (!found.error) assert.deepEqual([found.status, found.stderr], [0, ""], `${shell} reads it`);
  }
  const { code, stderr } = await runCli(t, ["completion", "tcsh"]);
  assert.equal(code, 2);
  assert.match(stderr, /Allowed choices are bash, zsh, fish/);
});

test("in an interactive bash Tab completes the address of a service, colon and all", {
  skip: terminalSkipReason(),
}, async (t) => {
  const registry = await startDevRegistry();
  t.after(() => registry.close());
  registry.put("order.rpc/1", "10.0.0.1:8080");
  const { folder, env } = installed(t);
  const bash = spawn("script", ["-qfec", "bash --norc --noprofile -i", "/dev/null"], {
    cwd: folder,
    env: { ...env, SHELL: "/bin/sh", ETCD_ENDPOINTS: registry.endpoint, TERM: "dumb" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => bash.kill("SIGKILL"));
  let written = "";
  bash.stdout.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  const heard = async (wanted: string) => {
    await until(() => written.includes(wanted), `${wanted} in ${JSON.stringify(written)}`);
    written = "";
  };
  bash.stdin.write("source <(rollcall completion bash); echo loa''ded\n");
  await heard("loaded");
  bash.stdin.write("rollcall pau\t");
  await heard("rollcall pause ");
  bash.stdin.write("ord\t");
  await heard("order.rpc ");
  bash.stdin.write("10.0.0.1:\t");
  await heard("10.0.0.1:8080 ");
});
