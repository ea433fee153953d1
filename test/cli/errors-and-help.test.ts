import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { COMMANDS } from "../../src/cli/commands.js";
import { freePort } from "../support/network/ports.js";
import { runCli } from "../support/programs/cli.js";
import { registry } from "./registered.js";

test("a registry that does not answer is one line that says what was tried, and exit code 1", async (t) => {
  const silent = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const mute = `127.0.0.1:${(silent.address() as { port: number }).port}`;
  const closed = `127.0.0.1:${await freePort()}`;
  const commands = [
    ["ls", "--etcd", `${closed},${mute}`],
    ["watch", "order.rpc", "--etcd", closed],
    ["watch", "order.rpc", "--etcd", mute],
  ];
  await Promise.all(
    commands.map(async (args) => {
      const { code, stdout, stderr } = await runCli(t, args);
      assert.equal(stdout, "");
      assert.match(stderr, /^rollcall: .*\n$/, args.join(" "));
      for (const host of args.at(-1)!.split(",")) assert.ok(stderr.includes(host), stderr);
      assert.match(stderr, /; check --etcd \(or \$ETCD_ENDPOINTS\)/, "what to do");
      assert.equal(code, 1);
    }),
  );
});

test("misuse is explained, with exit code 2", async (t) => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /^Usage: rollcall/],
    [["lst"], /unknown command 'lst'.*did you mean ls/is],
    [["ls", "nowhere:///a"], /no backend is called "nowhere"/],
    [["ls", "etcd:///?key=a&pass=hunter2"], /pass=\.\.\." is not a target/],
    [["dev", "--port", "70000"], /Expected a number from 0 to 65535/],
    [["ls", "--etcd", "a:b:c"], /"a:b:c" is not an address/],
    [["ls", "--cert", "a.pem"], /error: --cert is given without --key/],
    [["ls", "--etcd", ""], /--etcd/],
    [["ls", "--user", ":hunter2"], /--user begins with a colon/],
  ];
  await Promise.all(
    cases.map(async ([args, message]) => {
      const { code, stdout, stderr } = await runCli(t, args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, message);
    }),
  );
  const help = await runCli(t, ["--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /doctor.*Exit codes: 0/s);
});

test("what is told of a misuse shows no secret, and steers no terminal", async (t) => {
  const cases = [
    ["ls", "--password=hunter2"],
    ["top", "--from", "http://shop:hunter2@order-1:99999"],
    ["ls", "--etcd", "shop:hunter2@order-1:99999"],
    ["ls", "--user", ":hunter2"],
    ["ls", "--\u001b[2J"],
  ];
  await Promise.all(
    cases.map(async (args) => {
      const { code, stderr } = await runCli(t, args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /^error: /);
      assert.doesNotMatch(stderr.replaceAll("\n", ""), /hunter2|\p{Cc}/u);
    }),
  );
});

test("errors name the options of the command line, not the keys of YAML", async (t) => {
  const { endpoint, faults } = await registry(t);
  const ls = ["ls", "--etcd", endpoint];
  const missing = await runCli(t, [...ls, "--cacert", "/no/such.pem"]);
  assert.match(missing.stderr, /^rollcall: --cacert cannot be read: ENOENT/);
  faults.requireAuth({ user: "shop", password: "hunter2" });
  const wrong = await runCli(t, [...ls, "--user", "shop"], { ETCD_PASS: "hunter3" });
  assert.match(wrong.stderr, /user "shop" \(--user, \$ETCD_PASS\)/);
});

test("an empty $ETCD_ENDPOINTS is none: the default etcd is asked", async (t) => {
  const { stderr, code } = await runCli(t, ["ls", "--no-health"], { ETCD_ENDPOINTS: "" });
  // Whether there is one or not.
  assert.doesNotMatch(stderr, /at least one host/);
  assert.notEqual(code, 2);
});

test("an unknown $ROLLCALL_LOG_LEVEL is told by the command", async (t) => {
  const { endpoint } = await registry(t);
  const { stderr, code } = await runCli(t, ["ls", "--etcd", endpoint], { ROLLCALL_LOG_LEVEL: "loud" });
  assert.equal(code, 0);
  assert.match(stderr, /ROLLCALL_LOG_LEVEL is none of/);
});

test("each command has examples in its help, which name options that exist", async (t) => {
  const { stdout } = await runCli(t, ["--help"]);
  const names = [...stdout.matchAll(/^ {2}(\w+) .*/gm)].map(([, name]) => name!).filter((name) => name !== "help");
  assert.deepEqual(
    names,
    COMMANDS.flatMap(({ name, hidden }) => (hidden ? [] : [name])),
  );
  for (const name of names) {
    const help = await runCli(t, ["help", name]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /\nExamples?:\n/, name);
    const [options, examples] = help.stdout.split(/\nExamples?:\n/);
    for (const [option] of examples!.matchAll(/--[a-z-]+/g)) assert.ok(options!.includes(option), `${name} ${option}`);
  }
  assert.match((await runCli(t, ["--version"])).stdout, /^(\d+\.\d+\.\d+|from source)\n$/);
  const option = await runCli(t, ["ls", "--jsno"]);
  assert.deepEqual([option.code, option.stdout], [2, ""]);
  assert.match(option.stderr, /unknown option '--jsno'\n\(Did you mean --json\?\)/);
});
