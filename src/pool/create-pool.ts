import type { Decision } from "../observe/decisions/decision.js";
import type { Target } from "../registry.js";
import { checkExchangeOptions, type ExchangeOptions } from "./exchange-options.js";
import type { Lease } from "./lease.js";
import type { PoolOptions } from "./options.js";
import { ServicePool } from "./pool.js";
import type { PoolStats } from "./stats.js";

/** What an exchange is told beside its connection. */
export type Exchange = Pick<Lease<unknown>, "instance" | "signal" | "answered">;

/** The instances of a service behind connections of the user's own making: each exchange goes to a lightly loaded one. */
export interface Pool<T> {
  /**
   * Makes one exchange on the connection of one instance. Where it fails and provably did not start, it is made once more,
   * elsewhere.
   * @throws what the exchange throws; the signal's reason when it aborts before there is an instance; NoInstanceError, with
   *   the reason in words, when no instance can be reached or none could be used within `waitMs`; PoolClosedError.
   */
  run<R>(exchange: (connection: T, exchange: Exchange) => R | PromiseLike<R>, options?: ExchangeOptions): Promise<R>;
  /**
   * An instance for an exchange whose end the caller tells: a stream. What is acquired has to be ended, once.
   * @throws as run().
   */
  acquire(signal?: AbortSignal, options?: Pick<ExchangeOptions, "kind">): Promise<Lease<T>>;
  /** The instances, how they are connected and what the balancer knows of them. */
  stats(): PoolStats;
  /** Its picks among the last ones of the process (docs/observability.md, "Decisions"): who was compared, and how it ended. */
  decisions(): Decision[];
  /** Takes no further exchanges; resolves when those under way have ended and their connections are closed. Idempotent. */
  close(): Promise<void>;
}

/**
 * A pool of the instances that a target names, connected to at once. It does not keep the process alive: only callers that
 * wait do, and what `connect` opens.
 * @param target a target URL (`etcd:///h1:2379?key=order`, `dns:///order:8080`, `k8s://shop/order:http`,
 *   `direct:///a:1,b:2`), or its parts, which may hold settings that have no place in a URL.
 * @throws TypeError when the URL or an option cannot be obeyed.
 */
export function createPool<T>(target: string | Target, options: PoolOptions<T>): Pool<T> {
  const pool = new ServicePool<T>(target, options);
  return {
    run: (exchange, asked) => pool.run(exchange, asked),
    acquire: async (signal, asked) => {
      const options = { ...asked, signal };
      checkExchangeOptions(options);
      return pool.acquire(options);
    },
    stats: () => pool.stats(),
    decisions: () => pool.decisions(),
    close: () => pool.close(),
  };
}
