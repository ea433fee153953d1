import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { registerBuiltInBackends } from "../../src/backends/index.js";
import { createKubernetesBackend, type KubernetesTiming } from "../../src/backends/kubernetes/index.js";
import type { Backend } from "../../src/registry.js";
import { parseTargetUrl } from "../../src/target/parse.js";
import { KubeApiServer } from "../support/real-parts/kube/stand-in.js";
import { Watched } from "../support/watched.js";
import { endpoint, slice } from "./pod.js";

registerBuiltInBackends();

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a program outside the cluster", () => {
  let directory: string;
  let server: KubeApiServer;
  let watches: Watched[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "rollcall-kubeconfig-"));
    watches = [];
    server = new KubeApiServer();
    await begin(server);
  });
  afterEach(async () => {
    for (const watched of watches) await watched.end();
    await server.stop();
    rmSync(directory, { recursive: true });
  });

  async function begin(server: KubeApiServer): Promise<void> {
    await server.start();
    server.apply(slice("order-1", [endpoint("10.0.0.1")]));
    server.apply(slice("order-1", [endpoint("10.0.0.9")], { namespace: "default" }));
  }

  /** Writes a kubeconfig, of two contexts of which only the first has a namespace, and says where it is. */
  function kubeconfig({
    user = { token: "reader" },
    url = server.url,
    current = "shop",
    file = join(directory, "config"),
  }: Partial<Kubeconfig> = {}): string {
    const ca = Buffer.from(server.certificate.cert).toString("base64");
    // JSON is YAML.
    const text = JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": current,
      clusters: [{ name: "test", cluster: { server: url, "certificate-authority-data": ca } }],
      users: [{ name: "someone", user }],
      contexts: [
        { name: "shop", context: { cluster: "test", user: "someone", namespace: "shop" } },
        { name: "plain", context: { cluster: "test", user: "someone" } },
        { name: "broken", context: { cluster: "nowhere", user: "someone" } },
      ],
    });
    writeFileSync(file, text);
    return file;
  }

  interface Kubeconfig {
    readonly user: object;
    readonly url: string;
    readonly current: string;
    readonly file: string;
  }

  async function watch(
    url: string,
    environment: NodeJS.ProcessEnv = {},
    timing: Partial<KubernetesTiming> = {},
  ): Promise<Watched> {
    return begun(url, backendOf(environment, timing));
  }

  function backendOf(environment: NodeJS.ProcessEnv = {}, timing: Partial<KubernetesTiming> = {}): Backend {
    return createKubernetesBackend({
      environment,
      serviceAccount: directory,
      timing: { backoff: { initialMs: 20, maxMs: 100 }, ...timing },
    });
  }

  async function begun(url: string, backend: Backend): Promise<Watched> {
    const target = parseTargetUrl(url);
    const watched = new Watched(await backend.discovery!(target), target.service);
    watches.push(watched);
    return watched;
  }

  test("a kubeconfig gives server, authority, token and namespace", async () => {
    const file = kubeconfig();
    await (await watch(`k8s:///order?kubeconfig=${file}`)).shows("10.0.0.1:8080");
    await (await watch(`k8s:///order?kubeconfig=${file}&context=plain`)).shows("10.0.0.9:8080");
    await (await watch(`k8s://default/order?kubeconfig=${file}`)).shows("10.0.0.9:8080");
  });

  test("user and password are sent", async () => {
    server.logins.set(`Basic ${Buffer.from("someone:secret").toString("base64")}`, ["list", "watch"]);
    const file = kubeconfig({ user: { username: "someone", password: "secret" } });
    await (await watch(`k8s:///order?kubeconfig=${file}`)).shows("10.0.0.1:8080");
  });

  test("a user that acts as another does so with groups and all, as kubectl does", async () => {
    const other = {
      as: "jane",
      "as-uid": "17",
      "as-groups": ["dev", "ops"],
      "as-user-extra": { "shop/Team": ["cart"] },
    };
    const file = kubeconfig({ user: { token: "reader", ...other } });
    await (await watch(`k8s:///order?kubeconfig=${file}`)).shows("10.0.0.1:8080");
    assert.deepEqual(server.requests[0]!.actsAs, {
      "impersonate-user": "jane",
      "impersonate-uid": "17",
      "impersonate-group": "dev, ops",
      "impersonate-extra-shop%2fteam": "cart",
    });
    const nobody = await watch(
      `k8s:///order?kubeconfig=${kubeconfig({ user: { token: "reader", "as-groups": ["dev"] } })}`,
    );
    await nobody.until(() => nobody.troubles.length > 0);
    assert.match(
      nobody.troubles[0]!,
      /user "someone" has as-uid, as-groups or as-user-extra without as: name the user/,
    );
  });

  test("an exec plugin is asked again when its token is refused, however long it was said to last", async () => {
    const plugin = join(directory, "plugin");
    const token = join(directory, "issued");
    const status = '{"token":"\'"$(cat "$1")"\'","expirationTimestamp":"2999-01-01T00:00:00Z"}';
    writeFileSync(
      plugin,
      `#!/bin/sh\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}'\n`,
    );
    chmodSync(plugin, 0o755);
    writeFileSync(token, "reader");
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin, args: [token] };
    const watched = await watch(`k8s:///order?kubeconfig=${kubeconfig({ user: { exec } })}`);
    await watched.shows("10.0.0.1:8080");
    await server.until(() => server.watches === 1);
    server.tokens.clear();
    server.tokens.set("second", ["list", "watch"]);
    writeFileSync(token, "second");
    server.endWatches();
    await server.until(() => server.watches === 1);
    server.apply(slice("order-1", [endpoint("10.0.0.2")]));
    await watched.shows("10.0.0.2:8080");
    assert.deepEqual(watched.troubles, []);
  });

  test("an exec plugin that hangs is told, run once however many ask and retry, and ended with the last watch", async () => {
    const plugin = join(directory, "plugin");
    const runs = join(directory, "runs");
    writeFileSync(plugin, `#!/bin/sh\necho $$ >> ${runs}\nexec sleep 600\n`);
    chmodSync(plugin, 0o755);
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin };
    const url = `k8s:///order?kubeconfig=${kubeconfig({ user: { exec } })}`;
    const backend = backendOf({}, { answerMs: 200 });
    const asking = [await begun(url, backend), await begun(url.replace("order", "stock"), backend)];
    for (const watched of asking) {
      await watched.until(() => watched.troubles.length > 0);
      assert.match(watched.troubles[0] ?? "", /no credentials can be had from .*"shop": no answer came within 200 ms/);
    }
    // Another one, told as late, has asked after the others have tried again.
    const late = await begun(url.replace("order", "cart"), backend);
    await late.until(() => late.troubles.length > 0);
    const pids = readFileSync(runs, "utf8").trim().split("\n");
    assert.equal(pids.length, 1);
    for (const watched of [...asking, late]) await watched.end();
    while (isRunning(Number(pids[0]))) await new Promise(setImmediate);
  });

  test("an exec plugin is run once for many services, and not again until its token is refused", async () => {
    const plugin = join(directory, "plugin");
    const runs = join(directory, "runs");
    const token = join(directory, "issued");
    writeFileSync(
      plugin,
      `#!/bin/sh\necho run >> ${runs}\necho '{"kind":"ExecCredential","status":{"token":"'"$(cat ${token})"'"}}'\n`,
    );
    chmodSync(plugin, 0o755);
    writeFileSync(token, "reader");
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin };
    const url = `k8s:///order?kubeconfig=${kubeconfig({ user: { exec } })}`;
    const backend = backendOf();
    const many = await Promise.all(Array.from({ length: 5 }, () => begun(url, backend)));
    for (const watched of many) await watched.shows("10.0.0.1:8080");
    await server.until(() => server.watches === 5);
    assert.equal(readFileSync(runs, "utf8"), "run\n");
    server.tokens.clear();
    server.tokens.set("second", ["list", "watch"]);
    writeFileSync(token, "second");
    server.endWatches();
    await server.until(() => server.watches === 5);
    assert.equal(readFileSync(runs, "utf8"), "run\nrun\n");
    assert.deepEqual(
      many.flatMap(({ troubles }) => troubles),
      [],
    );
  });

  test("plain HTTP, as kubectl proxy serves it, works, below a path too", async () => {
    const plain = new KubeApiServer({ plain: true, base: "/clusters/one" });
    await begin(plain);
    const file = kubeconfig({ url: `${plain.url}/clusters/one/` });
    const watched = await watch(`k8s:///order?kubeconfig=${file}`);
    await watched.shows("10.0.0.1:8080");
    await plain.until(() => plain.watches === 1);
    plain.apply(slice("order-1", [endpoint("10.0.0.2")]));
    await watched.shows("10.0.0.2:8080");
    assert.equal(plain.requests[0]?.protocol, "1.1");
    await watched.end();
    await plain.until(() => plain.connections === 0);
    await plain.stop();
  });

  test("what is wrong with a kubeconfig is said in words", async () => {
    const missing = join(directory, "none");
    await assert.rejects(
      watch(`k8s:///order?kubeconfig=${missing}`),
      /the kubeconfig .*none cannot be read: there is no such file/,
    );
    const unknown = watch(`k8s:///order?kubeconfig=${kubeconfig()}&context=prod`);
    await assert.rejects(unknown, /no context "prod": it has shop, plain, broken/);
    const broken = await watch(`k8s:///order?kubeconfig=${kubeconfig({ current: "broken" })}`);
    await broken.until(() => broken.troubles.length > 0);
    assert.match(
      broken.troubles[0] ?? "",
      /no credentials .* context "broken": .* names a cluster "nowhere" that it lacks/,
    );
    writeFileSync(join(directory, "config"), "{");
    await assert.rejects(watch(`k8s:///order?kubeconfig=${join(directory, "config")}`), /cannot be read: /);
  });

  test("a kubeconfig that is no YAML is told by its place, and nothing of it is shown: its tokens stand there", async () => {
    for (const user of [
      "{token: hunter2",
      "\n    token: hunter2\n   x: 1",
      "\n    token: *hunter2",
      "\n    token: !hunter2 x",
    ]) {
      writeFileSync(join(directory, "config"), `users:\n- name: a\n  user: ${user}\n`);
      await assert.rejects(watch(`k8s:///order?kubeconfig=${join(directory, "config")}`), (error: Error) => {
        assert.match(error.message, /config cannot be read: it is no YAML at line \d+, column \d+: .{5,}/);
        assert.doesNotMatch(inspect(error, { depth: 5 }), /hunter2/);
        return true;
      });
    }
  });

  test("KUBECONFIG may name several files: what the first says counts, those missing or empty are skipped", async () => {
    const first = kubeconfig({ file: join(directory, "first") });
    const unused = kubeconfig({ file: join(directory, "second"), url: "https://127.0.0.1:1", current: "plain" });
    const [none, empty] = [join(directory, "none"), join(directory, "empty")];
    writeFileSync(empty, "\n");
    const environment = (...files: string[]) => ({ KUBECONFIG: files.join(delimiter) });
    await (await watch("k8s:///order", environment(none, empty, first, "", unused))).shows("10.0.0.1:8080");
    // A file may say no more than which context is meant, and another have the rest.
    const choice = join(directory, "choice");
    writeFileSync(choice, JSON.stringify({ "current-context": "plain", apiVersion: "v1", kind: "Config" }));
    await (await watch("k8s:///order", environment(choice, first))).shows("10.0.0.9:8080");
    await assert.rejects(watch("k8s:///order", environment(none, empty)), /there is no such file, or nothing in it/);
  });

  test("an exec plugin's path is relative to the kubeconfig, and of a missing one the installHint is shown", async () => {
    mkdirSync(join(directory, "bin"));
    const status = '{"token":"reader"}';
    const credential = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}`;
    writeFileSync(join(directory, "bin", "plugin"), `#!/bin/sh\necho '${credential}'\n`);
    chmodSync(join(directory, "bin", "plugin"), 0o755);
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./bin/plugin" };
    await (await watch(`k8s:///order?kubeconfig=${kubeconfig({ user: { exec } })}`)).shows("10.0.0.1:8080");
    const hinted = { ...exec, command: "no-such-plugin", installHint: "Install it from https://example.test" };
    const missing = await watch(`k8s:///order?kubeconfig=${kubeconfig({ user: { exec: hinted } })}`);
    await missing.until(() => missing.troubles.length > 0);
    assert.match(missing.troubles[0] ?? "", /no-such-plugin .* is not there: Install it from https:\/\/example\.test/);
  });

  test("an OIDC token is used while it lasts, and when it has expired that is said, until kubectl has renewed it", async () => {
    const token = (exp: number) =>
      ["{}", JSON.stringify({ exp }), "x"].map((part) => Buffer.from(part).toString("base64url")).join(".");
    const [old, fresh] = [token(1_000_000_000), token(32_503_680_000)];
    server.tokens.set(fresh, ["list", "watch"]);
    const oidc = (idToken: string) => ({
      user: { "auth-provider": { name: "oidc", config: { "id-token": idToken, "refresh-token": "secret" } } },
    });
    const watched = await watch(`k8s:///order?kubeconfig=${kubeconfig(oidc(old))}`);
    await watched.until(() => watched.troubles.length > 0);
    assert.match(
      watched.troubles[0] ?? "",
      /id-token of the kubeconfig's user "someone" has expired on 2001-.*: renew it with kubectl/,
    );
    kubeconfig(oidc(fresh));
    await watched.shows("10.0.0.1:8080");
  });

  test("a mistake in the target's parameters is said in words", async () => {
    await assert.rejects(watch("k8s:///order?family=ipv5"), /family is "ipv5": it must be auto, ipv4 or ipv6/);
  });

  test("where there is neither a pod nor a kubeconfig, all that was tried is named", async () => {
    const before = process.env.HOME;
    process.env.HOME = directory;
    try {
      const environment = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1" };
      for (const where of [{}, environment]) {
        await assert.rejects(
          watch("k8s:///order", where),
          /no pod with a service account token.*KUBECONFIG.*\.kube\/config/,
        );
      }
    } finally {
      process.env.HOME = before;
    }
  });
});
