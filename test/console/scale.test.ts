import assert from "node:assert/strict";
import { after, before, suite, type TestContext, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import type { Registration } from "../../src/registry.js";
import { browserSkipReason, startBrowser } from "../support/real-parts/browser.js";
import { openPage, rowOf, type Stage, startStage } from "./stage.js";

const skip = browserSkipReason();
/** What a page of a thousand may cost more than one of fewer: it draws the same rows, and compares more. */
const MOST_TIMES = 5;

suite("the console with many instances", { skip }, () => {
  let browser: Browser;
  let few: Stage;
  let some: Stage;
  let many: Stage;
  const registered: Registration[] = [];
  before(async () => {
    // Nobody listens at these addresses of this machine.
    [browser, few, some, many] = await Promise.all([
      startBrowser(),
      startStage({ health: false }),
      startStage({ health: false }),
      startStage({ health: false }),
    ]);
    await Promise.all([fill(few, 10), fill(some, 100), fill(many, 1_000)]);
  });
  after(async () => {
    await browser?.close();
    await Promise.all(registered.map((one) => one.deregister()));
    await Promise.all([few, some, many].map((stage) => stage?.stop()));
  });

  const sizes = new Map<Stage, number>();
  /** Of the next one that comes and goes. */
  let port = 1_000;

  async function fill(stage: Stage, instances: number): Promise<void> {
    sizes.set(stage, instances);
    const registrar = new EtcdRegistrar({ hosts: [stage.endpoint] });
    for (let from = 0; from < instances; from += 100) {
      const some = Array.from({ length: Math.min(100, instances - from) }, (_, at) => from + at);
      const joined = await Promise.all(
        some.map((at) =>
          registrar.register(`service-${at % 10}.rpc`, {
            address: `127.1.${Math.floor(at / 250)}.${(at % 250) + 1}:8080`,
            metadata: { version: `1.${at % 3}.0` },
          }),
        ),
      );
      registered.push(...joined);
    }
  }

  /** Seconds of CPU that the page worked while something was done to it. */
  async function workOf(t: TestContext, stage: Stage, doing: (page: Page) => Promise<void>): Promise<number> {
    const { page } = await openPage(t, browser, stage.url);
    await page.locator(".instances .quiet", { hasText: `${sizes.get(stage)} instances` }).waitFor();
    const session = await page.context().newCDPSession(page);
    // Of its own thread: what else the machine does is no work of the page.
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const worked = async () => {
      const { metrics } = await session.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "TaskDuration")!.value;
    };
    const before = await worked();
    await doing(page);
    return (await worked()) - before;
  }

  /** Instances come and go, ten times. */
  async function churn(t: TestContext, stage: Stage): Promise<number> {
    const registrar = new EtcdRegistrar({ hosts: [stage.endpoint] });
    return workOf(t, stage, async (page) => {
      const events = page.getByRole("region", { name: "Timeline" }).getByRole("listitem");
      for (let step = 0; step < 10; step++) {
        const address = `127.0.0.1:${port++}`;
        const registration = await registrar.register("service-0.rpc", { address });
        await events.filter({ hasText: `${address} joined` }).waitFor();
        await registration.deregister();
        await events.filter({ hasText: `${address} left` }).waitFor();
      }
    });
  }

  /** From end to end, in thirty steps. */
  async function scroll(t: TestContext, stage: Stage): Promise<number> {
    return workOf(t, stage, async (page) => {
      for (let step = 0; step < 30; step++) await scrollTo(page, step / 29);
    });
  }

  async function scrollTo(page: Page, part: number): Promise<void> {
    await page.evaluate(`new Promise((drawn) => {
      const scroller = document.querySelector(".scroller");
      scroller.scrollTop = (scroller.scrollHeight - scroller.clientHeight) * ${part};
      requestAnimationFrame(() => requestAnimationFrame(drawn));
    })`);
  }

  test("a thousand instances are as many elements as can be seen, and all can be reached", async (t) => {
    const { page } = await openPage(t, browser, many.url);
    await page.getByText("1000 instances", { exact: true }).waitFor();
    assert.ok((await page.getByRole("row").count()) < 80);
    const table = page.getByRole("table");
    assert.equal(await table.getAttribute("aria-rowcount"), "1001");

    await page.getByRole("row").nth(1).focus();
    await page.keyboard.press("End");
    const last = page.locator("tr:focus");
    assert.equal(await last.getAttribute("aria-rowindex"), "1001");
    assert.match((await last.textContent())!, /service-9\.rpc/);
    assert.ok((await page.getByRole("row").count()) < 80);

    await page.getByRole("searchbox").fill("127.1.3.77:");
    await page.getByText("1 of 1000 instances").waitFor();
    await rowOf(page, "127.1.3.77:8080").waitFor();
    await page.getByRole("searchbox").fill("");
    await page.getByRole("button", { name: /service-7\.rpc/ }).click();
    await page.getByText("100 of 1000 instances").waitFor();
  });

  for (const [promise, work, small] of [
    ["an instance that comes or goes costs a page of a thousand about what it costs one of ten", churn, () => few],
    ["scrolling costs a page of a thousand about what it costs one of a hundred", scroll, () => some],
  ] as const) {
    test(promise, async (t) => {
      // The least of up to three each: what else the machine does counts as their work, too.
      let [less, more] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let round = 0; round < 3 && !(more < MOST_TIMES * less); round++) {
        less = Math.min(less, await work(t, small()));
        more = Math.min(more, await work(t, many));
      }
      const seconds = `${more.toFixed(2)} s of work for a thousand, ${less.toFixed(2)} s for fewer`;
      t.diagnostic(seconds);
      assert.ok(more < MOST_TIMES * less, seconds);
    });
  }
});
