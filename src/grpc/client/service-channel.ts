import * as grpc from "@grpc/grpc-js";
import { Hedging } from "../../balancer/hedging/hedging.js";
import { type ClientConfig, targetOfClient } from "../../config/schema/client-target.js";
import { CLIENT_DEFAULTS, HEDGE_DEFAULTS } from "../../defaults.js";
import type { SnapshotOptions } from "../../discovery/snapshots.js";
import { CallLog } from "../../observe/calls/call-log.js";
import { observeCall, type Wanted } from "../../observe/calls/client-call.js";
import type { Decision } from "../../observe/decisions/decision.js";
import { type ChannelLabels, channelLabels } from "../../observe/metrics/labels.js";
import type { CalledService } from "../../observe/state.js";
import { announceClient } from "../../presence.js";
import { remembered } from "../../remembered.js";
import { refuse } from "../../target/given.js";
import { currentCall } from "../call-context.js";
import { carry, headersOf } from "../carried-call.js";
import { carryHashKey } from "../hash-key.js";
import { SNAPSHOT_OPTION, TARGET_OPTION } from "../resolver/target-option.js";
import { HASH_POLICY, isRollcallPolicy, serviceConfigFor } from "../service-config.js";
import { SOURCE_OPTION, SourceHolder } from "../source-holder.js";
import { callTimeouts, clientServiceConfig, type HedgedMethod, hedgedMethods, hedgesItself } from "./call-settings.js";
import type { ChannelSettings, ObservedChannel } from "./channel.js";
import { HedgedCall } from "./hedged-call.js";
import { type Call, type CallSetting, ServiceCall } from "./service-call.js";

const { SHUTDOWN } = grpc.connectivityState;

/** grpc-js can write no longer time limit (100 million hours, in milliseconds); a deadline further off is none. */
const FARTHEST_MS = 3.6e14 - 1_000;

/** A channel that knows its service: gives each call its deadline, its metadata and its span, and hedges it where that is wanted. */
export class ServiceChannel extends grpc.Channel implements ObservedChannel {
  readonly #holder: SourceHolder;
  readonly #config: ClientConfig;
  readonly #labels: ChannelLabels;
  /** Whether a method streams, by its path; of the methods that are known. */
  readonly #streams: ReadonlyMap<string, boolean>;
  /** For known unary methods, whose slow and failed calls are logged, unless that is switched off; and for all others. */
  readonly #unary: CallSetting;
  readonly #other: CallSetting;
  readonly #wanted: Wanted;
  readonly #methodTimeout: (path: string) => number | undefined;
  readonly #hedged: (path: string) => HedgedMethod | undefined;
  readonly #hedging: Hedging<string>;
  readonly #endPresence: (() => void) | undefined;
  /** Whether there is a policy that takes the key of a call, which must not reach the wire. */
  readonly #hashes: boolean;

  constructor(config: ClientConfig, { credentials, channelOptions, services = [] }: ChannelSettings) {
    const { url, target } = targetOfClient(config);
    const methods = services.flatMap((service) => Object.values(service));
    const streaming = methods.filter(({ responseStream }) => responseStream).map(({ path }) => path);
    const holder = new SourceHolder(new Set(streaming));
    const serviceConfig = givenServiceConfig(channelOptions) ?? JSON.stringify(clientServiceConfig(config));
    if (hedgesItself(config)) checkPolicyOfHedge(serviceConfig);
    super(url, credentials ?? grpc.credentials.createInsecure(), {
      // Instances are in the client's own network, also where dns:/// names them: channelOptions may say otherwise.
      "grpc.enable_http_proxy": 0,
      ...(config.KeepaliveTime ? { "grpc.keepalive_time_ms": config.KeepaliveTime } : {}),
      ...channelOptions,
      "grpc.service_config": serviceConfig,
      [TARGET_OPTION]: target,
      [SOURCE_OPTION]: holder,
      ...(config.Snapshot && { [SNAPSHOT_OPTION]: snapshotOptions(config.Snapshot) }),
    });
    this.#holder = holder;
    this.#config = config;
    this.#labels = channelLabels(target);
    this.#streams = new Map(methods.map((method) => [method.path, method.requestStream || method.responseStream]));
    const { Middlewares, SlowThreshold = CLIENT_DEFAULTS.SlowThreshold } = config;
    const log = Middlewares?.Duration === false ? undefined : new CallLog(target.service, SlowThreshold);
    const begin = this.#begin.bind(this);
    this.#unary = { begin, log };
    this.#other = { begin, log: undefined };
    this.#wanted = { traces: Middlewares?.Trace !== false, metrics: Middlewares?.Prometheus !== false };
    this.#methodTimeout = callTimeouts(config);
    this.#hedged = remembered(hedgedMethods(config));
    this.#hashes = serviceConfig.includes(`"${HASH_POLICY}"`);
    this.#hedging = new Hedging({ budget: config.Hedge?.Budget ?? HEDGE_DEFAULTS.Budget });
    this.#endPresence = config.Presence ? announceClient(target) : undefined;
  }

  override close(): void {
    this.#endPresence?.();
    super.close();
  }

  decisions(): Decision[] {
    return this.#holder.source?.decisions() ?? [];
  }

  stats(): CalledService | undefined {
    return this.#holder.source?.state();
  }

  override createCall(
    path: string,
    deadline: grpc.Deadline,
    host: string | null | undefined,
    parentCall: Parameters<grpc.Channel["createCall"]>[3],
    flags: number | null | undefined,
  ): Call {
    const until = this.#deadlineOf(path, deadline);
    const open = () => super.createCall(path, until, host, parentCall, flags);
    const hedged = this.#streams.get(path) ? undefined : this.#hedged(path);
    const call = hedged ? this.#hedge(path, hedged, open) : open();
    return new ServiceCall(call, path, this.#streams.get(path) === false ? this.#unary : this.#other);
  }

  #hedge(path: string, method: HedgedMethod, open: () => Call): HedgedCall {
    // A channel that was closed lets its calls end, and throws where one more is made.
    const another = () => (this.getConnectivityState(false) === SHUTDOWN ? undefined : open());
    return new HedgedCall(path, { hedging: this.#hedging, ...method }, open(), another);
  }

  /** The call's own deadline, else its timeout from now; never later than the deadline of the call that is being served. */
  #deadlineOf(path: string, given: grpc.Deadline): number {
    const own = given instanceof Date ? given.getTime() : given;
    // grpc-js rejects where nobody can catch it, which ends the process.
    if (Number.isNaN(own))
      throw new TypeError(`the deadline of a call to ${path} is no time: it is NaN, or an invalid Date`);
    const timeout = own === Number.POSITIVE_INFINITY ? this.#timeoutOf(path) : 0;
    const asked = own < Date.now() + FARTHEST_MS ? own : Number.POSITIVE_INFINITY;
    const deadline = timeout > 0 ? Date.now() + timeout : asked;
    return Math.min(deadline, currentCall()?.deadline ?? Number.POSITIVE_INFINITY);
  }

  /** Of a call that brings no deadline: what Methods says of it, else Timeout unless it is a stream. 0 = none. */
  #timeoutOf(path: string): number {
    if (this.#config.Middlewares?.Timeout === false) return 0;
    return (
      this.#methodTimeout(path) ?? (this.#streams.get(path) ? 0 : (this.#config.Timeout ?? CLIENT_DEFAULTS.Timeout))
    );
  }

  /** Writes what goes with every call into a copy of its metadata, and begins to observe it where anybody looks. */
  #begin(path: string, given: grpc.Metadata): grpc.Metadata {
    const { App, Token } = this.#config;
    const observed = observeCall(path, this.#labels, this.#wanted);
    if (!observed && !this.#hashes && !(App && Token)) return given;
    const metadata = given.clone();
    if (App && Token) {
      metadata.set("app", App);
      metadata.set("token", Token);
    }
    if (this.#hashes) carryHashKey(metadata);
    if (!observed) return metadata;
    observed.inject(headersOf(metadata));
    return carry(metadata, observed);
  }
}

/** @throws TypeError where it is no JSON of an object: of that grpc-js says neither its name nor what it is. */
function givenServiceConfig(options: grpc.ChannelOptions | undefined): string | undefined {
  const given: unknown = options?.["grpc.service_config"];
  if (given === undefined || given === null) return undefined;
  if (typeof given === "string" && isJsonObject(given)) return given;
  return refuse('channelOptions["grpc.service_config"]', given, 'a service config as JSON text, {"methodConfig": []}');
}

/** @throws TypeError under a policy of grpc-js' own: it does not tell where a call has been, and a copy might go there as well. */
function checkPolicyOfHedge(serviceConfig: string): void {
  const { policy } = serviceConfigFor({ "grpc.service_config": serviceConfig });
  if (isRollcallPolicy(policy)) return;
  throw new TypeError(
    `Hedge without a Delay needs p2c_ewma or consistent_hash, and the policy is ${policy}: choose one of them, or give Hedge a Delay`,
  );
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function snapshotOptions({ Dir, MaxAge }: NonNullable<ClientConfig["Snapshot"]>): SnapshotOptions {
  return { dir: Dir, maxAgeMs: MaxAge };
}
