// Builds dist/, or the folder given: what package.json exports as ES modules, and type declarations.
// The modules of src/ are joined, because every file costs at import; what is loaded on demand stays apart.
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "dist"));
const { bin, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const published = [...Object.values(exports).flatMap((target) => target.default ?? []), ...Object.values(bin)];

// A file whose source is gone must not be published.
rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: published.map((file) => file.replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts")),
  outbase: "src",
  outdir: out,
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  sourcemap: true,
  sourcesContent: false,
});
for (const command of Object.values(bin)) chmodSync(join(out, command.replace("./dist/", "")), 0o755);

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", out], {
  stdio: "inherit",
});
process.exit(status ?? 1);
