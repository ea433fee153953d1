// What a generator makes of order.proto, here made when the program starts.
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

export interface FindRequest {
  readonly id: string;
}

export interface FoundOrder {
  readonly id: string;
  readonly servedBy: string;
}

export interface OrderClient extends grpc.Client {
  find(request: FindRequest, callback: grpc.requestCallback<FoundOrder>): grpc.ClientUnaryCall;
  find(
    request: FindRequest,
    options: grpc.CallOptions,
    callback: grpc.requestCallback<FoundOrder>,
  ): grpc.ClientUnaryCall;
}

export interface OrderHandlers extends grpc.UntypedServiceImplementation {
  find: grpc.handleUnaryCall<FindRequest, FoundOrder>;
}

type FindMethod = grpc.MethodDefinition<FindRequest, FoundOrder> & { requestStream: false; responseStream: false };

interface OrderClientConstructor {
  new (address: string, credentials: grpc.ChannelCredentials, options?: grpc.ClientOptions): OrderClient;
  readonly service: { readonly Find: FindMethod };
}

const proto = loadSync(fileURLToPath(new URL("order.proto", import.meta.url)));
const { order } = grpc.loadPackageDefinition(proto) as unknown as { order: { Order: OrderClientConstructor } };

export const OrderClient = order.Order;
export const OrderService = { find: OrderClient.service.Find };

/** One call as a promise. */
export function find(orders: OrderClient, id: string): Promise<FoundOrder> {
  return new Promise((resolve, reject) => {
    orders.find({ id }, (error, found) => (error ? reject(error) : resolve(found!)));
  });
}
