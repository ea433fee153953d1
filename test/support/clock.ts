import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VARIABLE = "FAKETIME_TIMESTAMP_FILE";

/** Why tests that move a process's clock cannot run here, or false. With CI=true a missing libfaketime is an error. */
export function clockSkipReason(): string | false {
  if (library()) return false;
  const reason = "no libfaketime: run scripts/ensure-faketime.sh (Debian: libfaketime) or set ROLLCALL_FAKETIME";
  if (process.env.CI === "true") throw new Error(reason);
  return reason;
}

/**
 * The system clock of processes that are started with this environment. It jumps as a real one does that somebody sets:
 * the time of day alone, not the monotonic clock of timers.
 */
export class JumpingClock implements Disposable {
  readonly env: NodeJS.ProcessEnv;
  readonly #folder = mkdtempSync(join(tmpdir(), "rollcall-clock-"));

  constructor() {
    const file = join(this.#folder, "offset");
    this.env = { LD_PRELOAD: library(), DONT_FAKE_MONOTONIC: "1", FAKETIME_NO_CACHE: "1", [VARIABLE]: file };
    setClock(0, file);
  }

  /** From now on it differs from the true one by so many hours. */
  jump(hours: number): void {
    setClock(hours, this.env[VARIABLE]!);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Sets the clock of this process, which a JumpingClock's environment was given to. */
export function setOwnClock(hours: number): void {
  setClock(hours, process.env[VARIABLE]!);
}

/** The file is read at any moment, so it is replaced in one step. */
function setClock(hours: number, file: string): void {
  writeFileSync(`${file}.new`, `${hours < 0 ? "" : "+"}${hours}h`);
  renameSync(`${file}.new`, file);
}

function library(): string | undefined {
  const own = process.env.ROLLCALL_FAKETIME;
  const debian = readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`);
  return [...(own ? [own] : []), ...debian].find((file) => existsSync(file));
}
