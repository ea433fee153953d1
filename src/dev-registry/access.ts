import { randomBytes } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";
import { authenticationFailed, authenticationNotEnabled, invalidAuthToken, userNameEmpty } from "./errors.js";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Passwords and tokens, as etcd checks them once authentication is enabled. There is one user, who may do anything. */
export class Access {
  #required: Credentials | undefined;
  readonly #tokens = new Set<string>();

  /** undefined: anybody may call. */
  require(credentials: Credentials | undefined): void {
    this.#required = credentials;
    this.#tokens.clear();
  }

  /** Returns a token. */
  login(user: string, password: string): string {
    if (!this.#required) throw authenticationNotEnabled();
    if (user !== this.#required.user || password !== this.#required.password) throw authenticationFailed();
    const token = randomBytes(12).toString("hex");
    this.#tokens.add(token);
    return token;
  }

  /** Tokens given so far are no longer valid. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** @throws EtcdError when the call carries a token that is not valid or, if it needs one, none. */
  check(metadata: Metadata, needsUser: boolean): void {
    if (!this.#required) return;
    const token = metadata.get("token")[0];
    if (token === undefined) {
      if (needsUser) throw userNameEmpty();
    } else if (!this.#tokens.has(String(token))) {
      throw invalidAuthToken();
    }
  }
}
