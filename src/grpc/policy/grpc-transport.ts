import { type ChannelOptions, connectivityState as State } from "@grpc/grpc-js";
import { detached } from "../../async/detached.js";
import type { Timing } from "../../async/timing.js";
import type { Instance } from "../../instance.js";
import type { DialLimit } from "../../membership/dial-limit.js";
import type { Line, LineEvents, Transport } from "../../membership/transport.js";
import { childHelper, createLeaf, type Endpoint, type Leaf, type PolicyHelper } from "../shield.js";
import { subchannelOf, withoutBackoff } from "../subchannel-internals.js";
import { GrpcSession } from "./grpc-session.js";
import { CONNECT_MS, LimitedSubchannel } from "./limited-subchannel.js";

/** An instance and where grpc-js finds it. */
export interface ListedEndpoint {
  readonly instance: Instance;
  readonly endpoint: Endpoint;
}

export interface GrpcTransportOptions {
  readonly helper: PolicyHelper;
  /** Passed to grpc-js for the connections. */
  readonly channel: ChannelOptions;
  /** Service name of the health Watch, or undefined for none. */
  readonly healthService: string | undefined;
  readonly limit: DialLimit;
  readonly timing: Timing;
}

/** Connects by grpc-js' own pick_first, which tries the addresses of an instance in turn and dials again with a backoff. */
export class GrpcTransport implements Transport<ListedEndpoint, GrpcSession> {
  readonly #options: GrpcTransportOptions;

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
  }

  line({ endpoint }: ListedEndpoint, events: LineEvents<GrpcSession>): Line {
    return new GrpcLine(endpoint, this.#options, events);
  }
}

/** grpc-js shares connections with equal options; one that has been given up must not be had again. */
let generations = 0;

class GrpcLine implements Line {
  readonly #endpoint: Endpoint;
  readonly #options: GrpcTransportOptions;
  readonly #events: LineEvents<GrpcSession>;
  #leaf: Leaf;
  #connected = false;
  #hasFailed = false;
  #closed = false;

  constructor(endpoint: Endpoint, options: GrpcTransportOptions, events: LineEvents<GrpcSession>) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#events = events;
    this.#leaf = this.#newLeaf(events.fresh);
  }

  start(): void {
    detached(() => this.#leaf.startConnecting());
  }

  close(): void {
    this.#closed = true;
    this.#leaf.destroy();
  }

  #newLeaf(fresh: boolean): Leaf {
    const { helper, channel, limit, timing } = this.#options;
    if (fresh) generations += 1;
    const leaf: Leaf = createLeaf(
      fresh ? rotated(this.#endpoint, generations) : this.#endpoint,
      childHelper(helper, {
        createSubchannel: (address, args) =>
          new LimitedSubchannel(withoutBackoff(helper.createSubchannel(address, args)), {
            limit,
            timing,
            hasFailed: () => this.#hasFailed,
            tookTooLong: () => this.#tookTooLong(leaf),
          }),
        updateState: (_state, _picker, error) => {
          if (!this.#closed && leaf === this.#leaf) this.#update(error);
        },
      }),
      fresh ? { ...channel, "rollcall.generation": generations } : channel,
    );
    return leaf;
  }

  #update(error: string | null): void {
    const state = this.#leaf.getConnectivityState();
    if (this.#connected) {
      if (state !== State.READY) this.#events.lost();
    } else if (state === State.READY) {
      this.#connected = true;
      const { healthService } = this.#options;
      this.#events.connected(new GrpcSession(subchannelOf(this.#leaf)!, this.#events.activity, healthService));
    } else if (state === State.TRANSIENT_FAILURE) this.#failed(error ?? "no reason given");
  }

  #failed(reason: string): void {
    this.#hasFailed = true;
    this.#events.failed(reason);
  }

  #tookTooLong(leaf: Leaf): void {
    if (this.#closed || this.#connected || leaf !== this.#leaf) return;
    this.#leaf = this.#newLeaf(true);
    leaf.destroy();
    this.#failed(
      `${this.#endpoint.addresses.length > 1 ? "none of its addresses" : "nobody"} answered within ${CONNECT_MS} ms`,
    );
    if (!this.#closed) this.start();
  }
}

/** pick_first keeps to the first address that connects; who dials again because of what was met there begins with another. */
function rotated({ addresses }: Endpoint, by: number): Endpoint {
  const at = by % addresses.length;
  return { addresses: [...addresses.slice(at), ...addresses.slice(0, at)] };
}
