// The library as CommonJS modules, with Rollup: it joins modules by a rule of ours, and refers to what is in another file by a
// plain property.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { transform } from "esbuild";
import { rollup } from "rollup";

const GRPC = "@grpc/grpc-js";

/**
 * Builds what is published into a folder, with the files that several of them share in chunks/.
 * @param root the project's folder
 * @param published the sources by the name of their file
 * @param options `define` of esbuild, and its `target`
 * @returns the names that each of them exports, types excluded
 */
export async function buildLibrary(root, published, folder, options) {
  const entries = Object.fromEntries(published.map(({ name, source }) => [name, join(root, source)]));
  const bundle = await rollup({
    input: entries,
    plugins: [typescript(options)],
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  const { output } = await bundle.write({
    dir: folder,
    format: "cjs",
    exports: "named",
    hoistTransitiveImports: false,
    interop: (id) => (id === GRPC ? "esModule" : "auto"), // grpc-js says itself what it exports: nothing is copied
    externalLiveBindings: false,
    generatedCode: "es2015",
    chunkFileNames: "chunks/[name]-[hash].js",
    manualChunks: together(entries),
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  return new Map(output.filter(({ isEntry }) => isEntry).map(({ name, exports }) => [name, exports.toSorted()]));
}

/**
 * Which modules are one file. Every file costs at import: what `rollcall/register` loads is three, of which those without gRPC
 * load one or two. Modules that are loaded later, or by others only, go where Rollup puts them.
 */
function together(entries) {
  const reached = new Map();
  return (id, { getModuleInfo }) => {
    const reach = (from) => {
      if (!reached.has(from)) reached.set(from, reachedFrom(from, getModuleInfo));
      return reached.get(from);
    };
    if (getModuleInfo(id).isEntry || !reach(entries.register).has(id)) return undefined;
    if (reach(entries.balancer).has(id)) return "balancer";
    return reach(id).has(GRPC) ? "grpc" : "core";
  };
}

function reachedFrom(start, getModuleInfo) {
  const reached = new Set();
  const add = (id) => {
    if (reached.has(id)) return;
    reached.add(id);
    for (const imported of getModuleInfo(id)?.importedIds ?? []) add(imported);
  };
  add(start);
  return reached;
}

/** Our own sources by their path; everything else is left to Node. */
function typescript({ define, target }) {
  return {
    name: "typescript",
    resolveId(id, importer) {
      if (importer === undefined) return id;
      if (!id.startsWith(".")) return { id, external: true };
      const file = resolve(dirname(importer), id.replace(/\.js$/, ".ts"));
      if (!existsSync(file)) throw new Error(`${importer}: there is no ${file}`);
      return file;
    },
    load: (id) => readFileSync(id, "utf8"),
    async transform(source, id) {
      // The sources are ES modules, where require() has to be made; in CommonJS it is there, and bundlers are to see it.
      const plain = source.replace(/^const require = createRequire\(import\.meta\.url\);$/m, "");
      if (plain.includes("import.meta")) throw new Error(`${id}: there is no import.meta in CommonJS`);
      const { code, map } = await transform(plain, { loader: "ts", sourcefile: id, sourcemap: true, define, target });
      return { code, map };
    },
  };
}
