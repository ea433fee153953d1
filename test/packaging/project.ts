import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const FIXTURES = join("test", "packaging", "consumer");

/** What a command did. */
export interface Ran {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rollcall as it is published: built and packed from this checkout, once a process. */
export class PackedRollcall {
  readonly tarball: string;
  /** Paths in the package. */
  readonly files: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), "rollcall-packed-"));

  constructor() {
    const { files } = JSON.parse(readFileSync("package.json", "utf8")) as { files: string[] };
    // Built beside the checkout, so that nobody's dist/ changes under their feet.
    for (const file of ["package.json", ...files.filter((name) => name !== "dist" && existsSync(name))]) {
      cpSync(file, join(this.#folder, file), { recursive: true });
    }
    must(process.execPath, ["scripts/build.mjs", join(this.#folder, "dist")]);
    const [packed] = JSON.parse(must("npm", ["pack", "--ignore-scripts", "--json"], this.#folder)) as [
      { filename: string; files: { path: string }[] },
    ];
    this.tarball = join(this.#folder, packed.filename);
    this.files = packed.files.map(({ path }) => path);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A project of its own, somewhere else, that has installed the packed Rollcall. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "rollcall-consumer-"));

  /**
   * Throws Unreachable when the npm registry is not reachable.
   * @param packages beside rollcall, as npm install takes them.
   */
  constructor({ tarball }: PackedRollcall, packages: readonly string[], flags: readonly string[] = []) {
    writeFileSync(join(this.folder, "package.json"), JSON.stringify({ name: "consumer", private: true }));
    const args = ["install", "--prefer-offline", "--no-audit", "--no-fund", ...flags, tarball, ...packages];
    const { status, stderr } = spawnSync("npm", args, { cwd: this.folder, encoding: "utf8" });
    if (status !== 0) {
      this.remove();
      if (/EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT/.test(stderr))
        throw new Unreachable();
      throw new Error(`npm ${args.join(" ")} failed:\n${stderr}`);
    }
    cpSync(FIXTURES, this.folder, { recursive: true });
  }

  /** Runs a file of this project with Node, or a command that its packages have brought. */
  async run(...command: [string, ...string[]]): Promise<Ran> {
    const child = this.start(...command);
    const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
    const [code, signal] = await once(child, "exit");
    return { status: signal ?? code, stdout: await stdout, stderr: await stderr };
  }

  /** Runs a file of this project, and it alone, in another folder. */
  async runIn(folder: string, file: string): Promise<Ran> {
    cpSync(join(this.folder, file), join(folder, file));
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
      cwd: folder,
      encoding: "utf8",
      timeout: 180_000,
      env: cleanEnvironment(),
    });
    return { status: status ?? 1, stdout, stderr };
  }

  start(command: string, ...args: string[]) {
    const program = programOf(command);
    return spawn(program[0]!, [...program.slice(1), ...args], {
      cwd: this.folder,
      env: cleanEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 180_000,
    });
  }

  /** Checks the types of this project with the checkout's compiler. Node16 knows no require() of an ES module. */
  typeCheck(files: readonly string[], module: "Node16" | "NodeNext"): Ran {
    // The lowest lib that @types/node can be read with.
    const compilerOptions = { module, target: "ES2020", lib: ["ES2020"], strict: true, noEmit: true, types: ["node"] };
    writeFileSync(join(this.folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join(require.resolve("typescript/package.json"), "..", "bin", "tsc");
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", "."], {
      cwd: this.folder,
      encoding: "utf8",
    });
    return { status: status ?? 1, stdout, stderr };
  }

  /** Gives Rollcall a copy of grpc-js of its own, as npm does when versions do not fit together. */
  splitGrpcJs(): void {
    const scope = join(this.folder, "node_modules", "rollcall", "node_modules", "@grpc");
    mkdirSync(scope, { recursive: true });
    cpSync(join(this.folder, "node_modules", "@grpc", "grpc-js"), join(scope, "grpc-js"), { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The test runner's own variables must not reach the programs of others. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of ["NODE_TEST_CONTEXT", "NODE_OPTIONS"]) delete env[name];
  return env;
}

/** A file for Node, Node itself, the path of another program, or a command that the project's packages have brought. */
function programOf(command: string): [string, ...string[]] {
  if (/\.[cm]?js$/.test(command)) return [process.execPath, command];
  if (command === "node") return [process.execPath];
  return [command.includes("/") ? command : join("node_modules", ".bin", command)];
}

/** The npm registry is not reachable. */
export class Unreachable extends Error {}

/** Version of a package in this checkout. */
export function versionOf(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}

function must(command: string, args: string[], cwd?: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk;
  return text;
}
