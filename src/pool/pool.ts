import { formatAddress, parseAddress } from "../address.js";
import { systemTiming } from "../async/timing.js";
import { registerBuiltInBackends } from "../backends/index.js";
import type { ResolvedInstance } from "../discovery/resolved-instance.js";
import { TargetDiscovery } from "../discovery/target-discovery.js";
import { ChannelSource } from "../membership/channel-source.js";
import type { ChannelState } from "../membership/channel-state.js";
import { choose } from "../membership/choice.js";
import { DialLimit } from "../membership/connection/dial-limit.js";
import { connectionIdentity } from "../membership/identity.js";
import { Membership } from "../membership/membership.js";
import { distanceFrom } from "../membership/zone.js";
import { observeProcess } from "../observe/begin.js";
import type { Decision } from "../observe/decisions/decision.js";
import { announceClient } from "../presence.js";
import type { Target } from "../registry.js";
import { refuse, targetOf } from "../target/given.js";
import { asked } from "./asked.js";
import { NoInstanceError, PoolClosedError, waitedInVain } from "./errors.js";
import { checkExchangeOptions, type ExchangeOptions } from "./exchange-options.js";
import type { PoolLease } from "./lease.js";
import { observed } from "./observed.js";
import { checkOptions, type FailureOutcome, type PoolOptions, type PoolSettings } from "./options.js";
import { isFailureOutcome, isTimeout, notStarted, outcomeOfError } from "./outcome.js";
import { PoolPicker } from "./picker.js";
import type { PoolSession } from "./session.js";
import { type PoolStats, statsOf } from "./stats.js";
import { PoolTransport, type Shared } from "./transport.js";
import { Waiters } from "./waiters.js";

registerBuiltInBackends();
observeProcess();

const NO_OPTIONS: ExchangeOptions = {};

const unlimited = () => Number.POSITIVE_INFINITY;

type ExchangeOn<T, R> = (connection: T, lease: PoolLease<T>) => R | PromiseLike<R>;

/** Discovery, membership and balancer, with connections that the user makes. */
export class ServicePool<T> {
  /** As it was given, or read from the URL. */
  readonly target: Target;
  readonly #options: PoolSettings<T>;
  readonly #outcome: (error: unknown) => FailureOutcome;
  readonly #discovery: TargetDiscovery;
  readonly #membership: Membership<ResolvedInstance, PoolSession<T>>;
  readonly #picker: PoolPicker<T>;
  readonly #shared: Shared<T>;
  readonly #waiters = new Waiters();
  readonly #source: ChannelSource;
  readonly #endPresence: (() => void) | undefined;
  #state: ChannelState["is"] = "connecting";
  #failed = false;
  #closed: Promise<void> | undefined;

  /** @param capacity how many exchanges a connection takes at a time; where it has as many, others are preferred. */
  constructor(target: string | Target, options: PoolOptions<T>, capacity: (connection: T) => number = unlimited) {
    this.target = targetOf(target);
    this.#options = checkOptions(options, this.target);
    const { outcome = outcomeOfError } = this.#options;
    this.#outcome = asked("outcome", outcome, isFailureOutcome, outcomeOfError);
    this.#shared = { options: this.#options, limit: new DialLimit(systemTiming), sessions: new Set() };
    this.#discovery = new TargetDiscovery(this.target, {
      onSet: (set) => this.#list(set),
      onFailure: () => this.#undiscovered(),
    });
    this.#membership = new Membership(
      () => ({ transport: new PoolTransport(this.#shared), settings: CONNECTION }),
      systemTiming,
      () => ({ service: this.#discovery.status.target.service, registry: this.#discovery.status.registry }),
      { state: (state) => this.#report(state), lost: () => this.#discovery.start() },
      () => ({ awaited: this.#discovery.status.isAwaited }),
    );
    const { connections } = this.#membership;
    const nodes = () => this.#picker.nodes();
    this.#source = new ChannelSource(observed(this.#discovery, this.#membership, this.#options, nodes));
    this.#picker = new PoolPicker(connections, this.#source, this.#options.probe !== undefined, capacity);
    this.#discovery.start();
    this.#endPresence = this.#options.presence ? announceClient(this.target) : undefined;
  }

  /**
   * An instance for an exchange, if one can be used at once.
   * @param tried identities of instances to be avoided while there are others.
   */
  take(options = NO_OPTIONS, tried?: ReadonlySet<string>): PoolLease<T> | undefined {
    return this.#picker.take(options, tried);
  }

  async acquire(options = NO_OPTIONS, tried?: ReadonlySet<string>): Promise<PoolLease<T>> {
    return this.#atOnce(options, tried) ?? this.#inTime(options, tried);
  }

  run<R>(exchange: ExchangeOn<T, R>, options = NO_OPTIONS): Promise<R> {
    try {
      if (typeof exchange !== "function") refuse("the exchange", exchange, "a function that is given the connection");
      if (options !== NO_OPTIONS) checkExchangeOptions(options);
      const lease = this.#atOnce(options);
      return lease ? this.#make(exchange, lease, options) : this.#runInTime(exchange, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #runInTime<R>(exchange: ExchangeOn<T, R>, options: ExchangeOptions, tried?: ReadonlySet<string>): Promise<R> {
    const lease = this.#atOnce(options, tried) ?? (await this.#inTime(options, tried));
    return this.#make(exchange, lease, options, tried);
  }

  /** No async function, as run() is none: one costs an exchange about as much as its pick does. */
  #make<R>(
    exchange: ExchangeOn<T, R>,
    lease: PoolLease<T>,
    options: ExchangeOptions,
    tried?: ReadonlySet<string>,
  ): Promise<R> {
    const failed = (error: unknown) => {
      if (!this.settle(lease, error, options.signal) || tried) throw error;
      return this.#runInTime(exchange, options, new Set([lease.id]));
    };
    const succeeded = (result: R) => {
      lease.finish("success");
      return result;
    };
    return begun(exchange, lease).then(succeeded, failed);
  }

  #atOnce(options: ExchangeOptions, tried?: ReadonlySet<string>): PoolLease<T> | undefined {
    const { signal } = options;
    this.#refuseClosed();
    if (signal?.aborted) throw waitedInVain(signal.reason, this.explain());
    return this.take(options, tried);
  }

  async #inTime(options: ExchangeOptions, tried: ReadonlySet<string> | undefined): Promise<PoolLease<T>> {
    const until = performance.now() + this.#options.waitMs;
    for (;;) {
      const leftMs = until - performance.now();
      if (this.#failed) this.#discovery.start();
      if (this.#failed || this.#state === "failing" || leftMs <= 0) throw this.#noInstance();
      await this.#waiters.wait(leftMs, options.signal);
      const lease = this.#atOnce(options, tried);
      if (lease) return lease;
    }
  }

  /** Ends the lease of an exchange that failed. @returns whether the exchange may be made again, elsewhere. */
  settle(lease: PoolLease<T>, error: unknown, signal: AbortSignal | undefined): boolean {
    if (signal?.aborted) {
      // Running out of time is the instance's doing, unless it has answered; giving up is the caller's.
      const timedOut = isTimeout(signal.reason);
      lease.finish(timedOut && !lease.hasAnswered ? "failure" : "ignore", { timedOut });
      return false;
    }
    const said = this.#outcome(error);
    const outcome = said === "not started" && !this.#proves(error, lease) ? "failure" : said;
    lease.finish(outcome === "not started" ? "failure" : outcome, { timedOut: isTimeout(error) });
    return outcome === "not started" && this.#closed === undefined;
  }

  /** Whether an error that looks like one of connecting is of this exchange's own connection; who gave outcome() has said so. */
  #proves(error: unknown, { hasAnswered, instance }: PoolLease<T>): boolean {
    if (this.#options.outcome) return true;
    return !hasAnswered && notStarted(error, parseAddress(instance.address));
  }

  /** Why no instance can be used, in words; undefined when one can. */
  explain(): string | undefined {
    return this.#discovery.status.explain();
  }

  stats(): PoolStats {
    return statsOf(this.#discovery.status, this.#membership, this.#picker.nodes(), this.#waiters.size);
  }

  decisions(): Decision[] {
    return this.#source.decisions();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#endPresence?.();
    this.#discovery.stop();
    const ends = [...this.#shared.sessions].map(({ closed }) => closed);
    this.#membership.close();
    this.#discovery.status.ready = 0;
    this.#source.close();
    this.#picker.set([], () => 1);
    // Not at once: the promise of the end is known by then, and refuses whoever waits.
    queueMicrotask(() => this.#waiters.wakeAll());
    await Promise.all(ends);
  }

  #list(set: readonly ResolvedInstance[]): void {
    this.#failed = false;
    const listed = new Map(set.map((one) => [identityOf(one), one]));
    this.#membership.set(listed, choose([...listed.keys()], this.#options.subset));
  }

  /**
   * Nobody waits for what is to be retried (a role that is to be granted, a library that is missing): until the next set comes every
   * exchange fails at once.
   */
  #undiscovered(): void {
    if (this.#closed) return;
    this.#failed = this.#membership.connections.size === 0;
    this.#waiters.wakeAll();
  }

  #report(state: ChannelState): void {
    const usable = state.is === "ready" ? state.usable : [];
    const { connections, lastError } = this.#membership;
    const instances = [...connections.values()].map(({ listed }) => listed.instance);
    this.#picker.set(usable, distanceFrom(this.#options.zone, instances));
    this.#state = state.is;
    this.#discovery.status.ready = usable.length;
    this.#discovery.status.connectionError = lastError;
    this.#source.update(state);
    if (state.is !== "connecting") this.#waiters.wakeAll();
  }

  #refuseClosed(): void {
    if (this.#closed) throw new PoolClosedError(`the pool of ${JSON.stringify(this.target.service)} is closed`);
  }

  #noInstance(): NoInstanceError {
    const { trouble } = this.#discovery.status;
    const why = this.explain() ?? `all instances of ${JSON.stringify(this.target.service)} are being probed`;
    return new NoInstanceError(why, trouble && { cause: trouble });
  }
}

/** What the exchange promises, which may be its answer, or an error thrown at once. */
function begun<T, R>(exchange: ExchangeOn<T, R>, lease: PoolLease<T>): Promise<R> {
  try {
    return Promise.resolve(exchange(lease.connection, lease));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** No keepalive without exchanges: `connect` knows what its protocol wants. Calls on a dead connection get 5 s, as gRPC's. */
const CONNECTION = { timing: systemTiming, keepaliveMs: undefined, callGraceMs: 5_000 };

function identityOf({ instance, addresses }: ResolvedInstance): string {
  return connectionIdentity(instance.address, addresses.map(formatAddress).join(", "));
}
