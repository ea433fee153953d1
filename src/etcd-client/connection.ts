import { Backoff, sleep } from "../async/backoff.js";
import { log } from "../log.js";
import { dial, type Link, PingPace } from "./session.js";
import type { EtcdSettings } from "./settings.js";

/** A link that lived this long was a good one: the next attempt need not wait. */
const GOOD_LINK_MS = 10_000;

export type Dial = (host: string, settings: EtcdSettings, pace: PingPace, signal: AbortSignal) => Promise<Link>;

/**
 * Keeps one link to the cluster up, from one host to the next. One log line when it comes up, one when it is lost, one when
 * no host answers.
 */
export class Connection {
  readonly #settings: EtcdSettings;
  readonly #hosts: readonly string[];
  readonly #dial: Dial;
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff({ initialMs: 100, maxMs: 3_000 });
  readonly #pace = new PingPace();
  #round = new Round();
  #link: Link | undefined;
  #nextHost = 0;

  constructor(settings: EtcdSettings, dialHost: Dial = dial) {
    this.#settings = settings;
    this.#hosts = shuffled(settings.hosts);
    this.#dial = dialHost;
    void this.#run();
  }

  /**
   * The link; while there is none, the outcome of trying every host once.
   * @throws Error that names each host and why it could not be used.
   */
  link(): Promise<Link> {
    return this.#round.outcome;
  }

  close(): void {
    const reason = new Error("the connection to etcd was closed");
    this.#closing.abort(reason);
    this.#link?.drop(reason);
    this.#round.failed(reason);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let reachable: boolean | undefined;
    while (!signal.aborted) {
      const found = await this.#tryHosts();
      if (signal.aborted) {
        if (!(found instanceof Error)) found.drop(signal.reason);
        return;
      }
      if (found instanceof Error) {
        if (reachable === false) log.debug({ attempt: this.#backoff.attempts }, found.message);
        else log.warn({ hosts: this.#hosts }, `${found.message}; trying on`);
        reachable = false;
        this.#round.failed(found);
        this.#round = new Round();
      } else {
        log.info({ host: found.host }, `connected to etcd at ${found.host}`);
        reachable = true;
        await this.#use(found);
      }
      await sleep(this.#backoff.next(), signal);
    }
  }

  /** Resolves when the link is lost. */
  async #use(link: Link): Promise<void> {
    const since = performance.now();
    this.#link = link;
    this.#round.found(link);
    const reason = await link.ended;
    this.#link = undefined;
    if (this.#closing.signal.aborted) return;
    this.#round = new Round();
    log.warn({ host: link.host }, `lost the connection: ${reason.message}`);
    if (performance.now() - since > GOOD_LINK_MS) this.#backoff.reset();
  }

  /** The first host that can be used, beginning after the one tried last; or why none can. */
  async #tryHosts(): Promise<Link | Error> {
    const failures = [];
    for (let tries = 0; tries < this.#hosts.length && !this.#closing.signal.aborted; tries++) {
      const host = this.#hosts[this.#nextHost % this.#hosts.length]!;
      this.#nextHost += 1;
      try {
        return await this.#dial(host, this.#settings, this.#pace, this.#closing.signal);
      } catch (error) {
        failures.push(error as Error);
      }
    }
    if (failures.length === 1) return failures[0]!;
    return new AggregateError(
      failures,
      `no etcd host can be used: ${failures.map(({ message }) => message).join("; ")}`,
    );
  }
}

/** One search for a usable host: a promise that its owner settles, and that may be left alone. */
class Round {
  readonly outcome: Promise<Link>;
  found!: (link: Link) => void;
  failed!: (reason: Error) => void;

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
      this.found = resolve;
      this.failed = reject;
    });
    this.outcome.catch(() => {});
  }
}

/** Each process begins with another host, so that a cluster's members carry alike. */
function shuffled(hosts: readonly string[]): string[] {
  return hosts
    .map((host) => ({ host, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ host }) => host);
}
