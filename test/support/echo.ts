import * as grpc from "@grpc/grpc-js";

/** A test service with one method of each kind, in JSON so that tests need no generated code. */
export interface EchoRequest {
  readonly text?: string;
  /** How long the handler takes before its first answer, in milliseconds. */
  readonly delayMs?: number;
  /** How many answers a stream gives; Infinity never ends. */
  readonly count?: number;
  /** Fail with this gRPC code. */
  readonly code?: grpc.status;
}

export interface EchoReply {
  /** Who answered. */
  readonly instance: string;
  readonly text?: string;
}

const json = {
  requestSerialize: (value: EchoRequest) => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes: Buffer) => JSON.parse(bytes.toString()) as EchoRequest,
  responseSerialize: (value: EchoReply) => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes: Buffer) => JSON.parse(bytes.toString()) as EchoReply,
};

export const EchoService = {
  say: { path: "/test.Echo/Say", requestStream: false, responseStream: false, ...json },
  count: { path: "/test.Echo/Count", requestStream: false, responseStream: true, ...json },
  chat: { path: "/test.Echo/Chat", requestStream: true, responseStream: true, ...json },
} as const satisfies grpc.ServiceDefinition;

export interface EchoClient extends grpc.Client {
  say(
    request: EchoRequest,
    options: grpc.CallOptions | grpc.Metadata,
    callback: (error: grpc.ServiceError | null, reply?: EchoReply) => void,
  ): grpc.ClientUnaryCall;
  count(request: EchoRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<EchoReply>;
  chat(options?: grpc.CallOptions): grpc.ClientDuplexStream<EchoRequest, EchoReply>;
}

export const EchoClient = grpc.makeClientConstructor(EchoService, "test.Echo") as unknown as {
  new (address: string, credentials: grpc.ChannelCredentials, options?: grpc.ClientOptions): EchoClient;
  service: typeof EchoService;
};

/** @param name what the instance says of itself; a function, as the port is known only after binding. */
export function echoHandlers(name: () => string): grpc.UntypedServiceImplementation {
  const reply = ({ text }: EchoRequest): EchoReply => ({ instance: name(), ...(text !== undefined && { text }) });
  return {
    say(call: grpc.ServerUnaryCall<EchoRequest, EchoReply>, callback: grpc.sendUnaryData<EchoReply>) {
      const { code, delayMs } = call.request;
      const answer = () => (code ? callback({ code, details: "as asked" }) : callback(null, reply(call.request)));
      if (delayMs) setTimeout(answer, delayMs);
      else answer();
    },
    count(call: grpc.ServerWritableStream<EchoRequest, EchoReply>) {
      const { count = 1 } = call.request;
      for (let i = 0; i < Math.min(count, 1000); i++) call.write(reply(call.request));
      if (Number.isFinite(count)) call.end();
    },
    chat(call: grpc.ServerDuplexStream<EchoRequest, EchoReply>) {
      call.on("data", (request: EchoRequest) => call.write(reply(request)));
      call.on("end", () => call.end());
    },
  };
}

/** One unary call. */
export function say(client: EchoClient, request: EchoRequest = {}, options: grpc.CallOptions = {}): Promise<EchoReply> {
  return new Promise((resolve, reject) => {
    client.say(request, options, (error, reply) => (error ? reject(error) : resolve(reply!)));
  });
}

/** Makes calls, so many in flight at a time, and counts who answered. */
export async function tally(client: EchoClient, calls: number, atATime = 1): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      const { instance } = await say(client);
      counts.set(instance, (counts.get(instance) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atATime }, caller));
  return counts;
}

/** A bare grpc-js server of the echo service on 127.0.0.1, on a free port unless told, without health or registration. */
export async function startBareEcho(at = 0): Promise<{ address: string; server: grpc.Server; stop(): void }> {
  const server = new grpc.Server();
  let address = "";
  server.addService(
    EchoService,
    echoHandlers(() => address),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${at}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  address = `127.0.0.1:${port}`;
  return { address, server, stop: () => server.forceShutdown() };
}
