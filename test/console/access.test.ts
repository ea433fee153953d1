import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { EtcdRegistrar, listRegistrations } from "../../src/backends/etcd/index.js";
import { type Stage, startStage } from "./stage.js";

let stage: Stage;
let token: string;
before(async () => {
  stage = await startStage({ health: false });
  token = new URL(stage.url).pathname.split("/")[1]!;
});
after(() => stage.stop());

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** fetch() does not let a test choose Host. */
function ask({ method = "GET", path, headers = {}, body }: Asked) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>((resolve, reject) => {
    const { port } = new URL(stage.url);
    const asked = request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    asked.on("error", reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const PATHS = ["", "events", "page.js", "page.css", "icon.svg", "pause"];

test("without the token nothing is told, whatever is asked for", async () => {
  for (const wrong of ["", "wrong", token.slice(1), `${token}x`, token.toUpperCase()]) {
    for (const path of PATHS) {
      for (const method of ["GET", "POST", "PUT"]) {
        const { status, text } = await ask({ method, path: `/${wrong}/${path}` });
        assert.equal(status, 403, `${method} /${wrong}/${path}`);
        assert.ok(!text.includes(token));
      }
    }
  }
  assert.equal((await ask({ path: `/${token}/` })).status, 200);
  assert.equal((await ask({ path: `/${token}/../etc` })).status, 404);
  const { status, headers } = await ask({ path: `/${token}` });
  assert.deepEqual([status, headers.location], [308, `/${token}/`], "a URL without its last slash is mended");
});

test("a name that was made to mean this machine, and a page of another site, are turned away", async () => {
  const { port, host } = new URL(stage.url);
  for (const other of [`rollcall.example:${port}`, "127.0.0.1", `127.0.0.1:${Number(port) + 1}`, "evil.example"]) {
    assert.equal((await ask({ path: `/${token}/`, headers: { host: other } })).status, 403, other);
  }
  for (const origin of ["http://evil.example", "null", `https://${host}`, `http://evil.${host}`]) {
    assert.equal((await ask({ path: `/${token}/`, headers: { origin } })).status, 403, origin);
  }
  for (const own of [host, `localhost:${port}`]) {
    const headers = { host: own, origin: `http://${own}` };
    assert.equal((await ask({ path: `/${token}/`, headers })).status, 200, own);
  }
});

test("nothing is done for who has not the token in a header, which no form of another site can send", async () => {
  const registration = await new EtcdRegistrar({ hosts: [stage.endpoint] }).register("kept.rpc", {
    address: "127.0.0.1:1",
  });
  const body = { service: "kept.rpc", address: "127.0.0.1:1" };
  for (const headers of [{}, { "x-rollcall-token": "wrong" }, { cookie: `token=${token}` }]) {
    assert.equal((await ask({ method: "POST", path: `/${token}/pause`, headers, body })).status, 403);
  }
  const isPaused = async () =>
    (await listRegistrations({ hosts: [stage.endpoint] })).registrations.some(({ paused }) => paused);
  assert.equal(await isPaused(), false);

  const headers = { "x-rollcall-token": token };
  assert.equal((await ask({ method: "GET", path: `/${token}/pause`, headers })).status, 404);
  assert.equal((await ask({ method: "POST", path: `/${token}/pause`, headers, body: [] })).status, 400);
  const unknown = await ask({
    method: "POST",
    path: `/${token}/pause`,
    headers,
    body: { service: "kept.rpc", address: "127.0.0.1:2" },
  });
  assert.equal(unknown.status, 409);
  assert.match(unknown.text, /no instance 127.0.0.1:2 of .* is registered; there are 127.0.0.1:1/);
  assert.equal((await ask({ method: "POST", path: `/${token}/pause`, headers, body })).status, 200);
  assert.equal(await isPaused(), true);
  await registration.deregister();
});

test("every answer forbids frames, inline code and other origins", async () => {
  for (const path of [`/${token}/`, `/${token}/page.js`, "/", `/${token}/nothing`]) {
    const { headers } = await ask({ path });
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|data:/);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["referrer-policy"], "no-referrer");
  }
});
