import type { ChannelOptions } from "@grpc/grpc-js";
import type { ClientSource } from "../observe/sources.js";
import { PRIVATE_OPTION } from "./shield/experimental.js";

/** Channel option by which the policy of a channel becomes known to whoever made the channel. */
export const SOURCE_OPTION = `${PRIVATE_OPTION}source`;

export class SourceHolder {
  source: ClientSource | undefined;
  /** Methods that are answered by streams, by path, as far as the channel's maker knows. */
  readonly streaming: ReadonlySet<string>;

  constructor(streaming: ReadonlySet<string> = new Set()) {
    this.streaming = streaming;
  }

  hold(source: ClientSource): void {
    this.source = source;
  }
}

export function sourceHolderOf(options: ChannelOptions): SourceHolder | undefined {
  return options[SOURCE_OPTION] as SourceHolder | undefined;
}
