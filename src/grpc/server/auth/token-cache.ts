/** Tokens are asked for again after 5 minutes, more or less a twentieth so that they do not all end at once: go-zero's. */
const KEPT_MS = 5 * 60_000;
const JITTER = 0.05;

export interface TokenCacheOptions {
  /** The token of an app; undefined when there is no such app. */
  readonly fetch: (app: string) => Promise<string | undefined>;
  /** Milliseconds; default performance.now. */
  readonly now?: () => number;
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number;
}

/**
 * What was found out of apps' tokens. An app that is asked for many times at once is looked up once; failures and apps that
 * there are not are not kept, so that they end when their cause does, and the cache is no larger than the list of apps.
 */
export class TokenCache {
  readonly #fetch: (app: string) => Promise<string | undefined>;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #kept = new Map<string, { readonly token: string; readonly until: number }>();
  readonly #asked = new Map<string, Promise<string | undefined>>();

  constructor({ fetch, now = () => performance.now(), random = Math.random }: TokenCacheOptions) {
    this.#fetch = fetch;
    this.#now = now;
    this.#random = random;
  }

  /** @throws what fetch threw. */
  async tokenOf(app: string): Promise<string | undefined> {
    const kept = this.#kept.get(app);
    if (kept && kept.until > this.#now()) return kept.token;
    let asked = this.#asked.get(app);
    if (!asked) {
      asked = this.#ask(app).finally(() => this.#asked.delete(app));
      this.#asked.set(app, asked);
    }
    return asked;
  }

  async #ask(app: string): Promise<string | undefined> {
    this.#kept.delete(app);
    const token = await this.#fetch(app);
    if (token !== undefined) {
      const until = this.#now() + KEPT_MS * (1 + JITTER * (2 * this.#random() - 1));
      this.#kept.set(app, { token, until });
    }
    return token;
  }
}
