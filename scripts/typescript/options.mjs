import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** How esbuild compiles one module: where it stands, for itself and in stack traces, is where its source does. */
export function optionsFor(file) {
  const { href } = pathToFileURL(file);
  return {
    loader: "ts",
    format: "esm",
    target: "node20",
    sourcefile: href,
    sourcemap: "inline",
    sourcesContent: false,
    define: { "import.meta.url": JSON.stringify(href) },
    tsconfigRaw: readFileSync(new URL("../../tsconfig.json", import.meta.url), "utf8"),
  };
}
