import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { after, describe, test } from "node:test";
import { PackedRollcall, Project, type Ran, Unreachable, versionOf } from "./project.js";

const packed = new PackedRollcall();
const project = install();
after(() => {
  project?.remove();
  packed.remove();
});

/** Without the npm registry there is no other project; with CI=true that is an error. */
function install(): Project | undefined {
  try {
    return new Project(packed, [`@grpc/grpc-js@${versionOf("@grpc/grpc-js")}`, "jest@30", "vitest@3", "vite@7"]);
  } catch (error) {
    if (process.env.CI !== "true" && error instanceof Unreachable) return undefined;
    throw error;
  }
}

describe("the programs of docs/testing.md pass", { skip: !project && "the npm registry is not reachable" }, () => {
  if (project) cpSync("examples/testing", project.folder, { recursive: true });
  for (const [runner, command, passed] of [
    ["Vitest", ["vitest", "run", "order.vitest"], /2 passed/],
    ["Jest", ["jest", "--ci", "order.jest"], /1 passed/],
    ["node:test", ["node", "--test", "order.node.mjs"], /pass 2/],
  ] as const) {
    test(`with ${runner}`, async () => {
      const { status, stdout, stderr }: Ran = await project!.run(...(command as unknown as [string, ...string[]]));
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout + stderr, passed);
      assert.doesNotMatch(stdout + stderr, /did not exit|"name":"rollcall"/);
    });
  }
});
