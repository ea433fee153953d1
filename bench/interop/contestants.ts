import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { interopProgram } from "../../test/support/real-parts/gozero.js";

export const OURS = "Rollcall";
export const GO_ZERO = "go-zero";
/** In the order of every pair of figures. */
export const BOTH = [OURS, GO_ZERO] as const;
export type Name = (typeof BOTH)[number];

/** The commands of one library's programs, each an application of a few lines. Files are YAML that both read. */
export interface Contestant {
  /** Calls `OrderRpc` and prints a line when the first call is answered. */
  callOnce(file: string): readonly string[];
  /** Calls it once a millisecond, with its name as the metadata `caller`. */
  callSteadily(file: string): readonly string[];
  serve(file: string): readonly string[];
  /** Lists and unlists what it is told. */
  registrar(etcd: string, key: string): readonly string[];
  /** Watches `<prefix>0.rpc` and so on; with `clients` it calls each once. */
  watcher(etcd: string, prefix: string, services: number, how: "watches" | "clients"): readonly string[];
}

const SOURCES = new URL("./programs/", import.meta.url);
const NAMES = ["bare", "client", "registrar", "server", "watcher"] as const;

/** How a program of programs/ is run: its arguments follow. */
export type NodeProgram = (name: (typeof NAMES)[number], ...args: string[]) => readonly string[];

/**
 * Makes JavaScript of them in this folder, which has to be within the project. They stand beside Rollcall as published, so that
 * start-up times are those of users; or, for tests, hold its sources.
 */
export async function compiled(folder: string, rollcall: "published" | "sources"): Promise<NodeProgram> {
  await build({
    entryPoints: NAMES.map((name) => fileURLToPath(new URL(`${name}.ts`, SOURCES))),
    outdir: folder,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    // The project's own tsconfig.json leads from the name rollcall to the sources.
    ...(rollcall === "published" && { tsconfigRaw: {} }),
  });
  return (name, ...args) => [process.execPath, "--expose-gc", join(folder, `${name}.js`), ...args];
}

export function contestants(node: NodeProgram): Readonly<Record<Name, Contestant>> {
  return {
    [OURS]: {
      callOnce: (file) => node("client", file, "once"),
      callSteadily: (file) => node("client", file, "steadily"),
      serve: (file) => node("server", file),
      registrar: (etcd, key) => node("registrar", etcd, key),
      watcher: (etcd, prefix, services, how) => node("watcher", etcd, prefix, String(services), how),
    },
    [GO_ZERO]: {
      callOnce: (file) => goClient(file, "-calls", "1"),
      callSteadily: (file) => goClient(file, "-metadata", `caller=${GO_ZERO}`),
      serve: (file) => [interopProgram("gozero-server"), "-tied", "-f", file],
      registrar: (etcd, key) => [interopProgram("gozero-registrar"), "-etcd", etcd, "-key", key],
      watcher: (etcd, prefix, services, how) => [
        ...[interopProgram("gozero-watcher"), "-etcd", etcd, "-prefix", prefix, "-services", String(services)],
        ...(how === "clients" ? ["-clients"] : []),
      ],
    },
  };
}

function goClient(file: string, ...args: string[]): readonly string[] {
  return [interopProgram("gozero-client"), "-tied", "-rate", "1000", "-f", file, ...args];
}

/** Writes the YAML of a client or a server of a service; both libraries read the same. */
export class Files {
  readonly #folder: string;
  readonly #etcd: string;

  constructor(folder: string, etcd: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#etcd = etcd;
  }

  client(key: string): string {
    return this.#write(`client-${key}`, `OrderRpc:\n  Timeout: 20000\n  Etcd: ${this.#section(key)}\n`);
  }

  server(key: string, port: number): string {
    return this.#write(`server-${key}`, `Name: ${key}\nListenOn: 127.0.0.1:${port}\nEtcd: ${this.#section(key)}\n`);
  }

  #section(key: string): string {
    return `{ Hosts: ["${this.#etcd}"], Key: ${key} }`;
  }

  #write(name: string, yaml: string): string {
    const file = join(this.#folder, `${name}.yaml`);
    writeFileSync(file, yaml);
    return file;
  }
}
