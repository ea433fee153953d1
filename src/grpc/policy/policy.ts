import { type ChannelOptions, Metadata, connectivityState as State, status } from "@grpc/grpc-js";
import { systemTiming } from "../../async/timing.js";
import type { ChannelStatus } from "../../discovery/status.js";
import type { ChannelState } from "../../membership/channel-state.js";
import { choose } from "../../membership/choice.js";
import { upState } from "../../membership/connection-state.js";
import { DialLimit } from "../../membership/dial-limit.js";
import { Membership } from "../../membership/membership.js";
import { distanceFrom } from "../../membership/zone.js";
import { instancesOf } from "../instance-attributes.js";
import { POLICY } from "../service-config.js";
import {
  type Endpoint,
  endpointText,
  type Policy,
  type PolicyHelper,
  registerPolicy,
  type StatusObject,
  UnavailablePicker,
} from "../shield.js";
import { CallPicker } from "./call-picker.js";
import { connectionOptions, quietKeepaliveMs } from "./connection-options.js";
import type { GrpcSession } from "./grpc-session.js";
import { GrpcTransport, type ListedEndpoint } from "./grpc-transport.js";
import { healthCheckService, type PolicyConfig, parsePolicyConfig } from "./policy-config.js";

/** Registers the load-balancing policy `p2c_ewma` with grpc-js. */
export function registerP2cEwma(): void {
  registerPolicy(POLICY, { parse: parsePolicyConfig, create: (helper) => new P2cEwmaPolicy(helper) });
}

/** Keeps a connection to every listed instance and lets the balancer choose among those that are ready. */
class P2cEwmaPolicy implements Policy<PolicyConfig> {
  readonly #helper: PolicyHelper;
  readonly #membership: Membership<ListedEndpoint, GrpcSession>;
  readonly #picker: CallPicker;
  readonly #limit = new DialLimit(systemTiming);
  #status: ChannelStatus | undefined;
  #config: PolicyConfig = parsePolicyConfig({});
  #options: ChannelOptions = {};

  constructor(helper: PolicyHelper) {
    this.#helper = helper;
    const subject = () => ({ service: this.#service, registry: this.#status?.registry ?? "the resolver" });
    const listener = {
      state: (state: ChannelState) => this.#report(state),
      lost: () => this.#helper.requestReresolution(),
    };
    const leastServing = () => 1 - this.#config.maxSetAside;
    this.#membership = new Membership(() => this.#connecting(), systemTiming, subject, listener, leastServing);
    this.#picker = new CallPicker(this.#membership.connections, () => this.#service);
  }

  get #service(): string {
    return this.#status?.target.service ?? "";
  }

  update(endpoints: readonly Endpoint[], config: PolicyConfig, options: ChannelOptions): void {
    const attributes = instancesOf(options);
    this.#status = attributes?.status;
    this.#config = config;
    this.#options = options;
    const listed = new Map<string, ListedEndpoint>();
    const add = (one: ListedEndpoint) => listed.set(identityOf(one), one);
    if (attributes)
      for (const { instance, addresses } of attributes.instances)
        add({ instance, endpoint: { addresses: [...addresses] } });
    else for (const endpoint of endpoints) add({ instance: { address: endpointText(endpoint) }, endpoint });
    this.#membership.set(listed, choose([...listed.keys()], config.subset));
  }

  /** A failed resolution says nothing about the instances, so what is known stays. */
  fail(error: StatusObject): void {
    if (this.#membership.connections.size > 0) return;
    this.#helper.updateState(State.TRANSIENT_FAILURE, new UnavailablePicker(error), error.details);
  }

  /** Connections are kept up by themselves, so a call has nothing to wake. */
  exitIdle(): void {}

  destroy(): void {
    this.#membership.close();
    if (this.#status) this.#status.ready = 0;
  }

  /** How an instance that is listed now is connected to. */
  #connecting() {
    const { healthCheck, healthService, silentCallGraceMs } = this.#config;
    const options = this.#options;
    const named = healthService ?? healthCheckService(options["grpc.service_config"]) ?? "";
    const transport = new GrpcTransport({
      helper: this.#helper,
      channel: connectionOptions(options, this.#status !== undefined),
      healthService: healthCheck ? named : undefined,
      limit: this.#limit,
      timing: systemTiming,
    });
    const keepaliveMs = quietKeepaliveMs(options, healthCheck);
    return { transport, settings: { timing: systemTiming, keepaliveMs, callGraceMs: silentCallGraceMs } };
  }

  #report(state: ChannelState): void {
    const usable = state.is === "ready" ? state.usable : [];
    const { connections, lastError } = this.#membership;
    const instances = [...connections.values()].map(({ listed }) => listed.instance);
    const unwilling = [...connections].filter(([, one]) => upState(one.state)?.is === "not serving");
    const setAside = unwilling.filter(([id]) => !usable.includes(id)).length;
    this.#picker.set(usable, distanceFrom(this.#config.zone, instances), setAside, this.#config);
    if (this.#status) {
      this.#status.ready = usable.length;
      this.#status.connectionError = lastError;
    }
    if (state.is === "ready") this.#helper.updateState(State.READY, this.#picker, null);
    else if (state.is === "connecting") this.#helper.updateState(State.CONNECTING, this.#picker, null);
    else {
      const details = this.#status?.explain() ?? `no connection established; last error: ${lastError}`;
      const unavailable = new UnavailablePicker({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
      this.#helper.updateState(State.TRANSIENT_FAILURE, unavailable, details);
    }
  }
}

/** An instance by its address and by where that points now: a host name that moved is another connection. */
function identityOf({ instance: { address }, endpoint }: ListedEndpoint): string {
  const text = endpointText(endpoint);
  return text === address ? address : `${address} (${text})`;
}
