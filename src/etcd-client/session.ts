import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  connectivityState,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { parseAddress } from "../address.js";
import { MaintenanceService } from "../proto/etcd.js";
import { authenticate } from "./auth.js";
import { describeFailure, EtcdError, isCalledToCalm, isTokenStale } from "./errors.js";
import type { EtcdSettings } from "./settings.js";
import { credentialsOf, serverNameOf } from "./tls.js";

/** Limit of a call to etcd unless it says otherwise. etcd itself gives up on a write without quorum after about 7 s. */
const CALL_TIMEOUT_MS = 8_000;
const CONNECT_TIMEOUT_MS = 3_000;

/** Renewals of the token for one call: a short-lived token may run out again before a slow etcd looks at it. */
const MAX_RENEWALS = 3;

export type Unary<Req, Res> = MethodDefinition<Req, Res> & { requestStream: false; responseStream: false };
export type Bidi<Req, Res> = MethodDefinition<Req, Res> & { requestStream: true; responseStream: true };

export interface CallOptions {
  /** Limit in milliseconds. Default 8,000. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** One connection to one host of the cluster, until it is lost. */
export interface Link {
  readonly host: string;
  /** Resolves with the reason once the link is lost or dropped. Never rejects. */
  readonly ended: Promise<Error>;
  /** @throws EtcdError; the signal's reason when aborted. An expired token is renewed and the call repeated. */
  call<Req, Res>(method: Unary<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;
  /** Sends one message on a stream of its own and resolves with the first answer. */
  exchange<Req, Res>(method: Bidi<Req, Res>, request: Req, options?: CallOptions): Promise<Res>;
  /** A stream under the token of now, without a limit. */
  stream<Req, Res>(method: Bidi<Req, Res>): ClientDuplexStream<Req, Res>;
  /** Authenticates again, where there is a user. */
  renewToken(): Promise<void>;
  /** Ends the link and everything that runs over it. */
  drop(reason: Error): void;
}

/** Where links come from. */
export interface Links {
  /** The link in use; rejects with the reason when trying every host once brought none. */
  link(): Promise<Link>;
}

/**
 * Connects to one host and authenticates there.
 * @throws Error that names the host: it does not answer, has no leader, refuses the user or the certificate.
 */
export async function dial(host: string, settings: EtcdSettings, pace: PingPace, signal: AbortSignal): Promise<Link> {
  const { host: name, port } = parseAddress(host);
  const credentials = await credentialsOf(settings, name);
  const options: ChannelOptions = {
    ...CHANNEL_OPTIONS,
    "grpc.keepalive_time_ms": pace.intervalMs,
    "grpc.default_authority": host,
    "grpc.ssl_target_name_override": serverNameOf(name),
  };
  let failure: unknown;
  for (const address of await addressesOf(host, name)) {
    signal.throwIfAborted();
    const target = isIP(address) === 6 ? `ipv6:[${address}]:${port}` : `ipv4:${address}:${port}`;
    const client = new Client(target, credentials, options);
    const link = new GrpcLink(host, client, settings, pace);
    try {
      await link.open(signal);
      return link;
    } catch (error) {
      link.drop(error as Error);
      failure = error;
    }
  }
  throw failure;
}

const CHANNEL_OPTIONS: ChannelOptions = {
  // A connection of our own that ends with its client.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  "grpc.service_config_disable_resolution": 1,
  // As etcd's own clients: connect directly, whatever proxy the environment names.
  "grpc.enable_http_proxy": 0,
  "grpc.max_receive_message_length": -1,
  "grpc.keepalive_timeout_ms": 4_000,
};

/**
 * How often connections are pinged, in milliseconds: with the timeout above, a dead one is noticed within 11 s. etcd allows
 * a ping every 5 s (--grpc-keepalive-min-time, may be set higher) and closes connections that ping oftener.
 */
export class PingPace {
  #intervalMs: number;

  constructor(intervalMs = 7_000) {
    this.#intervalMs = intervalMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** As gRPC asks of clients that were told ENHANCE_YOUR_CALM (gRFC A8). */
  slowDown(): void {
    this.#intervalMs *= 2;
  }
}

async function addressesOf(host: string, name: string): Promise<string[]> {
  if (isIP(name)) return [name];
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new EtcdError(host, status.UNAVAILABLE, `its name is not found (${(error as NodeJS.ErrnoException).code})`);
  }
}

class GrpcLink implements Link {
  readonly host: string;
  readonly ended: Promise<Error>;
  readonly #client: Client;
  readonly #settings: EtcdSettings;
  readonly #pace: PingPace;
  readonly #calls = new Set<{ cancel(): void }>();
  #end!: (reason: Error) => void;
  #lost: Error | undefined;
  #token: string | undefined;
  #renewal: Promise<void> | undefined;

  constructor(host: string, client: Client, settings: EtcdSettings, pace: PingPace) {
    this.host = host;
    this.#client = client;
    this.#settings = settings;
    this.#pace = pace;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Makes the connection. Status is answered by the host itself and asks for no permission, but from 3.6 on for a user. */
  async open(signal: AbortSignal): Promise<void> {
    const limits = { timeoutMs: CONNECT_TIMEOUT_MS, signal };
    await this.renewToken(signal);
    const { leader, isLearner } = await this.#once(MaintenanceService.status, {}, limits);
    if (leader === 0n) throw new EtcdError(this.host, status.UNAVAILABLE, "it knows no leader (no quorum?)");
    if (isLearner) throw new EtcdError(this.host, status.UNAVAILABLE, "it is a learner, which answers no reads");
    const channel = this.#client.getChannel();
    channel.watchConnectivityState(connectivityState.READY, Number.POSITIVE_INFINITY, () => {
      // The calls that ran over it say why, a moment later.
      setTimeout(() => this.drop(new EtcdError(this.host, status.UNAVAILABLE, "the connection was closed")), 10);
    });
    if (channel.getConnectivityState(false) !== connectivityState.READY) {
      throw new EtcdError(this.host, status.UNAVAILABLE, "the connection was closed");
    }
  }

  async call<Req, Res>(method: Unary<Req, Res>, request: Req, options: CallOptions = {}): Promise<Res> {
    return this.#withFreshToken(() => this.#once(method, request, options));
  }

  exchange<Req, Res>(method: Bidi<Req, Res>, request: Req, options: CallOptions = {}): Promise<Res> {
    return this.#withFreshToken(
      () =>
        new Promise((resolve, reject) => {
          const stream = this.stream(method, options.timeoutMs ?? CALL_TIMEOUT_MS);
          stream.once("status", this.#cancelWith(stream, options.signal));
          stream.once("data", (answer: Res) => {
            resolve(answer);
            stream.end();
          });
          stream.once("error", (error: ServiceError) => reject(this.#failure(error, options.signal)));
          stream.once("end", () => reject(new EtcdError(this.host, status.UNAVAILABLE, "it ended the stream")));
          stream.write(request);
        }),
    );
  }

  stream<Req, Res>(method: Bidi<Req, Res>, timeoutMs?: number): ClientDuplexStream<Req, Res> {
    const stream = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      metadataWith(this.#token),
      timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
    );
    this.#calls.add(stream);
    stream.once("status", () => this.#calls.delete(stream)); // the last of a stream, however it ends
    stream.on("error", (error: ServiceError) => {
      if (isCalledToCalm(error)) this.#pace.slowDown();
    });
    if (this.#lost) stream.cancel();
    return stream;
  }

  /** One renewal at a time, whoever asks. */
  renewToken(signal?: AbortSignal): Promise<void> {
    this.#renewal ??= authenticate(this.host, this.#settings, (method, request) =>
      // An expired token would make etcd refuse this call as well.
      this.#once(method, request, { timeoutMs: CONNECT_TIMEOUT_MS, signal }, metadataWith(undefined)),
    )
      .then((token) => {
        this.#token = token;
      })
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  drop(reason: Error): void {
    if (this.#lost) return;
    this.#lost = reason;
    // close() leaves running calls alone, and those would keep the connection.
    for (const call of this.#calls) call.cancel();
    this.#client.close();
    this.#end(reason);
  }

  async #withFreshToken<T>(attempt: () => Promise<T>): Promise<T> {
    for (let renewals = 0; ; renewals++) {
      try {
        return await attempt();
      } catch (error) {
        if (!isTokenStale(error) || this.#settings.user === undefined || renewals === MAX_RENEWALS) throw error;
        await this.renewToken();
      }
    }
  }

  #once<Req, Res>(
    method: Unary<Req, Res>,
    request: Req,
    { timeoutMs = CALL_TIMEOUT_MS, signal }: CallOptions,
    metadata = metadataWith(this.#token),
  ): Promise<Res> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#lost) return reject(this.#lost);
      const call = this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          this.#calls.delete(call);
          release();
          if (error) reject(this.#failure(error, signal));
          else resolve(response!);
        },
      );
      this.#calls.add(call);
      const release = this.#cancelWith(call, signal);
    });
  }

  /** @returns a function that lets go of the signal. */
  #cancelWith(call: { cancel(): void }, signal?: AbortSignal): () => void {
    const cancel = () => call.cancel();
    const release = () => signal?.removeEventListener("abort", cancel);
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel, { once: true });
    return release;
  }

  /** A call that got no answer in time casts doubt on the whole connection: another host may do better. */
  #failure(error: ServiceError, signal: AbortSignal | undefined): Error {
    if (signal?.aborted) return signal.reason;
    if (this.#lost) return this.#lost;
    const failure = describeFailure(error, this.host, this.#settings.user);
    if (error.code === status.DEADLINE_EXCEEDED) this.drop(failure);
    return failure;
  }
}

function metadataWith(token: string | undefined): Metadata {
  const metadata = new Metadata();
  metadata.set("hasleader", "true"); // a host without a leader says so at once, also in the midst of a stream
  if (token !== undefined) metadata.set("token", token);
  return metadata;
}
