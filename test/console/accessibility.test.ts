import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, suite, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { EtcdRegistrar } from "../../src/backends/etcd/index.js";
import { createChannel } from "../../src/index.js";
import type { Registration } from "../../src/registry.js";
import { browserSkipReason, startBrowser } from "../support/real-parts/browser.js";
import { openPage, rowOf, type Stage, startStage } from "./stage.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds wrong, one line a rule. */
async function problemsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const run = `axe.run({ runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations)`;
  const violations = await page.evaluate<{ id: string; nodes: { html: string; failureSummary: string }[] }[]>(run);
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 200)} ${nodes[0]!.failureSummary}`);
}

suite("the console for everybody", { skip: browserSkipReason() }, () => {
  let browser: Browser;
  let stage: Stage;
  const registered: Registration[] = [];
  before(async () => {
    [browser, stage] = await Promise.all([startBrowser(), startStage({ health: false })]);
    const registrar = new EtcdRegistrar({ hosts: [stage.endpoint] });
    for (const [at, version] of ["1.0", "1.1", "1.1"].entries()) {
      const instance = { address: `127.0.2.${at + 1}:8080`, metadata: { version } };
      registered.push(await registrar.register("order.rpc", instance));
    }
  });
  after(async () => {
    await browser?.close();
    await Promise.all(registered.map((one) => one.deregister()));
    await stage?.stop();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`${colorScheme}: axe finds nothing wrong, with a map, with events, and with the question open`, async (t) => {
      const { page } = await openPage(t, browser, stage.url, { colorScheme, reducedMotion: "reduce" });
      await rowOf(page, "127.0.2.1:8080").waitFor();
      assert.deepEqual(await problemsOf(page), []);
      const channel = createChannel({ Etcd: { Hosts: [stage.endpoint], Key: "order.rpc" }, Presence: true });
      await page.getByText("As a list").click();
      await page
        .getByText(/calls order\.rpc/)
        .first()
        .waitFor();
      assert.deepEqual(await problemsOf(page), []);
      await page.getByRole("button", { name: "Pause 127.0.2.1:8080" }).click();
      await page.getByRole("dialog").waitFor();
      assert.deepEqual(await problemsOf(page), []);
      channel.close();
      await page.keyboard.press("Escape");
      await page.getByText("No client says whom it calls").waitFor();
    });
  }
});
