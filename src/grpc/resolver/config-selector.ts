import { status } from "@grpc/grpc-js";
import type { ChannelStatus } from "../../discovery/status.js";
import { CallFacts, sentAs } from "../call-facts.js";
import { methodConfigFor } from "../service-config.js";
import { BaseFilter, type CallConfig, type ConfigSelector, type MethodConfig, type StatusObject } from "../shield.js";

/**
 * Gives each call its method config, its policy the call's facts, which its attempts share, and, while no instance is ready, a
 * filter that says why it waited in case its deadline passes. A call that finds an instance ready pays nothing for that.
 */
export function configSelector(methodConfigs: readonly MethodConfig[], channel: ChannelStatus): ConfigSelector {
  const byPath = new Map<string, MethodConfig>();
  const explain = [{ createFilter: () => new ExplainFilter(channel) }];

  const methodConfigOf = (path: string): MethodConfig => {
    const known = byPath.get(path);
    if (known) return known;
    const config = methodConfigFor(path, methodConfigs);
    channel.called.add(path.slice(1, path.lastIndexOf("/")));
    // Paths are the program's own, so they are few; the bound guards against a proxy that forwards any path.
    if (byPath.size < 1_000) byPath.set(path, config);
    return config;
  };

  return {
    invoke(path, metadata): CallConfig {
      const copy = sentAs(metadata);
      const methodConfig = methodConfigOf(path);
      return {
        methodConfig: copy?.retried === false ? onceOnly(methodConfig) : methodConfig,
        pickInformation: new CallFacts(path, copy?.history) as CallFacts & CallConfig["pickInformation"],
        status: status.OK,
        dynamicFilterFactories: channel.ready > 0 ? [] : explain,
      };
    },
    unref() {},
  };
}

function onceOnly({ retryPolicy: _, hedgingPolicy: __, ...config }: MethodConfig): MethodConfig {
  return config;
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
