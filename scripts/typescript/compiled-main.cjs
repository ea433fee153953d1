// Required by each process that runs tests, or a program of theirs, on Node 20. Hooks have a thread of their own there, which is asked for
// module by module: a third of a second of CPU for each process. A program that was compiled needs none, so it is run in its source's place.
const { existsSync } = require("node:fs");
const Module = require("node:module");
const { join, relative } = require("node:path");
const { compiledFile } = require("./compiled-file.cjs");

const root = join(__dirname, "..", "..");

/** Whether the program that runs is the compiled one. For load.mjs. */
exports.isCompiled = false;

if (!Module.registerHooks) {
  const findPath = Module._findPath;
  // By this Node finds the file that it was told to run.
  Module._findPath = (request, paths, isMain) => {
    const compiled = isMain && request.endsWith(".ts") && join(root, compiledFile(relative(root, request)));
    if (!compiled || !existsSync(compiled)) return findPath.call(Module, request, paths, isMain);
    exports.isCompiled = true;
    return compiled;
  };
}
