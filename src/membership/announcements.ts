import type { Timing } from "../async/timing.js";
import { log } from "../log.js";
import { PanicAnnouncement } from "./panic-announcement.js";

/** The service whose instances these are, and who lists them, as a person names them. */
export interface Subject {
  readonly service: string;
  readonly registry: string;
}

/** Unconnected instances that are reported together. */
const GATHER_MS = 1_000;
/** So many are named in one line. */
const NAMED = 5;

/** What operators are told of a service's connections: each change once, and many of a kind in one line. */
export class Announcements {
  readonly #subject: () => Subject;
  readonly #timing: Timing;
  readonly #panic: PanicAnnouncement;
  readonly #unconnected = new Map<string, string>();
  #stopGathering: (() => void) | undefined;
  #healthNotTold = false;
  #limited = 0;

  constructor(subject: () => Subject, timing: Timing) {
    this.#subject = subject;
    this.#timing = timing;
    this.#panic = new PanicAnnouncement(() => subject().service, timing);
  }

  close(): void {
    this.#stopGathering?.();
    this.#panic.close();
  }

  retained(ids: readonly string[]): void {
    const { service, registry } = this.#subject();
    log.warn(
      { service, instances: ids },
      `${registry} suddenly lists no instance of ${JSON.stringify(service)}, but ${ids.length} are connected ` +
        "and healthy: they stay in use until they close or others register; check the registry",
    );
  }

  takenOver(): void {
    const { service } = this.#subject();
    log.info({ service }, "instances are listed again: those not listed are dropped");
  }

  foundDead(instance: string, silenceMs: number): void {
    const { service } = this.#subject();
    log.warn({ service, instance }, `no answer to a probe for ${silenceMs} ms: connecting anew`);
  }

  healthNotTold(instance: string, reason: string): void {
    if (this.#healthNotTold) return;
    this.#healthNotTold = true;
    const { service } = this.#subject();
    const message = `instances do not tell their health (${reason}): they are called all the same`;
    // Servers without a health service are common, and nothing is wrong with them.
    if (/UNIMPLEMENTED/.test(reason)) log.debug({ service, instance }, message);
    else log.warn({ service, instance }, `${message}; where that is meant, set healthCheck to false`);
  }

  /**
   * @param instances how many are called whatever they say of themselves; 0 when enough serve again.
   * @param serving how many of them say that they serve.
   */
  panic(instances: number, serving: number): void {
    this.#panic.update(instances, serving);
  }

  /** Some of the instances listed are not connected to, though nobody chose that. */
  limited(listed: number, most: number): void {
    const before = this.#limited;
    this.#limited = listed > most ? listed : 0;
    if (this.#limited === 0 || before > 0) return;
    const { service } = this.#subject();
    log.warn(
      { service, listed, connected: most },
      `more than ${most} instances of ${JSON.stringify(service)} are listed: this client connects to ${most} of them, ` +
        "others to others; set Subset to choose how many",
    );
  }

  unconnected(instance: string, reason: string | undefined): void {
    this.#unconnected.set(instance, reason ?? "nothing has answered yet");
    this.#stopGathering ??= this.#timing.after(GATHER_MS, () => {
      this.#stopGathering = undefined;
      this.#reportUnconnected();
    });
  }

  #reportUnconnected(): void {
    const named = [...this.#unconnected].slice(0, NAMED).map(([instance, reason]) => withReason(instance, reason));
    const count = this.#unconnected.size;
    this.#unconnected.clear();
    const { service, registry } = this.#subject();
    const others = count > named.length ? `; and ${count - named.length} more` : "";
    log.warn(
      { service, instances: count },
      `${count === 1 ? "an instance" : "some instances"} of ${JSON.stringify(service)} that ${registry} lists cannot be ` +
        `connected to: ${named.join("; ")}${others}. Check the advertised address, and firewalls on the way`,
    );
  }
}

/** Reasons of connections often name the instance themselves. */
function withReason(instance: string, reason: string): string {
  return reason.includes(instance) ? reason : `${instance}: ${reason}`;
}
