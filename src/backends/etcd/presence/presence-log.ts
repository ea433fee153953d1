import { log } from "../../../log.js";
import type { Keeping } from "../registration/keeping.js";
import { type RegistrationState, whyIncomplete, whyNotListed } from "../registration/state.js";

/** Says once per reason that a presence is not there, or not as it is now. Nothing depends on it, so it is said as a warning and no more. */
export class PresenceLog implements NonNullable<Keeping["log"]> {
  #said: string | undefined;

  changed(_before: RegistrationState, now: RegistrationState, key: string | undefined): void {
    const why = (whyNotListed(now) ?? whyIncomplete(now))?.message;
    if (why === undefined || why === this.#said) {
      if (now.name !== "listed") return;
      if (this.#said !== undefined) log.info({ key }, "this process says again in etcd whom it calls");
      else log.debug({ key }, "this process says in etcd whom it calls");
      this.#said = undefined;
      return;
    }
    this.#said = why;
    log.warn({ key }, `etcd does not show whom this process calls now (Presence): ${why}; calls go on, retrying`);
  }

  cannotPause(): void {}
  tookOut(): void {}
  notTakenOut(): void {}
  limited(): void {}
}
