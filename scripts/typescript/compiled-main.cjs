// Required by each process that runs tests, or a program of theirs, on Node 20. Hooks have a thread of their own there, which is asked for
// module by module: half a second of CPU for each process. What stands compiled needs none, so it is run in its source's place.
const { existsSync } = require("node:fs");
const Module = require("node:module");
const { join, relative } = require("node:path");

const root = join(__dirname, "..", "..");
const compiledOf = (file) => join(root, ".cache", "typescript", relative(root, file).replace(/\.ts$/, ".js"));

if (!Module.registerHooks) {
  const findPath = Module._findPath;
  // By this Node finds the file that it was told to run.
  Module._findPath = (request, paths, isMain) => {
    const compiled = isMain && request.endsWith(".ts") && compiledOf(request);
    if (!compiled || !existsSync(compiled)) return findPath.call(Module, request, paths, isMain);
    globalThis[Symbol.for("rollcall.main.compiled")] = true;
    return compiled;
  };
}
