import { isDeepStrictEqual } from "node:util";
import { holding } from "../../../async/hold.js";
import { connectionKey } from "../../../etcd-client/settings.js";
import { PRESENCES } from "../layout/keys.js";
import { type Layout, layoutOf } from "../layout/layout.js";
import { EtcdRegistration } from "../registration/etcd-registration.js";
import type { EtcdSettings } from "../settings.js";
import { type ClientPresence, type ProcessFacts, writePresence } from "./client-presence.js";
import { PresenceLog } from "./presence-log.js";

/** How often it is looked whether the process has come to serve something else, in milliseconds. */
const LOOK_MS = 1_000;

/** One a cluster: a process says in one key whom it calls. */
const announcements = new Map<string, Announcement>();

/**
 * Says in etcd, under this process's lease, that it calls a service, until the returned function is called. The key is kept as
 * a registration is; it does not keep the process alive. Never throws, and nothing waits for it.
 * @param facts what the process says of itself besides; asked for again and again.
 */
export function announceCalls(settings: EtcdSettings, service: string, facts: () => ProcessFacts): () => Promise<void> {
  const key = `${connectionKey(settings)} ${settings.ttlSeconds ?? ""}`;
  const announcement = announcements.get(key) ?? new Announcement(settings, facts, () => announcements.delete(key));
  announcements.set(key, announcement);
  return announcement.add(service);
}

class Announcement {
  readonly #facts: () => ProcessFacts;
  readonly #onEnd: () => void;
  /** Service keys and how many clients there are of each. */
  readonly #calls = new Map<string, number>();
  readonly #registration: EtcdRegistration;
  readonly #looking: NodeJS.Timeout;
  #presence: ClientPresence;

  constructor({ id: _id, ...settings }: EtcdSettings, facts: () => ProcessFacts, onEnd: () => void) {
    this.#facts = facts;
    this.#onEnd = onEnd;
    this.#presence = this.#now();
    const layout = presenceLayout(layoutOf(settings.layout).ttlSeconds, () => writePresence(this.#presence));
    const nobody = { address: "" };
    this.#registration = new EtcdRegistration(settings, PRESENCES, nobody, {
      layout,
      log: new PresenceLog(),
      background: true,
    });
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  add(service: string): () => Promise<void> {
    this.#calls.set(service, (this.#calls.get(service) ?? 0) + 1);
    this.#look();
    let ended: Promise<void> | undefined;
    return () => {
      ended ??= this.#remove(service);
      return ended;
    };
  }

  async #remove(service: string): Promise<void> {
    const left = this.#calls.get(service)! - 1;
    if (left > 0) this.#calls.set(service, left);
    else this.#calls.delete(service);
    if (this.#calls.size > 0) return this.#look();
    this.#onEnd();
    clearInterval(this.#looking);
    await holding(this.#registration.deregister());
  }

  #look(): void {
    const now = this.#now();
    if (isDeepStrictEqual(now, this.#presence)) return;
    this.#presence = now;
    this.#registration.changed();
  }

  #now(): ClientPresence {
    return { ...this.#facts(), calls: [...this.#calls.keys()].sort() };
  }
}

/** `rollcall/presence/<lease id>` = JSON. */
function presenceLayout(ttlSeconds: number, value: () => Buffer): Layout {
  return {
    ttlSeconds,
    path: (path) => path,
    value,
    attributes: () => undefined,
    pauseValue: value,
    nameIn: () => undefined,
  };
}
