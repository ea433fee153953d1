import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../../thrown.js";
import type { ClusterAccess, Credentials } from "../access/access.js";
import { readRetryAfter } from "../retry-after.js";
import { ApiError, refusal, type Status } from "./api-error.js";
import { type Answer, connect, type PingTiming, type Transport } from "./transport.js";

/** Longest body that is read of a refusal, in bytes. */
const REFUSAL_BYTES = 64 * 1024;

/** GET requests to one cluster's API server, over connections that everybody who watches the cluster shares. */
export class KubeApi {
  readonly access: ClusterAccess;
  readonly #timing: PingTiming;
  #connections: { readonly transport: Transport; readonly credentials: Credentials }[] = [];
  #connecting: Promise<unknown> = Promise.resolve();
  #users = 0;

  constructor(access: ClusterAccess, timing: PingTiming) {
    this.access = access;
    this.#timing = timing;
  }

  /** Keeps connections open until the returned function is called, once; the last one closes them. */
  use(): () => void {
    this.#users += 1;
    return () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      for (const { transport } of this.#connections.splice(0)) transport.close();
      this.access.rest();
    };
  }

  /**
   * The body of a successful answer. Credentials that are not accepted are read anew, once. Aborting the signal, with
   * an Error that says why, ends the request, also while its body is read.
   * @throws ApiError
   */
  async get(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    let [credentials, answer] = await this.#ask(path, signal);
    if (answer.status === 401) {
      await readStatus(answer);
      this.access.forget(credentials);
      [credentials, answer] = await this.#ask(path, signal);
    }
    if (answer.status === 200) return answer.body;
    const retryAfterMs = readRetryAfter(answer.headers["retry-after"]);
    throw refusal(`${credentials.server.origin} answers`, answer.status, await readStatus(answer), retryAfterMs);
  }

  async #ask(path: string, signal: AbortSignal): Promise<[Credentials, Answer]> {
    const credentials = await this.#credentials(signal);
    const { server, headers } = credentials;
    try {
      let transport = this.#find(credentials);
      while (!transport) {
        await orAbort(this.#connect(credentials, signal), signal);
        transport = this.#find(credentials);
      }
      const base = server.pathname.replace(/\/$/, "");
      const all = { accept: "application/json", "user-agent": "rollcall", ...headers };
      return [credentials, await transport.get(base + path, all, signal)];
    } catch (error) {
      const cause = signal.aborted ? signal.reason : error;
      throw new ApiError("unreachable", `${server.origin} cannot be reached: ${messageOf(cause)}`, { cause });
    }
  }

  async #credentials(signal: AbortSignal): Promise<Credentials> {
    try {
      return await orAbort(this.access.credentials(), signal);
    } catch (cause) {
      const message = `no credentials can be had from ${this.access.source}: ${messageOf(cause)}`;
      throw new ApiError("anonymous", message, { cause });
    }
  }

  /** Resolves when there is a connection to use. One at a time is made, so that watches that start together share it. */
  #connect(credentials: Credentials, signal: AbortSignal): Promise<void> {
    const made = this.#connecting.then(() => (this.#find(credentials) ? undefined : this.#open(credentials, signal)));
    this.#connecting = made.catch(() => {});
    return made;
  }

  #find(credentials: Credentials): Transport | undefined {
    this.#connections = this.#connections.filter(({ transport }) => !transport.ended);
    return this.#connections.find((one) => !one.transport.full && sameConnection(one.credentials, credentials))
      ?.transport;
  }

  async #open(credentials: Credentials, signal: AbortSignal): Promise<void> {
    for (const one of this.#connections) if (!sameConnection(one.credentials, credentials)) one.transport.retire();
    const transport = await connect(credentials, this.#timing, signal);
    if (signal.aborted) transport.close();
    else this.#connections.push({ transport, credentials });
  }
}

/** Whether a request with these credentials may go over the other's connection: its headers go with each request. */
function sameConnection(a: Credentials, b: Credentials): boolean {
  return a.server.href === b.server.href && isDeepStrictEqual(a.tls, b.tls);
}

/** Does not wait any longer when the signal aborts, for a program that hangs or for others in the queue. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

async function readStatus({ body }: Answer): Promise<Status | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > REFUSAL_BYTES) return undefined;
    }
    const status: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return typeof status === "object" && status !== null ? status : undefined;
  } catch {
    return undefined; // a proxy's page, or a connection that broke: the status code says enough
  }
}
