// Builds dist/, or the folder given. dist/cjs/lib/ holds the whole library once, as CommonJS modules that are loaded when first
// needed, so that registries and classes are the same ones for import and require(). dist/<name>.js re-exports them by name to
// ES modules. The command stands beside it as an ES module of its own.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildLibrary } from "./build-library.mjs";
import { buildPage } from "./console-page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "dist"));
const readJson = (file) => JSON.parse(readFileSync(join(root, file), "utf8"));
const { bin, version } = readJson("package.json");

/** What is published, by the name after `rollcall/`: where its source is. The paths of tsconfig.json say the same to tests. */
const published = Object.entries(readJson("tsconfig.json").compilerOptions.paths).map(([name, [source]]) => ({
  name: name === "rollcall" ? "index" : name.replace("rollcall/", ""),
  source: source.replace("./", ""),
}));

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  packages: "external",
  sourcemap: true,
  sourcesContent: false,
  logOverride: { "require-resolve-not-external": "silent" },
  define: { ROLLCALL_VERSION: JSON.stringify(version) },
};

rmSync(out, { recursive: true, force: true }); // a file whose source is gone must not be published
await buildPublished();
await buildCommand();
await buildConsole();
emitTypes();

async function buildPublished() {
  const cjs = join(out, "cjs");
  const folder = join(cjs, "lib");
  const options = { define: common.define, target: common.target };
  const names = await buildLibrary(root, published, folder, options);
  writeFileSync(join(cjs, "package.json"), '{ "type": "commonjs" }\n');
  for (const { name } of published) {
    // In two statements, else Node reads the library to find out what it exports; a copy, without the mark of a transpiled
    // ES module, which bundlers and Node read differently.
    const text = `const lib = require("./lib/${name}.js");\nmodule.exports = { ...lib };\n`;
    writeFileSync(join(cjs, `${name}.js`), text);
    const exported = names.get(name).join(", ");
    const bindings = exported === "" ? "" : `export const { ${exported} } = all;\n`;
    writeFileSync(join(out, `${name}.js`), `import all from "./cjs/${name}.js";\n${bindings}`);
  }
}

async function buildCommand() {
  const [[, file]] = Object.entries(bin);
  await build({
    ...common,
    entryPoints: [file.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts")],
    outbase: "src",
    outdir: out,
    chunkNames: "cli/chunks/[name]-[hash]",
    splitting: true,
    format: "esm",
  });
  chmodSync(join(out, file.replace("./dist/", "")), 0o755);
}

/** The console's page: files that the command serves as they are. */
async function buildConsole() {
  const folder = join(out, "console");
  mkdirSync(folder, { recursive: true });
  for (const [name, contents] of await buildPage()) writeFileSync(join(folder, name), contents);
}

/** The same declarations twice: in a folder of an ES module package and in one of a CommonJS package. */
function emitTypes() {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const types = join(out, "types");
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", types], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync(join(out, "cjs"), { recursive: true });
  cpSync(types, join(out, "cjs", "types"), { recursive: true });
}
