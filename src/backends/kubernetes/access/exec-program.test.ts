import assert from "node:assert/strict";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { hold } from "../../../async/hold.js";
import { type ExecConfig, ExecProgram } from "./exec-program.js";

// A run keeps no process alive.
after(hold());

/** A program of a few words of JavaScript. */
function program(code: string, more: Partial<ExecConfig> = {}): ExecConfig {
  return { command: process.execPath, args: ["-e", code], ...more };
}

const prints = (output: unknown) => program(`console.log(${JSON.stringify(JSON.stringify(output))})`);

test("a credential is kept until it expires, and one that does not say when, until another program is made", async () => {
  const counts = (expirationTimestamp: string | undefined) => {
    const status = JSON.stringify({ clientCertificateData: "c", clientKeyData: "k", expirationTimestamp });
    return program(`console.log(JSON.stringify({ status: { ...${status}, token: String(process.pid) } }))`);
  };
  for (const [expires, isKept] of [
    [undefined, true],
    ["2999-01-01T00:00:00Z", true],
    ["2001-01-01T00:00:00Z", false],
  ] as const) {
    const asked = new ExecProgram(counts(expires));
    const [first, beside] = await Promise.all([asked.credential(), asked.credential()]);
    assert.equal(first, beside, "one run for all who ask meanwhile");
    assert.equal(asked.current, isKept ? first : undefined);
    assert.equal((await asked.credential()).token === first.token, isKept, `expires ${expires}`);
  }
});

test("its environment is ours and what the config adds, and it waits for nobody's input", async () => {
  const code =
    'process.stdin.resume().on("end", () => console.log(JSON.stringify({ status: { token: process.env.A + process.env.PATH } })))';
  const { token } = await new ExecProgram(program(code, { env: [{ name: "A", value: "a:" }] })).credential();
  assert.equal(token, `a:${process.env.PATH}`);
});

test("of an output that is no credential nothing is shown: it may be a token", async () => {
  for (const output of [
    "s3cr3t",
    { status: "s3cr3t" },
    { s3cr3t: 1 },
    null,
    { status: { clientCertificateData: "s3cr3t" } },
  ]) {
    const code = typeof output === "string" ? program(`console.log(${JSON.stringify(output)})`) : prints(output);
    await assert.rejects(new ExecProgram(code).credential(), (error: Error) => {
      assert.match(
        error.message,
        /^the program .*node.* that gives credentials printed no ExecCredential \(JSON\) with a token/,
      );
      assert.doesNotMatch(inspect(error, { depth: 5 }), /s3cr3t/);
      return true;
    });
  }
});

test("a program that fails is told by its code and its own words, without its arguments, and is run again", async () => {
  const failing = new ExecProgram(program('console.error("log in first"); process.exit(3) // s3cr3t'));
  for (let runs = 0; runs < 2; runs++) {
    await assert.rejects(failing.credential(), (error: Error) => {
      assert.match(error.message, /that gives credentials failed \(exit code 3\): log in first$/);
      assert.doesNotMatch(inspect(error, { depth: 5 }), /s3cr3t/);
      return true;
    });
  }
  const killed = new ExecProgram(program('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)'));
  await assert.rejects(killed.credential(), /failed \(SIGTERM\)$/);
  await assert.rejects(
    new ExecProgram({ command: "no-such-program" }).credential(),
    /no-such-program .* is not there$/,
  );
});

test("a program that hangs is ended after its time, and when nobody needs it any more, and can be asked again", async () => {
  const hangs = program('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)');
  await assert.rejects(new ExecProgram(hangs, 100).credential(), /has not ended within 100 ms$/);
  const asked = new ExecProgram(hangs);
  for (let runs = 0; runs < 2; runs++) {
    const waiting = assert.rejects(asked.credential(), /was ended, because nobody needs them any more$/);
    asked.stop();
    await waiting;
  }
});

test("who asks right after it was stopped is given a run of its own", async () => {
  const asked = new ExecProgram(prints({ status: { token: "t" } }));
  const ended = assert.rejects(asked.credential(), /was ended/);
  asked.stop();
  assert.equal((await asked.credential()).token, "t");
  await ended;
});

test("a program that prints too much is told as that, not as one that cannot be run", async () => {
  const chatty = program('process.stdout.write("x".repeat(2 ** 21))');
  await assert.rejects(new ExecProgram(chatty).credential(), /gives credentials printed too much: more than 1 MB$/);
});
