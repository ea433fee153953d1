// Bundles sim/ with src/ and runs it: one file loads fast, and its lazy imports take no time that a simulation would see.
import { mkdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const outfile = `${root}.cache/sim/main.mjs`;
mkdirSync(`${root}.cache/sim`, { recursive: true });
await build({
  entryPoints: [`${root}sim/main.ts`],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  sourcemap: "inline",
  logLevel: "warning",
});
await import(pathToFileURL(outfile).href);
