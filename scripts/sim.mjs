// Bundles sim/ with src/ and runs it: one file loads fast, and its lazy imports take no time that a simulation would see.
// `npm run sim -- --help` says what it takes.
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { plants } from "../sim/plants.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const planted = plantedBug(process.argv);
const folder = join(root, ".cache/sim", planted ? planted.name.replaceAll(" ", "-") : "");
const outfile = join(folder, "main.mjs");
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [join(root, "sim/main.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  logLevel: "warning",
  plugins: planted ? [planting(planted)] : [],
});
await import(pathToFileURL(outfile).href);

function plantedBug(argv) {
  const at = argv.indexOf("--plant");
  if (at < 0) return undefined;
  const found = plants.find(({ name }) => name === argv[at + 1]);
  if (found) return found;
  console.error(`no planted bug is called ${argv[at + 1]}; there are: ${plants.map(({ name }) => name).join(", ")}`);
  process.exit(1);
}

function planting({ changes }) {
  return {
    name: "planting",
    setup(bundling) {
      bundling.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const here = changes.filter(([file]) => file === relative(root, path).replaceAll("\\", "/"));
        if (here.length === 0) return undefined;
        const contents = here.reduce(
          (text, [file, from, to]) => {
            if (text.split(from).length !== 2)
              throw new Error(`${file} does not have exactly one ${JSON.stringify(from)}`);
            return text.replace(from, () => to);
          },
          readFileSync(path, "utf8"),
        );
        return { contents, loader: "ts" };
      });
    },
  };
}
