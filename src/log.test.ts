import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { log, safely, setLogger } from "./log.js";

interface Line {
  readonly level: string;
  readonly facts: Record<string, unknown>;
  readonly message: string;
}
const lines: Line[] = [];
const note =
  (level: string) =>
  (facts: object, message: string): void =>
    void lines.push({ level, facts: facts as Record<string, unknown>, message });
const logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
beforeEach(() => {
  lines.length = 0;
  setLogger(logger);
});
after(() => setLogger(logger, "silent"));

/** Runs a program that logs, with standard error as given, and says what it wrote and how it ended. */
async function run(
  program: string,
  {
    stderr = "pipe",
    env = {},
    shell = "",
    started,
  }: {
    stderr?: "pipe" | number;
    env?: NodeJS.ProcessEnv;
    shell?: string;
    started?: (child: ChildProcess) => void;
  } = {},
) {
  const script = `import { log, setLogger, setLogLevel, safely } from ${JSON.stringify(new URL("log.ts", import.meta.url).href)};\n${program}`;
  const node = [process.execPath, "--import", "tsx", "--input-type=module", "-e", script];
  const { ROLLCALL_LOG_LEVEL: _level, ...rest } = process.env;
  const [command, ...args] = shell ? ["sh", "-c", `exec "$@" ${shell}`, "sh", ...node] : node;
  const child = spawn(command!, args, { stdio: ["pipe", "pipe", stderr], env: { ...rest, ...env } });
  if (started) started(child);
  else child.stdin!.end();
  let [out, err] = ["", ""];
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, out, err };
}

const MANY = 'for (let i = 0; i < 3_000; i++) log.warn({ i }, "x".repeat(100));\nconsole.log("alive");';

test("a log line that cannot be written is lost, and the process goes on: a closed descriptor", async () => {
  assert.deepEqual(await run(MANY, { shell: "2>&-" }), { code: 0, signal: null, out: "alive\n", err: "" });
});

test("a log line that cannot be written is lost, and the process goes on: a full disk", {
  skip: !existsSync("/dev/full") && "no /dev/full",
}, async () => {
  const { code, out } = await run(MANY, { stderr: openSync("/dev/full", "w") });
  assert.deepEqual([code, out], [0, "alive\n"]);
});

test("a log line that cannot be written is lost, and the process goes on: a reader that has gone", async () => {
  const program = `log.warn({}, "first");\nprocess.stdin.once("data", () => {\n${MANY}\n});`;
  const { code, out } = await run(program, {
    started(child) {
      child.stderr!.once("data", () => {
        child.stderr!.destroy();
        child.stdin!.end("go on");
      });
    },
  });
  assert.deepEqual([code, out], [0, "alive\n"]);
});

test("a logger that throws or rejects disturbs nobody, and is named once", async () => {
  const { code, out, err } = await run(`
    const bad = () => { throw new Error("no log for pass=hunter2"); };
    setLogger({ debug: bad, info: bad, warn: bad, error: async () => bad() });
    log.warn({}, "one"); log.error({}, "two"); log.info({}, "three");
    setTimeout(() => console.log("alive"), 10);`);
  assert.deepEqual([code, out], [0, "alive\n"]);
  const told = err.trim().split("\n");
  assert.equal(told.length, 1, err);
  assert.match(told[0]!, /the logger given to setLogger threw/);
  assert.doesNotMatch(err, /hunter2/);
});

test("a listener of the application's that throws or rejects is told and goes no further", async () => {
  safely("a listener", () => {
    throw new Error("mine");
  });
  safely("another", () => Promise.reject(new Error("later")));
  await new Promise(setImmediate);
  assert.deepEqual(
    lines.map(({ level, message, facts }) => [level, message, (facts.err as Error).message]),
    [
      ["error", "a listener threw", "mine"],
      ["error", "another threw", "later"],
    ],
  );
});

test("no secret and nothing that steers a terminal stands in a line, wherever it was", () => {
  const cause = new Error("etcd:///h?key=a&pass=hunter2");
  const err = Object.assign(new Error("login with password=hunter2 failed\u009b", { cause }), { token: "hunter2" });
  log.warn(
    {
      err,
      target: "etcd://root:hunter2@h/a",
      Pass: "hunter2",
      nested: { list: [{ secret: "hunter2" }] },
      zone: "\u202e",
    },
    "lost root:hunter2@h:2379\u001b[2J",
  );
  const { facts, message } = lines[0]!;
  const shown = JSON.stringify([facts, message, (facts.err as Error).message, (facts.err as Error).stack, facts.err]);
  assert.doesNotMatch(shown, /hunter2/);
  assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}]/u);
  assert.ok(facts.err instanceof Error);
  assert.match(message, /^lost root:\.\.\.@h:2379\\u001b\[2J$/);
});

test("an error without secrets reaches the application's logger as it is", () => {
  const err = Object.assign(new Error("plain"), { code: 14 });
  log.error({ err }, "failed");
  assert.equal(lines[0]!.facts.err, err);
});

test("an error of another realm, as Node's own are in a test of Jest, is written with its message", async () => {
  const { err } = await run(`
    import { runInNewContext } from "node:vm";
    log.error({ err: runInNewContext('Object.assign(new Error("pass=hunter2 gone"), { code: 14 })') }, "failed");`);
  const line = JSON.parse(err);
  assert.deepEqual([line.err.message, line.err.type, line.err.code], ["pass=... gone", "Error", 14]);
});

test("why an error came about is written with it: its causes, without their secrets, as deep as they may go", async () => {
  const { err } = await run(`
    const inner = new Error("connect refused, pass=hunter2");
    log.error({ err: new Error("cannot log in", { cause: new TypeError("no session", { cause: inner }) }) }, "failed");
    const round = new Error("round"); round.cause = round;
    log.error({ err: round }, "failed");`);
  const [chain, round] = err
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).err);
  assert.deepEqual(
    [chain.message, chain.cause.type, chain.cause.message, chain.cause.cause.message],
    ["cannot log in", "TypeError", "no session", "connect refused, pass=..."],
  );
  assert.deepEqual([round.message, round.cause.message], ["round", "round"]);
});

test("on a terminal an error is its message and those of its causes; what is no error keeps no line from being written", {
  skip: spawnSync("script", ["-qfec", "true", "/dev/null"]).status !== 0 && "no pseudo-terminal",
}, async () => {
  const script = `import { log } from ${JSON.stringify(new URL("log.ts", import.meta.url).href)};
    log.error({ err: new Error("no answer", { cause: new Error("refused") }) }, "one");
    log.error({ err: new Error("no answer: refused", { cause: new Error("refused") }) }, "two");
    for (const err of [null, 0, "text", { message: "as an error" }]) log.error({ err }, "other");`;
  const folder = mkdtempSync(join(tmpdir(), "rollcall-log-"));
  try {
    const file = join(folder, "program.mts");
    writeFileSync(file, script);
    const { ROLLCALL_LOG_LEVEL: _level, ...env } = process.env;
    const command = `${process.execPath} --import tsx ${file}`;
    const { stdout } = spawnSync("script", ["-qfec", command, "/dev/null"], { encoding: "utf8", env });
    const lines = stdout
      .trim()
      .split(/\r?\n/)
      .map((line) => line.replace(/^[\d:.]+ /, ""));
    assert.deepEqual(lines, [
      'ERROR one  err="no answer: refused"',
      'ERROR two  err="no answer: refused"',
      "ERROR other  err=null",
      "ERROR other  err=0",
      "ERROR other  err=text",
      'ERROR other  err="as an error"',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("facts that cannot be written as JSON do not keep their line from being written", async () => {
  const { code, err } = await run(`
    const round = { id: 9007199254740993n }; round.self = round;
    log.info({ round, get bad() { throw new Error("no"); } }, "one");
    log.info({ round, list: new Set([1]), bytes: Buffer.from("abc"), at: new Date(NaN) }, "two");`);
  assert.equal(code, 0);
  const [one, two] = err
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(one.msg, "one");
  assert.deepEqual([two.round.id, two.list, two.bytes, two.at], ["9007199254740993", [1], "3 bytes", null]);
});

test("no name stands twice in a line of JSON", async () => {
  const { err } = await run('log.info({ name: "order.rpc", level: 1, msg: "x", service: "s" }, "said");');
  const names = [...err.matchAll(/"([a-z_]+)":/g)].map(([, name]) => name);
  assert.deepEqual(names, [...new Set(names)]);
  const line = JSON.parse(err);
  assert.deepEqual(
    [line.name, line.name_, line.level, line.level_, line.msg, line.service],
    ["rollcall", "order.rpc", 30, 1, "said", "s"],
  );
});

test("an unknown $ROLLCALL_LOG_LEVEL is told, and info is used", async () => {
  const { err } = await run('log.debug({}, "hidden"); log.info({}, "shown");', {
    env: { ROLLCALL_LOG_LEVEL: "verbose" },
  });
  const messages = err
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).msg);
  assert.deepEqual(messages, [
    "shown",
    "$ROLLCALL_LOG_LEVEL is none of trace, debug, info, warn, error, silent; info is used",
  ]);
  for (const level of ["", "INFO", " warn "]) {
    assert.doesNotMatch((await run("", { env: { ROLLCALL_LOG_LEVEL: level } })).err, /none of/);
  }
});

test("a logger that lacks a method and a level that is none are refused, and what was set before stays", () => {
  const { warn, error } = logger;
  for (const [given, from, message] of [
    [{ warn, error }, "debug", "the logger given to setLogger has no method debug, info"],
    [undefined, "debug", "the logger given to setLogger has no method debug, info, warn, error"],
    [5, "debug", "the logger given to setLogger has no method debug, info, warn, error"],
    [logger, "verbose", "verbose is no log level; expected one of trace, debug, info, warn, error, silent"],
  ] as const) {
    assert.throws(() => setLogger(given as never, from as never), { name: "TypeError", message });
  }
});
