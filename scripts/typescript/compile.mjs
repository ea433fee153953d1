// Compiles the TypeScript of this repository before its tests run: a process then starts in half the time that it takes with tsx,
// and they start by the thousand. Only what has changed is compiled. compiled-main.cjs or hooks.mjs load it.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { COMPILED, compiledFile } from "./compiled-file.cjs";
import { optionsFor } from "./options.mjs";

const FOLDERS = ["src", "test", "sim", "bench", "examples"];
const RULES = ["tsconfig.json", fileURLToPath(new URL("options.mjs", import.meta.url))];

/** Called in the root of the repository. */
export async function compileAll() {
  forgetWhenMoved();
  const rulesChanged = Math.max(...RULES.map(changed));
  const versions = FOLDERS.flatMap(sources).map((file) => ({ file, at: Math.max(changed(file), rulesChanged) }));
  await Promise.all(versions.filter(({ file, at }) => madeOf(file) !== at).map(compile));
}

/** What was compiled knows where its sources stand: it is of no use when the checkout has moved. */
function forgetWhenMoved() {
  const file = join(COMPILED, "package.json");
  const text = JSON.stringify({ ...packageOfSources(), sources: process.cwd() });
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  rmSync(COMPILED, { recursive: true, force: true });
  mkdirSync(COMPILED, { recursive: true });
  writeFileSync(file, text);
}

/** By it modules that were compiled find Rollcall under its name: tests and examples are to get what has just been compiled. */
function packageOfSources() {
  const { paths } = JSON.parse(readFileSync("tsconfig.json", "utf8")).compilerOptions;
  const exports = Object.entries(paths).map(([name, [file]]) => [
    name.replace(/^rollcall/, "."),
    file.replace(/ts$/, "js"),
  ]);
  return { name: "rollcall", type: "module", exports: Object.fromEntries(exports) };
}

/** Modules of JavaScript too: what was compiled looks for them beside itself. */
function sources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

async function compile({ file, at }) {
  const { code } = await transform(readFileSync(file, "utf8"), optionsFor(file));
  const output = compiledFile(file);
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
  return Math.round(statSync(compiledFile(file), { throwIfNoEntry: false })?.mtimeMs ?? 0);
}

/** Of the name or the content, in whole milliseconds: a file that was moved here has an old content. */
function changed(file) {
  return Math.floor(statSync(file).ctimeMs);
}
