import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { build } from "esbuild";
import { PackedRollcall, Project, type Ran, Unreachable, versionOf } from "./project.js";

const packed = new PackedRollcall();
const projects: Project[] = [];
after(() => {
  for (const project of projects) project.remove();
  packed.remove();
});

/** Without the npm registry there is no other project; with CI=true that is an error. */
function install(packages: string[], flags?: string[]): Project | string {
  try {
    const project = new Project(packed, packages, flags);
    projects.push(project);
    return project;
  } catch (error) {
    if (process.env.CI !== "true" && error instanceof Unreachable) return "the npm registry is not reachable";
    throw error;
  }
}

const newest = versionOf("@grpc/grpc-js");
const project = install([`@grpc/grpc-js@${newest}`, `@types/node@${versionOf("@types/node")}`]);
const skip = typeof project === "string" && project;
const consumer = project as Project;

function flagsOf(flags: readonly string[]): boolean {
  return flags.every((flag) => process.allowedNodeEnvironmentFlags.has(flag.split("=")[0]!));
}

function assertBalanced({ status, stdout, stderr }: Ran): void {
  assert.equal(status, 0, stderr);
  assert.equal(stderr.includes("Warning"), false, stderr);
  const counts = JSON.parse(stdout) as Record<string, number>;
  for (const [name, count] of Object.entries(counts)) assert.ok(count > 30, `server ${name} got ${count} of 300 calls`);
}

test("the package holds what it needs and nothing of the workshop", () => {
  for (const file of [
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "dist/index.js",
    "dist/types/index.d.ts",
    "dist/cli/main.js",
    "dist/console/index.html",
    "dist/console/page.js",
  ]) {
    assert.ok(packed.files.includes(file), `${file} is missing`);
  }
  const strays = packed.files.filter((file) => /\.test\.|^(src|test|bench|interop|scripts)\//.test(file));
  assert.deepEqual(strays, []);
});

test("the package's README leads nowhere that is not in the package", () => {
  const links = [...readFileSync("README.md", "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
  const dead = links.filter((link) => !packed.files.some((file) => file === link || file.startsWith(`${link}/`)));
  assert.deepEqual(dead, []);
});

test("package.json says where the project is and where to report", () => {
  const { repository, homepage, bugs } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const url of [repository.url, homepage, bugs.url]) assert.match(url, /^(git\+)?https:\/\//);
});

type Target = string | { readonly [condition: string]: Target };

const filesOf = (target: Target): string[] =>
  typeof target === "string" ? [target] : Object.values(target).flatMap(filesOf);

test("every name in exports leads to a file with types beside it, for import and for require()", () => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, Target> };
  for (const target of filesOf(exports)) assert.ok(packed.files.includes(target.slice(2)), `${target} is missing`);
});

test("what is exported, what older resolvers read and what the tests import have the same names", () => {
  const { exports, typesVersions } = JSON.parse(readFileSync("package.json", "utf8"));
  const { paths } = JSON.parse(readFileSync("tsconfig.json", "utf8")).compilerOptions;
  const names = Object.keys(exports)
    .filter((name) => name !== "./package.json")
    .map((name) => name.replace(".", "rollcall"));
  assert.deepEqual(Object.keys(paths).sort(), names.sort());
  const older = Object.keys(typesVersions["*"]).map((name) => `rollcall/${name}`);
  assert.deepEqual(["rollcall", ...older].sort(), names);
});

test("an ES module of another project serves, finds and balances, and ends by itself", { skip }, async () => {
  assertBalanced(await consumer.run("esm.mjs"));
});

test("a CommonJS module of another project does the same by require()", { skip }, async () => {
  assertBalanced(await consumer.run("commonjs.cjs"));
});

test("import and require() of one name give one and the same thing", { skip }, async () => {
  const entries = ["", "/register", "/balancer", "/pool", "/undici", "/dev-registry", "/etcd", "/backend-tests"];
  const { status, stdout, stderr } = await consumer.run("both.mjs", ...entries.map((entry) => `rollcall${entry}`));
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), []);
});

test("a backend registered by one entry point is known to all others", { skip }, async () => {
  const { status, stdout, stderr } = await consumer.run("one-registry.cjs");
  assert.deepEqual([status, stdout], [0, "127.0.0.1:8080\n"], stderr);
});

for (const flags of [
  ["--preserve-symlinks"],
  ["--frozen-intrinsics"],
  ["--disable-proto=delete"],
  ["--experimental-permission", "--allow-fs-read=*"],
]) {
  test(`Node with ${flags.join(" ")} runs it`, {
    skip: skip || (!flagsOf(flags) && "this Node has no such flag"),
  }, async () => {
    const { status, stdout, stderr } = await consumer.run("node", ...flags, "esm.mjs");
    assertBalanced({ status, stdout, stderr: "" }); // Node warns of flags that are experiments
    assert.doesNotMatch(stderr, /rollcall.*Warning/);
  });
}

test("a Rollcall that is loaded a second time, with grpc-js or without, works like the first", { skip }, async () => {
  const { status, stdout, stderr } = await consumer.run("twice.cjs");
  assert.deepEqual([status, stdout.trim().split("\n").length], [0, 3], stderr);
});

test("worker threads serve and balance beside the main thread", { skip }, async () => {
  const { status, stdout, stderr } = await consumer.run("workers.mjs");
  assert.deepEqual([status, stdout.trim().split("\n").length], [0, 3], stderr);
});

test("with --enable-source-maps a stack leads to the lines of the sources", { skip }, async () => {
  const { stdout, stderr } = await consumer.run("node", "--enable-source-maps", "source-lines.mjs");
  const places = JSON.parse(stdout || "[]") as [file: string, line: number][];
  assert.ok(places.length > 5, stderr);
  for (const [file, line] of places) {
    assert.match(file, /^src\/.*\.ts$/);
    const text = readFileSync(file, "utf8").split("\n")[line - 1] ?? "";
    assert.match(text, /[\w$]\(|throw |new /, `${file}:${line} is no call`);
  }
});

test("the CommonJS library loads its own modules by require() alone: Jest and others know no import() there", {
  skip,
}, () => {
  const folder = join(consumer.folder, "node_modules", "rollcall", "dist", "cjs", "lib");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  assert.ok(files.length > 10);
  const importing = files.filter((name) => /\bimport\(["']\./.test(readFileSync(join(folder, name), "utf8")));
  assert.deepEqual(importing, []);
});

test("importing rollcall/register loads grpc-js and nothing that is optional", { skip }, async () => {
  const bare = JSON.parse((await consumer.run("loaded.mjs", "@grpc/grpc-js")).stdout) as string[];
  const { status, stdout, stderr } = await consumer.run("loaded.mjs", "rollcall/register");
  assert.equal(status, 0, stderr);
  const added = (JSON.parse(stdout) as string[]).filter((name) => !bare.includes(name));
  assert.deepEqual(added, ["rollcall"]);
});

test("pools and undici load no grpc-js and nothing of Connect, for no backend", { skip }, async () => {
  const { status, stdout, stderr } = await consumer.run("adapters.mjs");
  assert.equal(status, 0, stderr);
  // etcd's messages.
  const own = ["rollcall", "@bufbuild/protobuf"];
  assert.deepEqual(
    (JSON.parse(stdout) as string[]).filter((name) => !own.includes(name)),
    [],
  );
});

test("a bundle of rollcall/balancer holds that folder alone: no grpc-js, no module of Node's", { skip }, async () => {
  const contents = 'import { P2cEwma } from "rollcall/balancer"; new P2cEwma().set(["a"]);';
  const { metafile } = await build({
    stdin: { contents, resolveDir: consumer.folder },
    bundle: true,
    platform: "browser",
    write: false,
    metafile: true,
  });
  const files = Object.keys(metafile.inputs).filter((name) => name !== "<stdin>");
  assert.deepEqual(
    files.filter((name) => !/node_modules\/rollcall\/dist\/(cjs\/(lib\/(chunks\/)?)?)?balancer[-\w]*\.js$/.test(name)),
    [],
  );
});

test("types resolve in ES modules and in CommonJS, those of the libraries checked too", { skip }, () => {
  copyFileSync(join(consumer.folder, "types.mts"), join(consumer.folder, "types.cts"));
  for (const module of ["Node16", "NodeNext"] as const) {
    const { status, stdout } = consumer.typeCheck(["types.mts", "types.cts"], module);
    assert.equal(status, 0, stdout);
  }
});

test("the installed command shows its help and runs a registry until it is told to end", { skip }, async () => {
  const help = await consumer.run("rollcall", "--help");
  assert.equal(help.status, 0, help.stderr);
  assert.match(help.stdout, /dev .*in-memory etcd/);

  const dev = consumer.start("rollcall", "dev", "--port", "0");
  const [endpoint] = (await once(createInterface(dev.stdout), "line")) as [string];
  const ls = await consumer.run("rollcall", "ls", "--etcd", endpoint);
  assert.equal(ls.status, 0, ls.stderr);
  dev.kill("SIGTERM");
  assert.deepEqual(await once(dev, "exit"), [0, null]);
});

test("the lowest supported grpc-js is balanced as well", { skip }, async (t) => {
  const lowest = install(["@grpc/grpc-js@1.13.5"]);
  if (typeof lowest === "string") return t.skip(lowest);
  assertBalanced(await lowest.run("esm.mjs"));
});

test("an unsupported grpc-js is refused at import, in a sentence that says what to install", { skip }, async (t) => {
  const old = install(["@grpc/grpc-js@1.12.6"], ["--legacy-peer-deps"]);
  if (typeof old === "string") return t.skip(old);
  const { status, stderr } = await old.run("register.mjs");
  assert.equal(status, 1);
  assert.match(
    stderr,
    /rollcall works with @grpc\/grpc-js >=1\.13\.5 <1\.14\.0 \|\| >=1\.14\.4 <1\.15\.0, but 1\.12\.6 is installed: install/,
  );
});

test("two copies of grpc-js are warned of, and a client class of the wrong one is refused", { skip }, async (t) => {
  const split = install([`@grpc/grpc-js@${newest}`]);
  if (typeof split === "string") return t.skip(split);
  split.splitGrpcJs();
  const { status, stdout, stderr } = await split.run("other-copy.mjs");
  assert.equal(status, 0, stderr);
  const both = /\[ROLLCALL_TWO_GRPC_JS\] Warning: two copies .* rollcall uses (\S+), and there is (\S+)\. Clients/;
  const [, own, other] = both.exec(stderr) ?? assert.fail(stderr);
  const copy = (...path: string[]) =>
    join(split.folder, ...path, "node_modules", "@grpc", "grpc-js", "build", "src", "index.js");
  assert.deepEqual(
    [own, other],
    [copy("node_modules", "rollcall"), copy()].map((file) => realpathSync(file)),
  );
  assert.match(stdout, /^TypeError: .* made with another copy of @grpc\/grpc-js than rollcall's/);
});
