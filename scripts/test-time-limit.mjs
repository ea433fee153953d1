// Loaded into the process of every test file: one that does not end fails, and says what it was doing.
import { afterEach, beforeEach } from "node:test";

/** TEST_LIMIT_S is for the long runs of test/deploy. */
const LIMIT_S = Number(process.env.TEST_LIMIT_S ?? 600);

// The runner itself loads this too, and takes as long as its files together.
if (process.env.NODE_TEST_CONTEXT) {
  const running = new Set();
  beforeEach((test) => void running.add(test.name));
  afterEach((test) => void running.delete(test.name));
  setTimeout(() => {
    const doing = running.size > 0 ? `running ${[...running].join(" > ")}` : "done with its tests";
    const open = process.getActiveResourcesInfo().join(", ");
    console.error(`${process.argv[1]} did not end within ${LIMIT_S} s: ${doing}; still open: ${open}`);
    process.exit(1);
  }, LIMIT_S * 1000).unref();
}
