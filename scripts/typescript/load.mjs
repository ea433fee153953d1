// Loaded into each process that runs tests, or a program of theirs.
import * as module from "node:module";
import * as hooks from "./hooks.mjs";

// Node 20 asks them in a thread of their own; there compiled-main.cjs does without them where it can.
if (module.registerHooks) module.registerHooks(hooks);
else if (!globalThis[Symbol.for("rollcall.main.compiled")]) module.register("./hooks.mjs", import.meta.url);
