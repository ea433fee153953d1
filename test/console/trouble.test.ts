import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import type { Browser } from "playwright-core";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { serveConsole } from "../../src/console/serve.js";
import { ServerHealth } from "../../src/index.js";
import { browserSkipReason, startBrowser } from "../support/real-parts/browser.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";
import { until } from "../support/until.js";
import { cellsOf, openPage, rowOf, type Stage, settingsOf, startStage } from "./stage.js";

suite("the console when something happens", { skip: browserSkipReason() }, () => {
  let browser: Browser;
  let stage: Stage;
  before(async () => {
    [browser, stage] = await Promise.all([startBrowser(), startStage()]);
  });
  after(async () => {
    await browser?.close();
    await stage?.stop();
  });

  const registrarOf = (endpoint: string) => new EtcdRegistrar({ hosts: [endpoint] });

  test("health flips as an instance says so, and one that nobody listens at is unreachable", async (t) => {
    const server = new grpc.Server();
    const health = new ServerHealth();
    health.addTo(server);
    health.set("SERVING");
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    t.after(() => server.forceShutdown());
    const address = `127.0.0.1:${port}`;
    const registrations = await Promise.all(
      [address, "127.0.3.9:1"].map((one) => registrarOf(stage.endpoint).register("health.rpc", { address: one })),
    );
    const { page } = await openPage(t, browser, stage.url);
    const states = async () => [(await cellsOf(page, address))[0], (await cellsOf(page, "127.0.3.9:1"))[0]].join();
    await rowOf(page, "127.0.3.9:1").waitFor();
    await until(async () => (await states()) === "serving,unreachable", "health");
    health.set("NOT_SERVING");
    await until(async () => (await states()) === "not serving,unreachable", "a flip");
    await page.getByRole("region", { name: "Timeline" }).getByText(`${address} is not serving`).waitFor();
    await Promise.all(registrations.map((registration) => registration.deregister()));
  });

  test("the focus stays with its instance while others come before it, and so does what the keys do", async (t) => {
    const registrar = registrarOf(stage.endpoint);
    const all = [await registrar.register("focus.rpc", { address: "127.0.4.5:1" })];
    const { page } = await openPage(t, browser, stage.url);
    await rowOf(page, "127.0.4.5:1").focus();
    for (let at = 1; at < 5; at++) all.push(await registrar.register("focus.rpc", { address: `127.0.4.${at}:1` }));
    await rowOf(page, "127.0.4.4:1").waitFor();
    await until(
      async () => (await page.locator("tr:focus").textContent())!.includes("127.0.4.5:1"),
      "the focus on the same instance",
    );
    await page.keyboard.press("p");
    await page.getByRole("dialog", { name: "Pause 127.0.4.5:1?" }).waitFor();
    await Promise.all(all.map((registration) => registration.deregister()));
  });

  test("while etcd does not answer the page shows what it said last and says so, and goes on when it is back", {
    skip: etcdSkipReason(),
  }, async (t) => {
    const etcd = await startEtcd();
    t.after(() => etcd.stop());
    const served = await serveConsole({ etcd: settingsOf(etcd.endpoint), prefix: "", port: 0, health: false });
    t.after(() => served.close());
    const registration = await registrarOf(etcd.endpoint).register("order.rpc", { address: "127.0.0.1:1" });
    const { page } = await openPage(t, browser, served.url);
    await rowOf(page, "127.0.0.1:1").waitFor();
    await etcd.kill();
    await page.getByRole("alert").getByText("etcd does not answer").waitFor();
    await page.getByText("Not up to date").waitFor();
    assert.equal(await rowOf(page, "127.0.0.1:1").count(), 1);
    await etcd.restart();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByText("Live", { exact: true }).waitFor();
    await registration.deregister();
    await rowOf(page, "127.0.0.1:1").waitFor({ state: "detached" });
  });

  test("when the console has ended the page says that it is not up to date", async (t) => {
    const served = await serveConsole({ etcd: settingsOf(stage.endpoint), prefix: "", port: 0, health: false });
    const { page } = await openPage(t, browser, served.url);
    await page.getByText("Live", { exact: true }).waitFor();
    await served.close();
    await page.getByText("Connecting again").waitFor();
  });
});
