// How Node finds a module of TypeScript, and loads it from what compile.mjs has made of it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { compiledFile } from "./compiled-file.cjs";
import { optionsFor } from "./options.mjs";

const root = new URL("../../", import.meta.url).href;
const { paths } = JSON.parse(readFileSync(new URL("tsconfig.json", root), "utf8")).compilerOptions;

export function resolve(specifier, context, next) {
  const own = paths[specifier];
  if (own) return { url: new URL(own[0], root).href, format: "module", shortCircuit: true };
  if (/^\.\.?\/.*\.js$/.test(specifier) && isTypeScript(context.parentURL)) {
    const url = new URL(specifier.replace(/js$/, "ts"), context.parentURL).href;
    return { url, format: "module", shortCircuit: true };
  }
  return next(specifier, context);
}

export function load(url, context, next) {
  if (!isTypeScript(url)) return next(url, context);
  return { source: compiled(url) ?? compile(fileURLToPath(url)), format: "module", shortCircuit: true };
}

function isTypeScript(url) {
  return url?.endsWith(".ts") && !url.includes("/node_modules/");
}

function compiled(url) {
  if (!url.startsWith(root)) return undefined;
  try {
    return readFileSync(new URL(compiledFile(url.slice(root.length)), root), "utf8");
  } catch {
    return undefined;
  }
}

/** What a test has written itself. */
function compile(file) {
  const { transformSync } = createRequire(import.meta.url)("esbuild");
  return transformSync(readFileSync(file, "utf8"), optionsFor(file)).code;
}
