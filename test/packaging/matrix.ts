import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Project, Ran } from "./project.js";

/** What a program of another project is made and run with, and what became of it. */
export interface Cell {
  readonly kind: "node" | "bundler" | "loader" | "test runner" | "types";
  readonly name: string;
  /** Packages it takes, as npm install names them. */
  readonly packages: readonly string[];
  run(project: Project): Promise<Ran>;
}

/** Node's other release lines come as packages of binaries. */
const NODES = ["22", "24", "26"];
const BUNDLERS = ["esbuild@0.28", "webpack@5", "webpack-cli@6", "rollup@4"];
const ROLLUP_PLUGINS = ["@rollup/plugin-node-resolve@16", "@rollup/plugin-commonjs@29", "@rollup/plugin-json@6"];
/** The current minor of TypeScript and the two before it. */
export const TYPESCRIPTS = ["7.0", "6.0", "5.9"];

const JEST = join("node_modules", "jest", "bin", "jest.js");

const nodePackage = (line: string) => `node-${process.platform}-${process.arch}@${line}`;

export const cells: readonly Cell[] = [
  ...NODES.flatMap((line) =>
    ["esm.mjs", "commonjs.cjs"].map((file): Cell => {
      const packages = [`node-${line}@npm:${nodePackage(line)}`];
      return {
        kind: "node",
        name: `Node ${line}, ${systemOf(file)}`,
        packages,
        run: (project) => onNode(project, line, file),
      };
    }),
  ),
  ...["esm.mjs", "commonjs.cjs"].flatMap((file) =>
    (["cjs", "esm"] as const).map((format): Cell => {
      const name = `esbuild, ${systemOf(file)} to ${format}`;
      return { kind: "bundler", name, packages: BUNDLERS, run: (project) => esbuild(project, file, format) };
    }),
  ),
  ...["esm.mjs", "commonjs.cjs"].map((file): Cell => {
    return {
      kind: "bundler",
      name: `webpack, ${systemOf(file)}`,
      packages: BUNDLERS,
      run: (project) => webpack(project, file),
    };
  }),
  {
    kind: "bundler",
    name: "Rollup, import",
    packages: [...BUNDLERS, ...ROLLUP_PLUGINS],
    run: (project) => rollup(project, "esm.mjs"),
  },
  {
    kind: "test runner",
    name: "Jest, CommonJS",
    packages: ["jest@30"],
    run: async (project) => closed(await project.run("jest", "--ci", "--detectOpenHandles", "runner.test.cjs")),
  },
  {
    kind: "test runner",
    name: "Jest, ES modules",
    packages: ["jest@30"],
    run: (project) => project.run("node", "--experimental-vm-modules", JEST, "--ci", "runner.esm.test.mjs"),
  },
  {
    kind: "test runner",
    name: "Vitest",
    packages: ["vitest@3", "vite@7"],
    run: (project) => project.run("vitest", "run", "runner.test.mjs"),
  },
  {
    kind: "test runner",
    name: "Vitest, Rollcall inlined",
    packages: ["vitest@3", "vite@7"],
    run: (project) => project.run("vitest", "run", "--config", "vitest.inline.mjs", "runner.test.mjs"),
  },
  {
    kind: "loader",
    name: "tsx",
    packages: ["tsx@4"],
    run: (project) => project.run("node", "--import", "tsx", "esm.mjs"),
  },
  {
    kind: "loader",
    name: "OpenTelemetry's hook",
    packages: ["@opentelemetry/instrumentation@0.222"],
    run: (project) => project.run("node", "--import", "./opentelemetry-hook.mjs", "esm.mjs"),
  },
  {
    kind: "test runner",
    name: "node:test",
    packages: [],
    run: (project) => project.run("node", "--test", "runner.node.mjs"),
  },
  ...TYPESCRIPTS.flatMap((version) =>
    modesOf(version).map(([module, moduleResolution]): Cell => {
      return {
        kind: "types",
        name: `TypeScript ${version}, module ${module}, resolution ${moduleResolution}`,
        packages: [`typescript-${version}@npm:typescript@~${version}.0`],
        run: async (project) => typeCheck(project, version, module, moduleResolution),
      };
    }),
  ),
];

function systemOf(file: string): string {
  return file === "esm.mjs" ? "import" : "require()";
}

/** node10 is gone in TypeScript 7, and has to be asked for twice in 6. */
function modesOf(version: string): [module: string, resolution: string][] {
  const modern: [string, string][] = [
    ["node16", "node16"],
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ];
  return version.startsWith("7") ? modern : [["commonjs", "node10"], ...modern];
}

/** Jest ends well even where it finds handles that a test has left open. */
function closed(ran: Ran): Ran {
  return /open handles?/.test(ran.stderr) ? { ...ran, status: 1 } : ran;
}

function onNode(project: Project, line: string, file: string): Promise<Ran> {
  return project.run(join("node_modules", `node-${line}`, "bin", "node"), file);
}

async function esbuild(project: Project, file: string, format: "cjs" | "esm"): Promise<Ran> {
  const out = `esbuild-${systemOf(file)}-${format}.${format === "cjs" ? "cjs" : "mjs"}`.replace("()", "");
  // What a bundle of CommonJS modules needs in an ES module, as esbuild's documentation has it.
  const banner =
    "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" +
    "const __filename = import.meta.filename, __dirname = import.meta.dirname;";
  const flags = ["--bundle", "--platform=node", `--format=${format}`, `--outfile=${out}`, "--log-level=error"];
  if (format === "esm") flags.push(`--banner:js=${banner}`);
  return runAlone(project, await project.run("esbuild", file, ...flags), out);
}

async function webpack(project: Project, file: string): Promise<Ran> {
  const out = `webpack-${file}.cjs`;
  const config = {
    mode: "production",
    target: "node20",
    entry: `./${file}`,
    output: { path: project.folder, filename: out },
    performance: { hints: false },
    ignoreWarnings: [{ message: "" }],
  };
  const text = `module.exports = ${JSON.stringify(config).replace('{"message":""}', "() => true")};`;
  writeFileSync(join(project.folder, `${out}.config.cjs`), text);
  return runAlone(project, await project.run("webpack", "--config", `${out}.config.cjs`), out);
}

async function rollup(project: Project, file: string): Promise<Ran> {
  const out = "rollup.mjs";
  const plugins = "-p node-resolve={preferBuiltins:true,exportConditions:['node']} -p commonjs -p json".split(" ");
  const flags = ["--input", file, "--file", out, "--format", "es", "--silent", ...plugins];
  return runAlone(project, await project.run("rollup", ...flags), out);
}

/** Runs a bundle in a folder where there is nothing else. */
async function runAlone(project: Project, bundled: Ran, file: string): Promise<Ran> {
  if (bundled.status !== 0) return bundled;
  const folder = mkdtempSync(join(tmpdir(), "rollcall-bundle-"));
  try {
    return await project.runIn(folder, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function typeCheck(project: Project, version: string, module: string, moduleResolution: string): Ran {
  const folder = join(project.folder, `types-${version}-${module}`);
  mkdirSync(folder, { recursive: true });
  const compilerOptions = {
    module,
    moduleResolution,
    target: "ES2022",
    lib: ["ES2020"],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    esModuleInterop: true,
    types: ["node"],
    ...(moduleResolution === "node10" && version.startsWith("6") && { ignoreDeprecations: "6.0" }),
  };
  const files = readdirSync(project.folder).filter((name) => /^types\.(cts|mts)$/.test(name));
  const used = moduleResolution === "node10" ? files.filter((name) => name.endsWith("cts")) : files;
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: used.map((name) => `../${name}`) }),
  );
  const tsc = join(project.folder, "node_modules", `typescript-${version}`, "bin", "tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", folder], {
    cwd: project.folder,
    encoding: "utf8",
  });
  return { status: status ?? 1, stdout, stderr: stderr + stdout };
}

/** The outcome as a table that a person reads. */
export function tableOf(outcomes: readonly { readonly cell: Cell; readonly failure: string | undefined }[]): string {
  const width = Math.max(...outcomes.map(({ cell }) => cell.name.length));
  return outcomes
    .map(
      ({ cell, failure }) =>
        `${cell.kind.padEnd(12)} ${cell.name.padEnd(width)}  ${failure === undefined ? "works" : "FAILS"}`,
    )
    .join("\n");
}
