import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export type Balancer = typeof import("../../../src/balancer/index.js");

const SOURCE = new URL("../../../src/balancer/", import.meta.url);
const COPIES = new URL("../../../.cache/variants/", import.meta.url);

/** A place in the balancer's source, and what to put there. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A copy of the balancer that differs in these places. @throws Error when a place is not there. */
export async function variant(name: string, edits: readonly Edit[]): Promise<Balancer> {
  const copy = new URL(`${name}/`, COPIES);
  await rm(copy, { recursive: true, force: true });
  await cp(SOURCE, copy, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  for (const { file, from, to } of edits) {
    const source = await readFile(new URL(file, copy), "utf8");
    if (!source.includes(from)) throw new Error(`src/balancer/${file} has no ${JSON.stringify(from)} to be changed`);
    await writeFile(new URL(file, copy), source.replace(from, to));
  }
  const bundle = new URL("bundle.mjs", copy);
  await build({
    entryPoints: [fileURLToPath(new URL("index.ts", copy))],
    outfile: fileURLToPath(bundle),
    bundle: true,
    format: "esm",
    platform: "node",
  });
  const changed = (await import(bundle.href)) as Balancer;
  await rm(copy, { recursive: true });
  return changed;
}
