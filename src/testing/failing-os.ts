import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import type { TestContext } from "node:test";

/** Lets a function of node:os throw until the test ends, as it does in some containers and sandboxes. */
export function failingOs(t: TestContext, name: "homedir" | "networkInterfaces"): void {
  const failing = t.mock.method(os, name, () => {
    throw new Error(`A system error occurred: ${name} failed`);
  });
  syncBuiltinESMExports();
  t.after(() => {
    failing.mock.restore();
    syncBuiltinESMExports();
  });
}
