/**
 * Takes the console's screenshots: `npm run docs:console`, or with a folder as argument. A small fleet runs for it while it is deployed
 * anew: order.rpc is on its way from 1.8 to 1.9, one instance fails, one is paused.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { pauseInstance } from "../../src/backends/etcd/index.js";
import { serveConsole } from "../../src/console/serve.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { setLogLevel } from "../../src/log.js";
import { startBrowser } from "../support/real-parts/browser.js";
import { type Member, startMember } from "./fleet.js";
import { settingsOf } from "./stage.js";

setLogLevel("silent");
const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("../../docs/images", import.meta.url)));
const runtime = mkdtempSync(join(tmpdir(), "rollcall-screenshots-"));
process.env.XDG_RUNTIME_DIR = runtime;
const registry = await startDevRegistry();
const etcd = registry.endpoint;
const members: Member[] = [];

async function start(name: string, settings: Omit<Parameters<typeof startMember>[1], "etcd">): Promise<Member> {
  const member = await startMember(name, { etcd, ...settings }, { ROLLCALL_INSPECT: "1" });
  members.push(member);
  return member;
}

const order = { serves: "order.rpc", zone: "eu-1a", answerMs: 6 };
const old = await start("order", { ...order, version: "1.8.2" });
await start("order", { ...order, version: "1.8.2", zone: "eu-1b" });
await start("user", { serves: "user.rpc", version: "3.1.0", zone: "eu-1a" });
const paused = await start("user", { serves: "user.rpc", version: "3.1.0", zone: "eu-1b" });
await start("cart", {
  serves: "cart.rpc",
  calls: ["order.rpc", "user.rpc"],
  version: "2.4.1",
  zone: "eu-1a",
  answerMs: 9,
});
await start("gateway", { calls: ["cart.rpc", "user.rpc"], zone: "eu-1a", pauseMs: 8 });
await start("mailer", { calls: ["user.rpc"], pauseMs: 60 });

const served = await serveConsole({ etcd: settingsOf(etcd), prefix: "", port: 0 });
const browser = await startBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
page.setDefaultTimeout(120_000);
await page.goto(served.url);
await page.locator("g.line").nth(4).waitFor();
await start("order", { ...order, version: "1.9.0", weight: 2 });
await start("order", { ...order, version: "1.9.0", zone: "eu-1b", failEvery: 12 });
await old.stop();
await pauseInstance(settingsOf(etcd), "user.rpc", paused.address, AbortSignal.timeout(30_000));
await page.locator(".state.paused").waitFor();
await page.locator("tr", { hasText: "1.9.0" }).locator("td.bad").waitFor();

mkdirSync(folder, { recursive: true });
for (const colorScheme of ["light", "dark"] as const) {
  await page.emulateMedia({ colorScheme });
  await page.screenshot({ path: join(folder, `console-${colorScheme}.png`) });
}

await browser.close();
await served.close();
await Promise.all(members.map((member) => member.stop()));
await registry.close();
rmSync(runtime, { recursive: true, force: true });
