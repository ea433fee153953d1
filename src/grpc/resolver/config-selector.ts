import { status } from "@grpc/grpc-js";
import type { ChannelStatus } from "../../discovery/status.js";
import { methodConfigFor } from "../service-config.js";
import { BaseFilter, type CallConfig, type ConfigSelector, type MethodConfig, type StatusObject } from "../shield.js";

/**
 * Gives each call its method config, its policy the method's path and, while no instance is ready, a filter that says why it waited in case its
 * deadline passes. A call that finds an instance ready pays nothing for this.
 */
export function configSelector(methodConfigs: readonly MethodConfig[], channel: ChannelStatus): ConfigSelector {
  const byPath = new Map<string, CallConfig>();
  const explain = { createFilter: () => new ExplainFilter(channel) };

  const configFor = (path: string): CallConfig => {
    const methodConfig = methodConfigFor(path, methodConfigs);
    const retried = methodConfig.retryPolicy || methodConfig.hedgingPolicy ? { retried: "yes" } : {};
    return {
      methodConfig,
      pickInformation: { method: path, ...retried },
      status: status.OK,
      dynamicFilterFactories: [],
    };
  };

  return {
    invoke(path) {
      let config = byPath.get(path);
      if (!config) {
        config = configFor(path);
        // Paths are the program's own, so they are few; the bound guards against a proxy that forwards any path.
        if (byPath.size < 1_000) byPath.set(path, config);
      }
      return channel.ready > 0 ? config : { ...config, dynamicFilterFactories: [explain] };
    },
    unref() {},
  };
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
