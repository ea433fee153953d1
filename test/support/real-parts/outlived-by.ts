import { type ChildProcess, spawn } from "node:child_process";

/**
 * A shell that outlives this process, however it ends: its standard input closes then, and it kills the given process and
 * removes its folder. Without it a killed test run would leave both behind. Killed itself, it does nothing.
 */
export function outlivedBy(pid: number, home: string): ChildProcess {
  const watchdog = spawn("sh", ["-c", 'cat >/dev/null; kill -9 "$0"; rm -rf "$1"', String(pid), home], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // so that Ctrl-C at the terminal does not end it first
  });
  watchdog.on("error", () => {});
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  return watchdog;
}
