// A client as frameworks make one (NestJS' ClientGrpc for example): the service is looked up by its name in a package
// that was loaded from a .proto file, and configuration brings the URL. Nothing here knows of Rollcall but the import.
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Client, credentials, loadPackageDefinition, type requestCallback } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import "rollcall/register";

const settings = {
  url: "etcd:///127.0.0.1:2379?key=order.rpc",
  package: "order",
  protoPath: fileURLToPath(new URL("../order/order.proto", import.meta.url)),
  loader: { keepCase: true },
};

type Found = { served_by: string };
type AnyClient = Client & Record<string, (request: object, callback: requestCallback<Found>) => void>;
type AnyPackage = Record<string, new (url: string, credentials: unknown, options: object) => AnyClient>;

const definition = loadPackageDefinition(loadSync(settings.protoPath, settings.loader));
const Order = (definition[settings.package] as unknown as AnyPackage).Order!;
const orders = new Order(settings.url, credentials.createInsecure(), {});

function find(id: string): Promise<Found> {
  return new Promise((resolve, reject) => {
    orders.find!({ id }, (error, found) => (error ? reject(error) : resolve(found!)));
  });
}

for (let id = 1; id <= 20; id++) {
  const { served_by } = await find(String(id));
  console.log(`order ${id} found by ${served_by}`);
  await pause(50);
}
orders.close();
