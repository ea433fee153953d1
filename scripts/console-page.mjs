// Bundles the console's page, src/console/page/, into a few files that need nothing else.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const page = fileURLToPath(new URL("../src/console/page/", import.meta.url));

/** The files by their names. */
export async function buildPage() {
  const { outputFiles } = await build({
    absWorkingDir: page,
    entryPoints: [
      { in: "main.tsx", out: "page" },
      { in: "page.css", out: "page" },
    ],
    outdir: page,
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "inline",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  for (const name of ["index.html", "icon.svg"]) files.set(name, await readFile(`${page}${name}`));
  return files;
}
