import assert from "node:assert/strict";
import { test } from "node:test";
import { setLogger } from "../../../log.js";
import { AskedFunction } from "./authenticator.js";

test("a function that fails refuses each call, and is said once a minute", async () => {
  const lines: string[] = [];
  const line = (_facts: object, message: string) => lines.push(message);
  setLogger({ debug: line, info: line, warn: line, error: line });
  const caller = { app: "shop", token: "t" };
  const asked = new AskedFunction(({ app }) => {
    if (app === "shop") throw new Error("the database is away");
    return true;
  });
  for (let i = 0; i < 1_000; i++) assert.equal((await asked.check(caller, "/a/b"))?.code, 13);
  assert.equal(await asked.check({ ...caller, app: "cart" }, "/a/b"), undefined);
  assert.equal((await asked.check(caller, "/a/b"))?.code, 13);
  assert.deepEqual(lines, ["authenticate() failed: such calls are refused (said once a minute)"]);
});
