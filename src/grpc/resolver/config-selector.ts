import { Client, type Metadata, status } from "@grpc/grpc-js";
import type { ChannelStatus } from "../../discovery/status.js";
import { type ClientCall, observeCall } from "../../observe/calls/client-call.js";
import { isInstrumented } from "../../observe/calls/foreign-span.js";
import { tellOfTrace } from "../../observe/calls/headers.js";
import { channelLabels } from "../../observe/metrics/labels.js";
import { CallFacts, sentAs } from "../call-facts.js";
import { carry, headersOf } from "../carried-call.js";
import { methodConfigFor } from "../service-config.js";
import {
  BaseFilter,
  type CallConfig,
  type ConfigSelector,
  type MethodConfig,
  type StatusObject,
} from "../shield/experimental.js";

type FilterFactories = CallConfig["dynamicFilterFactories"];

/** Of a call that had to wait for its channel to begin, the caller's context is gone; its headers tell whether it is traced. */
function wantedFor(metadata: Metadata) {
  const spanned = isInstrumented(Client.prototype.makeUnaryRequest) && tellOfTrace(headersOf(metadata));
  return { metrics: true, traces: true, spanned };
}

/**
 * Gives each call its method config, its policy the call's facts, which its attempts share, and, while no instance is ready, a
 * filter that says why it waited in case its deadline passes. A call that finds an instance ready pays nothing for that.
 */
export function configSelector(
  methodConfigs: readonly MethodConfig[],
  channel: ChannelStatus,
  { observe }: { readonly observe: boolean },
): ConfigSelector {
  const byPath = new Map<string, MethodConfig>();
  const labels = channelLabels(channel.target);
  const explain = [{ createFilter: () => new ExplainFilter(channel) }];

  const methodConfigOf = (path: string): MethodConfig => {
    const known = byPath.get(path);
    if (known) return known;
    const config = methodConfigFor(path, methodConfigs);
    // Paths are the program's own, so they are few; the bound guards against a proxy that forwards any path.
    if (byPath.size >= 1_000) return config;
    byPath.set(path, config);
    channel.called.add(path.slice(1, path.lastIndexOf("/")));
    return config;
  };

  return {
    invoke(path, metadata): CallConfig {
      const copy = sentAs(metadata);
      const methodConfig = methodConfigOf(path);
      let factories: FilterFactories = channel.ready > 0 ? [] : explain;
      const observed = observe ? observeCall(path, labels, wantedFor(metadata)) : undefined;
      if (observed) {
        carry(metadata, observed);
        factories = [...factories, { createFilter: () => new ObservingFilter(observed) }];
      }
      return {
        methodConfig: copy?.retried === false ? onceOnly(methodConfig) : methodConfig,
        pickInformation: new CallFacts(path, copy) as CallFacts & CallConfig["pickInformation"],
        status: status.OK,
        dynamicFilterFactories: factories,
      };
    },
    unref() {},
  };
}

function onceOnly({ retryPolicy: _, hedgingPolicy: __, ...config }: MethodConfig): MethodConfig {
  return config;
}

/** Observes a call of a bare client, from when its channel knows how to treat it. */
class ObservingFilter extends BaseFilter {
  readonly #call: ClientCall;

  constructor(call: ClientCall) {
    super();
    this.#call = call;
  }

  override async sendMetadata(metadata: Promise<Metadata>): Promise<Metadata> {
    const sent = await metadata;
    this.#call.inject(headersOf(sent));
    return sent;
  }

  override receiveTrailers(trailers: StatusObject): StatusObject {
    this.#call.ended(trailers.code, trailers.details);
    return trailers;
  }
}

class ExplainFilter extends BaseFilter {
  readonly #channel: ChannelStatus;

  constructor(channel: ChannelStatus) {
    super();
    this.#channel = channel;
  }

  override receiveTrailers(trailers: StatusObject): StatusObject {
    if (trailers.code !== status.DEADLINE_EXCEEDED || !/waiting for/i.test(trailers.details)) return trailers;
    const why = this.#channel.explain();
    return why === undefined ? trailers : { ...trailers, details: `${trailers.details}: ${why}` };
  }
}
