import { readFileSync } from "node:fs";

type Undici = typeof import("undici");

/** What runs on this Node: its version, and the requests it makes through an interceptor. */
export interface Contestant {
  readonly name: string;
  readonly undici: Undici;
  /** Node's own fetch instead of that of the package. */
  readonly global: boolean;
}

/** Those that run on this Node, and what the others need. */
export const contestants: Contestant[] = [];
export const tooNew: { readonly name: string; readonly needs: string }[] = [];
for (const major of [6, 7, 8]) {
  const folder = major === 7 ? "undici" : `undici${major}`;
  const { engines, version } = JSON.parse(readFileSync(`node_modules/${folder}/package.json`, "utf8"));
  const [need, minor] = /(\d+)\.(\d+)/.exec(engines.node)!.slice(1).map(Number) as [number, number];
  const [node, nodeMinor] = process.versions.node.split(".").map(Number) as [number, number];
  if (node < need || (node === need && nodeMinor < minor)) {
    tooNew.push({ name: `undici ${version}`, needs: `Node ${engines.node}` });
    continue;
  }
  const undici = (await import(folder)) as Undici;
  contestants.push({ name: `undici ${version}`, undici, global: false });
  // The handlers of Node's fetch are those of the undici it is made of; dispatchers of 8 take only newer ones.
  if (major < 8) contestants.push({ name: `Node's fetch through undici ${version}`, undici, global: true });
}

/** The `fetch` of one, which takes a dispatcher. */
export function fetchOf({ undici, global }: Contestant): (url: string, init: object) => Promise<Response> {
  return (global ? fetch : undici.fetch) as never;
}
