import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Asset {
  readonly type: string;
  readonly content: Uint8Array;
}

const TYPES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** The files of the page, by their names: the built ones of the package, or built now from a source checkout. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const files = await (import.meta.url.endsWith(".ts") ? buildFromSource() : readBuilt());
  return new Map(Object.entries(TYPES).map(([name, type]) => [name, { type, content: files.get(name)! }]));
}

/** What scripts/console-page.mjs has put beside the command, whose own file may be any of dist/cli. */
async function readBuilt(): Promise<Map<string, Uint8Array>> {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "console", "index.html"))) {
    if (dirname(folder) === folder) throw new Error("the console's page is missing from this installation of rollcall");
    folder = dirname(folder);
  }
  const names = Object.keys(TYPES);
  const files = await Promise.all(names.map((name) => readFile(join(folder, "console", name))));
  return new Map(names.map((name, index) => [name, files[index]!]));
}

async function buildFromSource(): Promise<Map<string, Uint8Array>> {
  const script = new URL("../../scripts/console-page.mjs", import.meta.url).href;
  const { buildPage } = (await import(script)) as { buildPage(): Promise<Map<string, Uint8Array>> };
  return buildPage();
}
