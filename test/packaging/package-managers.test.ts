import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PackedRollcall, Project, Unreachable, versionOf } from "./project.js";

const GRPC = `@grpc/grpc-js@${versionOf("@grpc/grpc-js")}`;
const packed = new PackedRollcall();
const folders: string[] = [];
const tools = install(["pnpm@10", "@yarnpkg/cli-dist@4"]);
const skip = tools === undefined && "the npm registry is not reachable";
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  packed.remove();
});

/** Without the npm registry there is no other project; with CI=true that is an error. */
function install(packages: string[], flags?: string[]): Project | undefined {
  try {
    const project = new Project(packed, packages, flags);
    folders.push(project.folder);
    return project;
  } catch (error) {
    if (process.env.CI !== "true" && error instanceof Unreachable) return undefined;
    throw error;
  }
}

/** A project of its own, whose files reach nothing but what is installed there. */
class OtherProject {
  readonly #folder = mkdtempSync(join(tmpdir(), "rollcall-consumer-"));
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...rest } = process.env;
    this.#env = { ...rest, ...env };
    folders.push(this.#folder);
    writeFileSync(join(this.#folder, "package.json"), '{ "name": "consumer", "version": "1.0.0", "private": true }');
    writeFileSync(join(this.#folder, "yarn.lock"), ""); // says that this folder is Yarn's project, and no folder above it
    cpSync(join("test", "packaging", "consumer"), this.#folder, { recursive: true });
  }

  run(...[command, ...args]: [string, ...string[]]): string {
    const options = { cwd: this.#folder, env: this.#env, encoding: "utf8", timeout: 180_000 } as const;
    const { status, stdout, stderr } = spawnSync(command, args, options);
    assert.equal(status, 0, `${command} ${args.join(" ")}:\n${stderr}${stdout}`);
    return stdout;
  }
}

function assertBalanced(stdout: string): void {
  const counts = Object.values(JSON.parse(stdout) as Record<string, number>);
  assert.ok(counts.length === 3 && counts.every((count) => count > 30), stdout);
}

const registry = () => spawnSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).stdout.trim();
const toolOf = (...path: string[]) => join(tools!.folder, "node_modules", ...path);

test("pnpm: nothing is used that is not asked for", { skip }, () => {
  const project = new OtherProject({ npm_config_registry: registry() });
  project.run(toolOf(".bin", "pnpm"), "add", packed.tarball, GRPC);
  for (const file of ["esm.mjs", "commonjs.cjs"]) assertBalanced(project.run(process.execPath, file));
  assert.match(project.run(join("node_modules", ".bin", "rollcall"), "--version"), /^\d/);
});

test("Yarn with Plug'n'Play: everything runs from zip files", { skip }, () => {
  const server = registry();
  const project = new OtherProject({
    YARN_NPM_REGISTRY_SERVER: server,
    YARN_UNSAFE_HTTP_WHITELIST: new URL(server).hostname,
    YARN_ENABLE_TELEMETRY: "0",
    YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
  });
  const yarn = [process.execPath, toolOf("@yarnpkg", "cli-dist", "bin", "yarn.js")] as const;
  project.run(...yarn, "add", `rollcall@file:${packed.tarball}`, GRPC);
  for (const file of ["esm.mjs", "commonjs.cjs"]) assertBalanced(project.run(...yarn, "node", file));
  assert.match(project.run(...yarn, "rollcall", "--version"), /^\d/);
});

test("npm with install-strategy=linked", { skip }, async () => {
  const project = install([GRPC], ["--install-strategy=linked"])!;
  for (const file of ["esm.mjs", "commonjs.cjs"]) assertBalanced((await project.run(file)).stdout);
});
