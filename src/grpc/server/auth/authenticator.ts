import { createHash, timingSafeEqual } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { log } from "../../../log.js";
import { TokenCache } from "./token-cache.js";

/** Who calls, by go-zero's metadata `app` and `token`. */
export interface Credential {
  readonly app: string;
  readonly token: string;
}

/** With what a call is refused. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
}

/** What go-zero's servers say. */
export const MISSING: Refusal = { code: status.UNAUTHENTICATED, details: "app/token required" };
export const DENIED: Refusal = { code: status.UNAUTHENTICATED, details: "access denied" };

/** Decides whether a caller may call. */
export interface Authenticator {
  /** Makes ready. @throws Error when nothing could ever be checked. */
  open(): Promise<void>;
  /** Undefined when the call may go on. Never rejects. */
  check(credential: Credential, path: string): Promise<Refusal | undefined>;
  close(): Promise<void>;
}

/** Where the tokens of apps are. */
export interface TokenStore {
  open(): Promise<void>;
  /** Undefined when there is no such app. @throws Error when it cannot be found out. */
  tokenOf(app: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/**
 * Compares with the token that a store has for the app. What the store cannot say, of an app it does not know or while it
 * cannot be reached, is a refusal where `strict`, and else lets the call in, as go-zero's StrictControl has it.
 */
export class StoredTokens implements Authenticator {
  readonly #store: TokenStore;
  readonly #cache: TokenCache;
  readonly #strict: boolean;
  #broken = false;

  constructor(store: TokenStore, strict: boolean) {
    this.#store = store;
    this.#cache = new TokenCache({
      fetch: async (app) => {
        const token = await store.tokenOf(app);
        this.#canTell();
        return token;
      },
    });
    this.#strict = strict;
  }

  open(): Promise<void> {
    return this.#store.open();
  }

  async check({ app, token }: Credential): Promise<Refusal | undefined> {
    let expected: string | undefined;
    try {
      expected = await this.#cache.tokenOf(app);
    } catch (error) {
      this.#cannotTell(error as Error);
      return this.#strict ? { code: status.INTERNAL, details: "credentials cannot be checked now" } : undefined;
    }
    if (expected === undefined) return this.#strict ? { code: status.INTERNAL, details: "app unknown" } : undefined;
    return sameText(expected, token) ? undefined : DENIED;
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #cannotTell(error: Error): void {
    if (this.#broken) return;
    this.#broken = true;
    const consequence = this.#strict
      ? "calls of apps that are not cached are refused"
      : "calls of apps that are not cached are let in; StrictControl: true would refuse them";
    log.error({ err: error }, `the credentials of callers cannot be checked: ${consequence}`);
  }

  #canTell(): void {
    if (this.#broken) log.info({}, "the credentials of callers are checked again");
    this.#broken = false;
  }
}

/** Says whether a caller may call; what it throws refuses the call with INTERNAL. */
export type Authenticate = (credential: Credential, path: string) => boolean | Promise<boolean>;

/** Asks a function of the application's own. It is asked for each call, so that it decides what to remember. */
export class AskedFunction implements Authenticator {
  readonly #authenticate: Authenticate;
  #saidAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(authenticate: Authenticate) {
    this.#authenticate = authenticate;
  }

  async open(): Promise<void> {}

  async check(credential: Credential, path: string): Promise<Refusal | undefined> {
    try {
      return (await this.#authenticate(credential, path)) === true ? undefined : DENIED;
    } catch (error) {
      this.#say(error, path);
      return { code: status.INTERNAL, details: "credentials cannot be checked now" };
    }
  }

  async close(): Promise<void> {}

  /** It may fail for each call of a busy server. */
  #say(error: unknown, path: string): void {
    const now = performance.now();
    if (now - this.#saidAt < SAID_EVERY_MS) {
      this.#unsaid += 1;
      return;
    }
    const before = this.#unsaid > 0 ? { before: this.#unsaid } : {};
    log.error(
      { method: path, err: error, ...before },
      "authenticate() failed: such calls are refused (said once a minute)",
    );
    this.#saidAt = now;
    this.#unsaid = 0;
  }
}

const SAID_EVERY_MS = 60_000;

/** Takes the same time whatever differs, so that a token cannot be found out piece by piece. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
