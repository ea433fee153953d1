import { log } from "../../log.js";
import { isSwitchedOn } from "../environment.js";
import { onFirstSource } from "../sources.js";

let running: Promise<() => Promise<void>> | undefined;

/**
 * Lets `rollcall why`, `top` and `console` of the same user look at this process: serves its state and decisions on a unix
 * socket in the user's runtime folder, `$XDG_RUNTIME_DIR/rollcall/<pid>.sock`. `ROLLCALL_INSPECT=1` does the same without
 * code. Later calls return the first promise, unless it failed.
 * @returns what ends it.
 * @throws Error when the socket cannot be made.
 */
export function inspect(): Promise<() => Promise<void>> {
  running ??= import("./inspect-server.js")
    .then(({ serveInspection }) => serveInspection())
    .then((end) => async () => {
      running = undefined;
      await end();
    });
  // One that failed may succeed later: the folder has been put right.
  running.catch(() => {
    running = undefined;
  });
  return running;
}

/** Obeys `$ROLLCALL_INSPECT`, once there is something to inspect. */
export function inspectIfAsked(): void {
  onFirstSource(() => {
    if (!isSwitchedOn("ROLLCALL_INSPECT")) return;
    inspect().catch((error: Error) => log.warn({ err: error }, "$ROLLCALL_INSPECT cannot be obeyed"));
  });
}
