import { Backoff } from "../async/backoff.js";
import { log } from "../log.js";
import { EtcdError, isPasswordWrong } from "./errors.js";
import { Status } from "./rpc/status.js";

/**
 * How long a log-in may take, in milliseconds, at first and at most. etcd hashes a password for some 60 ms of a core, those of a
 * whole fleet that starts at once side by side, and goes on hashing for who has given up: to give up early means never to get in.
 */
const FIRST_LIMIT_MS = 60_000;
const LONGEST_LIMIT_MS = 240_000;

/** Longest wait between log-ins, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;

/** Asks a host for a token; undefined where etcd runs without authentication. */
export type Authenticate = (limitMs: number) => Promise<string | undefined>;

/**
 * The token of one user at one cluster. All hosts take it, so it outlives sessions, and another one is asked for only when etcd
 * has refused it. While log-ins fail they are tried ever more seldom, with full jitter, up to once in a minute.
 */
export class Tokens {
  readonly #now: () => number;
  /** etcd is too busy to answer, or was lost meanwhile: everybody tries again, spread as far as may be. */
  readonly #busy = new Backoff({ initialMs: 1_000, maxMs: LONGEST_WAIT_MS, jitter: "full" });
  /** It will be as wrong in a moment. */
  readonly #wrong = new Backoff({ initialMs: 10_000, maxMs: LONGEST_WAIT_MS });
  #token: string | undefined;
  #renewal: Promise<void> | undefined;
  #failure: { readonly error: unknown; readonly until: number } | undefined;
  #failures = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get current(): string | undefined {
    return this.#token;
  }

  /** How long nobody should try to log in, in milliseconds. */
  get waitMs(): number {
    return Math.max(0, (this.#failure?.until ?? 0) - this.#now());
  }

  /**
   * Replaces the token that was refused, unless somebody has done so already. One log-in at a time, whoever asks.
   * @throws what the log-in failed with; the same again, without asking, until it is time to try again.
   */
  renew(refused: string | undefined, authenticate: Authenticate): Promise<void> {
    if (this.#token !== refused) return Promise.resolve();
    if (this.waitMs > 0) return Promise.reject(this.#failure!.error);
    this.#renewal ??= this.#logIn(authenticate).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #logIn(authenticate: Authenticate): Promise<void> {
    this.#token = undefined;
    try {
      this.#token = await authenticate(Math.min(LONGEST_LIMIT_MS, FIRST_LIMIT_MS * 2 ** Math.min(this.#failures, 10)));
      this.#failure = undefined;
      this.#failures = 0;
      this.#busy.reset();
      this.#wrong.reset();
    } catch (error) {
      const backoff = isPasswordWrong(error) ? this.#wrong : this.#busy;
      this.#failures += 1;
      this.#failure = { error, until: this.#now() + backoff.next() };
      throw error;
    }
  }
}

/** Without authentication at etcd its own clients go on without a token, too. */
export function noTokenWithoutAuthentication(host: string, user: string, error: unknown): undefined {
  if (!(error instanceof EtcdError) || error.code !== Status.FAILED_PRECONDITION) throw error;
  log.debug({ host, user }, "etcd runs without authentication: user and password are not used");
  return undefined;
}
