import * as grpc from "@grpc/grpc-js";

/** Say of interop/proto/echo.proto, with messages as they are on the wire: an empty one is valid. */
export const EMPTY = Buffer.alloc(0);

const asItIs = (message: Buffer) => message;

export const EchoService = {
  say: {
    path: "/rollcall.interop.v1.Echo/Say",
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
} as const satisfies grpc.ServiceDefinition;

export interface EchoClient extends grpc.Client {
  say(
    request: Buffer,
    metadata: grpc.Metadata,
    callback: (error: grpc.ServiceError | null) => void,
  ): grpc.ClientUnaryCall;
}

export const Echo = grpc.makeClientConstructor(EchoService, "rollcall.interop.v1.Echo") as unknown as {
  new (address: string, credentials: grpc.ChannelCredentials, options?: grpc.ClientOptions): EchoClient;
  service: typeof EchoService;
};

/** Calls once. */
export function say(client: EchoClient, metadata: grpc.Metadata = new grpc.Metadata()): Promise<void> {
  return new Promise((resolve, reject) => {
    client.say(EMPTY, metadata, (error) => (error ? reject(error) : resolve()));
  });
}
