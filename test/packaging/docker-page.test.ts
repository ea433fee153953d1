import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { SHUTDOWN_DEFAULTS } from "../../src/defaults.js";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { until } from "../support/until.js";
import { PackedRollcall, Project, Unreachable, versionOf } from "./project.js";

const packed = new PackedRollcall();
const project = install();
let registry: DevRegistry;
before(async () => {
  registry = await startDevRegistry();
});
after(async () => {
  await registry.close();
  project?.remove();
  packed.remove();
});

function install(): Project | undefined {
  try {
    return new Project(
      packed,
      ["@grpc/grpc-js", "@grpc/proto-loader"].map((name) => `${name}@${versionOf(name)}`),
    );
  } catch (error) {
    if (process.env.CI !== "true" && error instanceof Unreachable) return undefined;
    throw error;
  }
}

const instructions = readFileSync("examples/docker/Dockerfile", "utf8")
  .split("\n")
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line): [string, string] => [line.split(" ", 1)[0]!, line.slice(line.indexOf(" ") + 1)]);
const compose = parse(readFileSync("examples/docker/compose.yaml", "utf8"));

/** Starts a command of an image, as the first process: no shell, in the image's folder. */
function container([command = "", ...args]: readonly string[], env: Record<string, string>) {
  return spawn(command === "node" ? process.execPath : command, args, {
    cwd: project!.folder,
    env: { ...env, PATH: process.env.PATH, POD_IP: "127.0.0.1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

// There is no container engine where the tests run: the instructions are followed in a folder.
test("the image of docs/docker-and-kubernetes.md serves, is called by its shop, and ends gracefully", async (t) => {
  if (!project) return t.skip("the npm registry is not reachable");
  for (const [instruction, text] of instructions) {
    if (instruction === "COPY" && text === ". .") cpSync("examples/docker", project.folder, { recursive: true });
    if (instruction === "COPY" && text.startsWith("package.json")) {
      rmSync(join(project.folder, "node_modules"), { recursive: true });
      // A tarball is there until Rollcall is on a registry; here it is installed from elsewhere.
      const files = text.split(" ").slice(0, -1);
      for (const file of files.filter((name) => name !== "*.tgz"))
        assert.ok(existsSync(join(project.folder, file)), file);
    }
    if (instruction !== "RUN") continue;
    const { status, stderr }: { status: number | null; stderr: string } = spawnSync("sh", ["-c", text], {
      cwd: project.folder,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  }
  const command = JSON.parse(instructions.find(([instruction]) => instruction === "CMD")![1]) as string[];
  const env = { ROLLCALL_LOG_LEVEL: "warn", ETCD: registry.endpoint };
  const order = container(command, env);
  const ended = once(order, "exit");
  await until(() => registry.list("order.rpc/").size === 1, "it is listed", 60_000);
  const shop = container(compose.services.shop.command, env);
  const [line] = (await once(createInterface(shop.stdout), "line")) as [string];
  assert.match(line, /^served by 127\.0\.0\.1:8080$/);
  shop.kill("SIGTERM");
  order.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
  assert.equal(registry.list("order.rpc/").size, 0);
});

test("compose gives a container more time to stop than its server takes", () => {
  const { order, shop } = compose.services;
  assert.ok(Number.parseFloat(order.stop_grace_period) * 1000 > SHUTDOWN_DEFAULTS.WaitTime);
  for (const { environment } of [order, shop]) assert.equal(environment.ETCD, "etcd:2379");
});
