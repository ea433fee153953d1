import "reflect-metadata";
import { Controller, Inject, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { GrpcMethod } from "@nestjs/microservices";
import { RollcallModule, RollcallServer } from "rollcall/nestjs";
import type { Served } from "./served.js";

const SERVED = "what is served";

@Controller()
class OrderController {
  readonly #served: Served;
  constructor(@Inject(SERVED) served: object) {
    this.#served = served as Served;
  }
  @GrpcMethod("Order", "Find")
  find(request: { id: string }) {
    return this.#served.find(request);
  }
}

export async function serve(served: Served): Promise<void> {
  @Module({
    controllers: [OrderController],
    providers: [{ provide: SERVED, useValue: served }],
    imports: [RollcallModule.forRoot()],
  })
  class AppModule {}

  const config = { ListenOn: "127.0.0.1:0", Etcd: { Hosts: [served.etcd], Key: served.key } };
  const strategy = new RollcallServer(config, { package: "order", protoPath: "examples/order/order.proto" });
  const app = await NestFactory.createMicroservice(AppModule, { strategy, logger: ["error"] });
  app.enableShutdownHooks();
  await app.listen();
}
