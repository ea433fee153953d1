import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Browser } from "playwright-core";
import { EtcdRegistrar, listRegistrations } from "../../src/backends/etcd/index.js";
import type { Registration } from "../../src/registry.js";
import { browserSkipReason, startBrowser } from "../support/real-parts/browser.js";
import { until } from "../support/until.js";
import { type Member, startMember } from "./fleet.js";
import { cellsOf, openPage, rowOf, type Stage, startStage } from "./stage.js";

const skip = browserSkipReason();

suite("the console's page", { skip }, () => {
  let browser: Browser;
  let stage: Stage;
  const registered: Registration[] = [];
  const members: Member[] = [];

  /** Of an address of this machine at which nothing listens. */
  async function register(service: string, address: string, metadata: Record<string, string> = {}) {
    const registrar = new EtcdRegistrar({ hosts: [stage.endpoint] });
    const registration = await registrar.register(service, { address, zone: "eu-1a", weight: 2, metadata });
    registered.push(registration);
    return registration;
  }

  const runtime = mkdtempSync(join(tmpdir(), "rollcall-console-"));
  before(async () => {
    // Where this console looks for processes that can be inspected.
    process.env.XDG_RUNTIME_DIR = runtime;
    [browser, stage] = await Promise.all([startBrowser(), startStage()]);
    await register("order.rpc", "127.0.1.1:8080", { version: "1.4.0" });
    await register("order.rpc", "127.0.1.2:8080", { version: "1.5.0" });
  });
  after(async () => {
    await Promise.all(members.map((member) => member.stop()));
    await Promise.all(registered.map((registration) => registration.deregister()));
    await browser?.close();
    await stage?.stop();
    rmSync(runtime, { recursive: true, force: true });
  });

  test("instances join and leave while one looks, with zone, weight and version, and the timeline says so", async (t) => {
    const { page, complaints } = await openPage(t, browser, stage.url);
    await rowOf(page, "127.0.1.1:8080").waitFor();
    assert.deepEqual(await page.getByRole("row").filter({ hasText: "127.0.1." }).count(), 2);

    const third = await register("order.rpc", "127.0.1.3:8080", { version: "1.5.0" });
    await rowOf(page, "127.0.1.3:8080").waitFor();
    const cells = await cellsOf(page, "127.0.1.3:8080");
    assert.deepEqual(cells.slice(1, 6), ["order.rpc", "127.0.1.3:8080", "1.5.0", "eu-1a", "2"]);
    const timeline = page.getByRole("region", { name: "Timeline" });
    await timeline.getByText("order.rpc: 127.0.1.3:8080 joined, version 1.5.0, zone eu-1a, weight 2").waitFor();
    await page.getByRole("status").getByText("127.0.1.3:8080 joined").waitFor({ state: "attached" });
    await page.getByRole("img", { name: "Versions: 1.5.0 on 2, 1.4.0 on 1" }).waitFor();

    await third.deregister();
    await rowOf(page, "127.0.1.3:8080").waitFor({ state: "detached" });
    await timeline.getByText("order.rpc: 127.0.1.3:8080 left, stopped").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("pausing asks first, reaches etcd, and is taken back by resuming", async (t) => {
    const { page } = await openPage(t, browser, stage.url);
    const paused = async () => {
      const { registrations } = await listRegistrations({ hosts: [stage.endpoint] }, { prefix: "order.rpc/" });
      return registrations.flatMap(({ paused, instance }) => (paused ? [instance!.address] : []));
    };
    await page.getByRole("button", { name: "Pause 127.0.1.2:8080" }).click();
    const dialog = page.getByRole("dialog", { name: "Pause 127.0.1.2:8080?" });
    await dialog.getByText("1 of 2 instances stay listed").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(await paused(), []);

    await page.getByRole("button", { name: "Pause 127.0.1.2:8080" }).click();
    await dialog.getByRole("button", { name: "Pause" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(await paused(), ["127.0.1.2:8080"]);
    await rowOf(page, "127.0.1.2:8080").getByText("paused").waitFor();

    await page.getByRole("button", { name: "Pause 127.0.1.1:8080" }).click();
    await page.getByText("It is the last one listed").waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Resume 127.0.1.2:8080" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Pause 127.0.1.2:8080" }).waitFor();
    assert.deepEqual(await paused(), []);
  });

  test("what cannot be done is said where it was asked for", async (t) => {
    const { page } = await openPage(t, browser, stage.url);
    const gone = await register("order.rpc", "127.0.1.9:8080");
    await page.getByRole("button", { name: "Pause 127.0.1.9:8080" }).click();
    await gone.deregister();
    await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
    await page.getByRole("alert").getByText("Not done: no instance 127.0.1.9:8080").waitFor();
  });

  test("the map grows and shrinks with the processes that call, and rows say what they answer", async (t) => {
    const { page, complaints } = await openPage(t, browser, stage.url);
    const { endpoint: etcd } = stage;
    const map = page.getByRole("region", { name: "Who calls whom" });
    await map.getByText("No client says whom it calls").waitFor();

    const user = await startMember("user", { etcd, serves: "user.rpc", version: "2.0.0", failEvery: 4 });
    const inspected = { ROLLCALL_INSPECT: "1" };
    const cart = await startMember("cart", { etcd, serves: "cart.rpc", calls: ["user.rpc"] });
    const shop = await startMember("shop", { etcd, calls: ["cart.rpc", "user.rpc"] }, inspected);
    members.push(user, cart, shop);
    const called = () => map.locator("li").allInnerTexts();
    const isDrawn = (...lines: RegExp[]) =>
      until(async () => {
        const drawn = await called();
        return drawn.length === lines.length && lines.every((line, at) => line.test(drawn[at]!));
      }, `${lines}`);
    await map.getByText("As a list").click();
    await isDrawn(/shop calls cart/, /shop calls user/, /cart\.rpc calls user/);
    assert.equal(await map.locator("g.node").count(), 3);
    assert.equal(await map.locator("g.line").count(), 3);

    await until(async () => {
      const [state, , , version, , , , calls, failures, latency, share] = await cellsOf(page, user.address);
      return (
        state === "serving" &&
        version === "2.0.0" &&
        Number(calls) > 0 &&
        /^2\d/.test(failures!) &&
        latency !== "" &&
        share === "100 %"
      );
    }, "health, calls, failures, latency and share");
    await isDrawn(/shop calls cart\.rpc: 1 process, [\d.]+ calls\/s/, /calls\/s, 2\d/, /calls\/s, 2\d/);

    shop.close("user.rpc");
    await isDrawn(/shop calls cart/, /cart\.rpc calls user/);
    shop.open("order.rpc");
    await isDrawn(/shop calls cart/, /shop calls order/, /cart\.rpc calls user/);
    await Promise.all([shop.stop(), cart.stop()]);
    await map.getByText("No client says whom it calls").waitFor();
    await page.getByRole("region", { name: "Timeline" }).getByText("shop calls cart.rpc no more").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("everything can be done by the keyboard", async (t) => {
    const { page } = await openPage(t, browser, stage.url);
    await rowOf(page, "127.0.1.1:8080").waitFor();
    const focused = () => page.evaluate<string>("document.activeElement?.textContent ?? ''");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to instances");
    await page.keyboard.press("/");
    await page.keyboard.type("order 1.5");
    await until(async () => (await page.getByRole("row").count()) === 2, "the filter");
    for (let left = 4; left > 0; left--) await page.keyboard.press("Backspace");
    await until(async () => (await page.getByRole("row").count()) === 3, "the filter without a version");
    await page.keyboard.press("Tab");
    assert.match(await focused(), /127\.0\.1\.1:8080/);
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(), /127\.0\.1\.2:8080/);
    await page.keyboard.press("Home");
    assert.match(await focused(), /127\.0\.1\.1:8080/);
    await page.keyboard.press("End");
    await page.keyboard.press("p");
    await page.getByRole("dialog", { name: "Pause 127.0.1.2:8080?" }).waitFor();
    assert.equal(await focused(), "Cancel", "what does no harm has the focus");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.match(await focused(), /127\.0\.1\.2:8080/, "the focus is back where it was");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Pause 127.0.1.2:8080?" }).waitFor();
    // The focus is on the button again. Its key comes sooner than a page hears that what was asked first is over.
    await Promise.all(["Escape", "Enter"].map((key) => page.keyboard.press(key)));
    await page.getByRole("dialog", { name: "Pause 127.0.1.2:8080?" }).waitFor();
  });

  test("it is dark where the system is, and still where less motion is wanted", async (t) => {
    const { page } = await openPage(t, browser, stage.url, { colorScheme: "dark", reducedMotion: "reduce" });
    const style = (property: string) =>
      page.evaluate<string>(`getComputedStyle(document.body).getPropertyValue("${property}")`);
    const brightness = async () =>
      Number(/\d+/.exec(await style("background-color"))![0]) - Number(/\d+/.exec(await style("color"))![0]);
    assert.ok((await brightness()) < 0, "light on dark");
    await register("order.rpc", "127.0.1.8:8080");
    await rowOf(page, "127.0.1.8:8080").waitFor();
    const animation = "getComputedStyle(document.querySelector('tr.new')).animationName";
    assert.equal(await page.evaluate<string>(animation), "none");
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
    assert.ok((await brightness()) > 0, "dark on light");
  });
});
