import type { TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { etcdSettings } from "../../src/backends/etcd/index.js";
import { serveConsole } from "../../src/console/serve.js";
import { startDevRegistry } from "../../src/dev-registry/index.js";
import { etcdSkipReason, startEtcd } from "../support/real-parts/etcd.js";

/** A registry and a console of it. */
export interface Stage {
  readonly endpoint: string;
  /** The console's, with the token. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The real etcd where there is one, else the dev registry. */
export async function startStage({ health = true } = {}): Promise<Stage> {
  const registry = etcdSkipReason() ? await devRegistry() : await startEtcd();
  const { endpoint } = registry;
  const served = await serveConsole({ etcd: settingsOf(endpoint), prefix: "", port: 0, health });
  return {
    endpoint,
    url: served.url,
    stop: async () => {
      await served.close();
      await registry.stop();
    },
  };
}

export function settingsOf(endpoint: string) {
  return etcdSettings({ scheme: "etcd", hosts: [endpoint], service: "", params: {} });
}

async function devRegistry() {
  const registry = await startDevRegistry();
  return { endpoint: registry.endpoint, stop: () => registry.close() };
}

/** A page, and what a browser has to complain of. */
export interface Watched {
  readonly page: Page;
  readonly complaints: string[];
}

export async function openPage(
  t: TestContext,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  const { origin } = new URL(url);
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  await page.getByRole("heading", { name: "Rollcall" }).waitFor();
  return { page, complaints };
}

/** The row of an instance. */
export function rowOf(page: Page, address: string) {
  return page.getByRole("row").filter({ hasText: address });
}

/** What it shows, cell by cell. */
export function cellsOf(page: Page, address: string): Promise<string[]> {
  return rowOf(page, address).getByRole("cell").allTextContents();
}
