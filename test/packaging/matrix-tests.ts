import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Cell, tableOf } from "./matrix.js";
import { PackedRollcall, Project, Unreachable, versionOf } from "./project.js";

/** A test for each of these cells, and a table of what became of them. */
export function testCells(promise: string, cells: readonly Cell[]): void {
  const packed = new PackedRollcall();
  const outcomes: { cell: Cell; failure: string | undefined }[] = [];
  const project = install(packed, cells);
  if (project) copyFileSync(join(project.folder, "types.mts"), join(project.folder, "types.cts"));
  after(() => {
    project?.remove();
    packed.remove();
    if (outcomes.length > 0) console.log(`\n${tableOf(outcomes)}\n`);
  });

  // One after the other: each starts several servers, and a machine that is too busy is not what is tested.
  describe(promise, { skip: !project && "the npm registry is not reachable" }, () => {
    for (const cell of cells) {
      test(`with ${cell.name}`, async () => {
        const { status, stdout, stderr } = await cell.run(project!);
        const failure = status === 0 ? undefined : `${status}: ${stderr}${stdout}`.slice(-2_000);
        outcomes.push({ cell, failure });
        assert.equal(failure, undefined);
      });
    }
  });
}

/** Without the npm registry there is no other project; with CI=true that is an error. */
function install(packed: PackedRollcall, cells: readonly Cell[]): Project | undefined {
  const used = ["@grpc/grpc-js", "@types/node"].map((name) => `${name}@${versionOf(name)}`);
  try {
    return new Project(packed, [...used, ...new Set(cells.flatMap(({ packages }) => packages))]);
  } catch (error) {
    if (process.env.CI !== "true" && error instanceof Unreachable) return undefined;
    throw error;
  }
}
