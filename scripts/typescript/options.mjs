import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Where what was compiled is kept, from the root of the repository. */
export const COMPILED = ".cache/typescript";

/** How esbuild compiles one module; its addresses in stack traces are those of the source. */
export function optionsFor(file) {
  return {
    loader: "ts",
    format: "esm",
    target: "node20",
    sourcefile: basename(file),
    sourcemap: "inline",
    sourcesContent: false,
    tsconfigRaw: readFileSync(new URL("../../tsconfig.json", import.meta.url), "utf8"),
  };
}
