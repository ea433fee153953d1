import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";
import { TYPESCRIPT } from "../support/typescript.js";
import { endpoint, slice } from "./pod.js";

const BACKEND = new URL("../../src/backends/kubernetes/index.ts", import.meta.url).href;

/** Makes @kubernetes/client-node as absent as where nobody installed it. */
const ABSENT = `data:text/javascript,${encodeURIComponent(`
  import { register } from "node:module";
  register("data:text/javascript," + encodeURIComponent(\`
    export function resolve(name, context, next) {
      if (!name.startsWith("@kubernetes/")) return next(name, context);
      throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: "ERR_MODULE_NOT_FOUND" });
    }
  \`));
`)}`;

/** Runs a program without the library; resolves with what it prints once it has ended by itself. */
async function run(program: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...TYPESCRIPT, "--import", ABSENT, "--input-type=module", "--eval", program],
    { env: { ...process.env, ...environment }, timeout: 180_000 },
  );
  return stdout;
}

test("in a pod no library is needed, and nothing keeps the process when the watch ends", async () => {
  const server = new KubeApiServer();
  await server.start();
  server.apply(slice("order-1", [endpoint("10.0.0.1")]));
  const directory = mkdtempSync(join(tmpdir(), "rollcall-account-"));
  try {
    writeFileSync(join(directory, "token"), "reader");
    writeFileSync(join(directory, "ca.crt"), server.certificate.cert);
    const program = `
      import { createKubernetesBackend } from ${JSON.stringify(BACKEND)};
      const backend = createKubernetesBackend({ serviceAccount: ${JSON.stringify(directory)} });
      const discovery = await backend.discovery({ scheme: "k8s", hosts: [], service: "", params: {} });
      const abort = new AbortController();
      for await (const instances of discovery.watch("shop/order:grpc", { signal: abort.signal })) {
        console.log(JSON.stringify(instances.map(({ address }) => address)));
        abort.abort();
      }
    `;
    const environment = {
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: `${server.port}`,
      KUBECONFIG: "",
    };
    assert.equal(await run(program, environment), '["10.0.0.1:8080"]\n');
  } finally {
    rmSync(directory, { recursive: true });
    await server.stop();
  }
});

test("a kubeconfig without the library is answered with what to install on this Node, as the documentation has it", async () => {
  const program = `
    import { kubernetesBackend } from ${JSON.stringify(BACKEND)};
    const target = { scheme: "k8s", hosts: [], service: "order", params: {} };
    await kubernetesBackend.discovery(target).catch((error) => console.log(error.message));
  `;
  const message = await run(program, { KUBECONFIG: "/some/kubeconfig" });
  const [, package_, advice] =
    /"(@kubernetes\/client-node)", which cannot be loaded: (npm install [^ ,]+)/.exec(message) ?? [];
  assert.equal(package_, "@kubernetes/client-node", message);
  const old = Number.parseInt(process.versions.node, 10) < 22;
  assert.equal(advice, `npm install @kubernetes/client-node${old ? "@1" : ""}`, "version 2 needs Node 22");
  assert.ok(readFileSync("docs/kubernetes.md", "utf8").includes(`\`${advice}\``), advice);
});
