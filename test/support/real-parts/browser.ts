import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** One that does nothing but what a test asks for. */
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ...["--force-color-profile=srgb", "--font-render-hinting=none"],
];

function executable(): string | undefined {
  const named = process.env.ROLLCALL_CHROMIUM;
  if (named?.includes("/")) return existsSync(named) ? named : undefined;
  const { stdout } = spawnSync("sh", ["-c", 'command -v "$1"', "sh", named ?? "chromium"], { encoding: "utf8" });
  return stdout.trim() || undefined;
}

/** Why tests that need a browser cannot run here, or false. With CI=true a missing one is an error. */
export function browserSkipReason(): string | false {
  if (executable()) return false;
  const reason = "no Chromium: install it (Debian: chromium) or set ROLLCALL_CHROMIUM";
  if (process.env.CI === "true") throw new Error(reason);
  return reason;
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executable()!, headless: true, args: FLAGS });
}
