import { log } from "../../../log.js";
import { grantAttributesCommand } from "../layout/keys.js";
import { isListed, type RegistrationState, whyIncomplete, whyNotListed } from "./state.js";

/** A reason that has been said is said again only after this, in milliseconds: two may take turns at every attempt. */
const SAID_FOR_MS = 10_000;

/** Says in the log what becomes of one registration: every change of state, and of the reason why it is not listed, once. */
export class RegistrationLog {
  readonly #fields: { readonly service: string; readonly instance: string };
  readonly #said = new Map<string, number>();
  #wasListed = false;
  #saidLimit: "attributes" | "pauses" | undefined;

  constructor(service: string, address: string) {
    this.#fields = { service, instance: address };
  }

  changed(before: RegistrationState, now: RegistrationState, key: string | undefined): void {
    const { instance } = this.#fields;
    if (isListed(now)) {
      if (!isListed(before)) log.info(this.#fields, `registered ${instance} in etcd as ${key}`);
      this.#wasListed = true;
      this.#sayWhetherComplete(before, now);
    } else if (now.name === "paused") {
      if (before.name === "paused") return;
      log.info(this.#fields, `an operator paused ${instance}: it is out of etcd until it is resumed`);
    } else {
      const why = whyNotListed(now);
      if (why && this.#isNews(why.message)) this.#sayWhyNot(why.message, before, now);
    }
  }

  cannotPause(why: string): void {
    if (this.#isNews(why)) log.warn(this.#fields, `${this.#fields.instance} cannot be paused yet: ${why}; retrying`);
  }

  tookOut(): void {
    log.info(this.#fields, `took ${this.#fields.instance} out of etcd`);
  }

  notTakenOut(why: string, ttlSeconds: number): void {
    const { instance } = this.#fields;
    log.warn(this.#fields, `${instance} may be listed for ${ttlSeconds} s more, until its lease expires: ${why}`);
  }

  /** The role covers the instances alone. Said once, until it covers them: which right is missing, and what is missing without it. */
  limited(what: "attributes" | "pauses", path: string, user: string | undefined): void {
    // Who may not put the attributes cannot be paused either.
    if (this.#saidLimit === what || this.#saidLimit === "attributes") return;
    this.#saidLimit = what;
    const missing =
      what === "attributes"
        ? "its weight, zone and metadata are not published and it cannot be paused"
        : "it cannot be paused (rollcall pause)";
    const role = user === undefined ? "the role" : `the role of user "${user}"`;
    const message = `${this.#fields.instance} is listed, but ${missing}: ${role} does not cover the keys beside the service's; grant it: ${grantAttributesCommand(path)}`;
    if (what === "attributes") log.warn(this.#fields, message);
    else log.info(this.#fields, message);
  }

  #sayWhyNot(why: string, before: RegistrationState, now: RegistrationState): void {
    const { instance } = this.#fields;
    const state = isListed(before)
      ? "is no longer listed in etcd"
      : this.#wasListed
        ? "is still not listed in etcd"
        : "cannot be registered yet";
    log.warn(this.#fields, `${instance} ${state}: ${why}${now.name === "taken" ? "" : "; retrying"}`);
  }

  #sayWhetherComplete(before: RegistrationState, now: RegistrationState): void {
    const { instance } = this.#fields;
    const parts = "its weight, zone and metadata";
    const why = whyIncomplete(now)?.message;
    if (why === undefined) {
      const isWhole =
        now.name === "listed" && !now.limited && (before.name === "putting" || before.name === "completing");
      if (isWhole && this.#saidLimit === "attributes") this.#saidLimit = undefined;
      if (isWhole && whyIncomplete(before) !== undefined)
        log.info(this.#fields, `${instance} is listed in etcd with ${parts} again`);
      this.#said.clear();
    } else if (this.#isNews(why)) {
      log.warn(this.#fields, `${instance} is listed in etcd, but ${parts} may be missing: ${why}; retrying`);
    }
  }

  #isNews(why: string): boolean {
    const now = performance.now();
    const said = this.#said.get(why);
    if (said !== undefined && now - said < SAID_FOR_MS) return false;
    this.#said.set(why, now);
    return true;
  }
}
