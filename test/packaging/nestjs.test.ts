import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { startApplication } from "../nestjs/application-process.js";
import { EightCallers, httpCaller, nestCaller } from "../support/programs/callers.js";
import { PackedRollcall, Project, Unreachable, versionOf } from "./project.js";

const packed = new PackedRollcall();
let registry: DevRegistry;
before(async () => {
  registry = await startDevRegistry();
});
after(async () => {
  await registry.close();
  packed.remove();
});

function install(major: number): Project | undefined {
  const nest = ["common", "core", "microservices", "platform-express"].map((name) => `@nestjs/${name}@${major}`);
  const grpc = ["@grpc/grpc-js", "@grpc/proto-loader"].map((name) => `${name}@${versionOf(name)}`);
  try {
    return new Project(packed, [...nest, ...grpc, "reflect-metadata@0.2", "rxjs@7"]);
  } catch (error) {
    if (process.env.CI !== "true" && error instanceof Unreachable) return undefined;
    throw error;
  }
}

/** The program of test/nestjs, compiled as a Nest project compiles its own. */
async function compile(project: Project, format: "cjs" | "esm"): Promise<string> {
  const outfile = join(project.folder, format === "cjs" ? "application.cjs" : "application.mjs");
  await build({
    entryPoints: ["test/nestjs/programs/application.ts"],
    outfile,
    format,
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20.19",
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  return outfile;
}

for (const major of [11, 12]) {
  const project = install(major);
  after(() => project?.remove());
  describe(`Rollcall, packed, in a project with NestJS ${major}`, { skip: !project && "no npm registry" }, () => {
    for (const format of ["cjs", "esm"] as const) {
      test(`${format}: a hybrid application serves, and ends by SIGTERM without a failed call`, async () => {
        const program = [await compile(project!, format)];
        const key = `${format}${major}`;
        const start = () => startApplication(program, "hybrid", key, registry.endpoint, project!.folder);
        const [ended, stays] = await Promise.all([start(), start()]);
        const callers = [
          new EightCallers(nestCaller(registry.endpoint, `${key}.rpc`)),
          new EightCallers(httpCaller(registry.endpoint, `${key}.http`)),
        ];
        const reach = (pid: number) => Promise.all(callers.map((one) => one.reach(pid)));
        await Promise.all([reach(ended.pid), reach(stays.pid)]);
        assert.equal(await ended.end("SIGTERM"), "SIGTERM");
        await reach(stays.pid);
        await Promise.all(callers.map((one) => one.end()));
        assert.equal(await stays.end("app.close()"), 0);
        assert.deepEqual(
          callers.flatMap(({ failed }) => failed),
          [],
        );
        assert.equal(ended.errors + stays.errors, "");
      });
    }

    test("rollcall itself loads nothing of Nest", async () => {
      const { status, stdout, stderr } = await project!.run("loaded.mjs", "rollcall");
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stdout, /nestjs|rxjs|reflect-metadata/);
      const nest = await project!.run("loaded.mjs", "rollcall/nestjs");
      assert.match(nest.stdout, /@nestjs\/microservices/);
    });
  });
}
