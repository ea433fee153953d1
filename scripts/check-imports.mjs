// Holds the imports of src/ against the map in docs/architecture.md: a folder imports only what stands above it there,
// no file stands in a circle, and what must be free of gRPC is. `node scripts/check-imports.mjs [root]`; exit 1 on a violation.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
const layers = readMap(readFileSync(join(root, "docs/architecture.md"), "utf8"));
const files = readdirSync(join(root, "src"), { recursive: true })
  .map((name) => posix.join("src", name.split("\\").join("/")))
  .filter((file) => file.endsWith(".ts"))
  .sort();
const imports = new Map(files.map((file) => [file, importsOf(file)]));

const problems = [...files.flatMap(checkFile), ...circles()];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`Checked the imports of ${files.length} files. No arrow runs back.`);

/**
 * The rows of the map, from above to below: `| src/async/ | idea | grpc-js: no |`. A row may name several places, which then
 * do not import each other.
 */
function readMap(text) {
  const [, table] = /<!-- map -->\n([\s\S]*?)<!-- \/map -->/.exec(text) ?? [];
  if (!table) throw new Error("docs/architecture.md has no table between <!-- map --> and <!-- /map -->");
  return table
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line, level) => {
      const [, places, , grpc] = line.split("|").map((cell) => cell.trim());
      return [...places.matchAll(/`([^`]+)`/g)].map(([quoted, place]) => {
        return { place, level, grpc: grpc === "yes" || grpc.includes(quoted) };
      });
    });
}

/** The row that a file belongs to: the longest place that its path begins with. */
function layerOf(path) {
  const file = path.replace(/\.test\.ts$/, ".ts");
  return layers
    .filter(({ place }) => file === place || (place.endsWith("/") && file.startsWith(place)))
    .sort((a, b) => b.place.length - a.place.length)[0];
}

function importsOf(file) {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(
    /(?:^|[;}\s])(import|export)(\s+type)?[\s{*][^;"'`]*?from\s*["']([^"']+)["']|import\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/gm,
  );
  return [...found].map(([, , type, from, bare, lazy]) => {
    const name = from ?? bare ?? lazy;
    const target = name.startsWith(".") ? posix.join(posix.dirname(file), name).replace(/\.js$/, ".ts") : undefined;
    return { name, target, eager: lazy === undefined && type === undefined };
  });
}

function checkFile(file) {
  const layer = layerOf(file);
  if (!layer) return [`${file} has no place in the map of docs/architecture.md`];
  const isTest = file.endsWith(".test.ts");
  return imports.get(file).flatMap(({ name, target }) => {
    if (target === undefined) {
      const isGrpc = name === "@grpc/grpc-js" || name.startsWith("@grpc/grpc-js/");
      return isGrpc && !layer.grpc && !isTest ? [`${file} imports ${name}: ${layer.place} is to be free of gRPC`] : [];
    }
    if (!target.startsWith("src/")) return [`${file} imports ${target}: src imports nothing from outside itself`];
    const other = layerOf(target);
    if (!other || isTest || other.place === layer.place || other.level < layer.level) return [];
    const why = other.level === layer.level ? "stand side by side" : "is below it";
    return [
      `${file} imports ${target}: ${other.place} ${why}${other.level === layer.level ? ` with ${layer.place}` : ""}`,
    ];
  });
}

/** Circles of imports that are followed at load time; types and import() are no part of one. */
function circles() {
  const found = [];
  const done = new Set();
  const visit = (file, path) => {
    const at = path.indexOf(file);
    if (at >= 0) found.push(`a circle: ${[...path.slice(at), file].join(" -> ")}`);
    if (at >= 0 || done.has(file)) return;
    for (const { target, eager } of imports.get(file) ?? []) if (eager && target) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}
