// Compiles the TypeScript of this repository before its tests run: a process then starts in half the time that it takes with tsx,
// and they start by the thousand. Only what has changed is compiled. hooks.mjs loads it.
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { COMPILED, optionsFor } from "./options.mjs";

const FOLDERS = ["src", "test", "sim", "bench", "examples"];
const RULES = ["tsconfig.json", fileURLToPath(new URL("options.mjs", import.meta.url))];

/** Called in the root of the repository. */
export async function compileAll() {
  const rulesChanged = Math.max(...RULES.map(changed));
  const versions = FOLDERS.flatMap(sources).map((file) => ({ file, at: Math.max(changed(file), rulesChanged) }));
  await Promise.all(versions.filter(({ file, at }) => madeOf(file) !== at).map(compile));
}

function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

async function compile({ file, at }) {
  const { code } = await transform(readFileSync(file, "utf8"), optionsFor(file));
  const output = outputOf(file);
  mkdirSync(dirname(output), { recursive: true });
  // Another run of tests may read it at this moment: it is there whole, or not yet.
  const part = `${output}.${process.pid}`;
  writeFileSync(part, code);
  // It bears the time of what it was made of, which may have changed while it was made.
  utimesSync(part, at / 1000, at / 1000);
  renameSync(part, output);
}

/** Which version of the file was compiled last. */
function madeOf(file) {
  return Math.round(statSync(outputOf(file), { throwIfNoEntry: false })?.mtimeMs ?? 0);
}

/** Of the name or the content, in whole milliseconds: a file that was moved here has an old content. */
function changed(file) {
  return Math.floor(statSync(file).ctimeMs);
}

function outputOf(file) {
  return join(COMPILED, `${file}.js`);
}
