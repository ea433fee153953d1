import type * as grpc from "@grpc/grpc-js";

/** Nest's names of grpc-js' limits. */
export interface Limits {
  readonly maxSendMessageLength?: number;
  readonly maxReceiveMessageLength?: number;
  readonly maxMetadataSize?: number;
}

/** Those that are given, as grpc-js has them. */
export function limitsOf({
  maxSendMessageLength,
  maxReceiveMessageLength,
  maxMetadataSize,
}: Limits): grpc.ChannelOptions {
  return {
    ...(maxSendMessageLength !== undefined && { "grpc.max_send_message_length": maxSendMessageLength }),
    ...(maxReceiveMessageLength !== undefined && { "grpc.max_receive_message_length": maxReceiveMessageLength }),
    ...(maxMetadataSize !== undefined && { "grpc.max_metadata_size": maxMetadataSize }),
  };
}
