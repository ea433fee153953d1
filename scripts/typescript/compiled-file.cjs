// Where what was compiled of a module is kept: in the folders of its sources, below one of its own.
const { join } = require("node:path");

/** From the root of the repository. */
const COMPILED = join(".cache", "typescript");

/** @param file from the root of the repository. */
const compiledFile = (file) => join(COMPILED, file.replace(/\.ts$/, ".js"));

module.exports = { COMPILED, compiledFile };
