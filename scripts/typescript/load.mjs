// Loaded into each process that runs tests, or a program of theirs.
import * as module from "node:module";
import main from "./compiled-main.cjs";
import * as hooks from "./hooks.mjs";

// Node 20 asks them in a thread of their own.
if (module.registerHooks) module.registerHooks(hooks);
else if (!main.isCompiled) module.register("./hooks.mjs", import.meta.url);
