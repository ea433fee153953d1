/** Two Nest microservices in one process. Prints their ports; a call for the order "slow" takes a while. */
import "reflect-metadata";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { GrpcMethod } from "@nestjs/microservices";
import { RollcallModule, RollcallServer } from "rollcall/nestjs";

const protoPath = `${process.cwd()}/examples/order/order.proto`;

@Controller()
class OrderController {
  @GrpcMethod("Order", "Find")
  async find({ id }: { id: string }) {
    if (id === "slow") await new Promise((resolve) => setTimeout(resolve, 1_500));
    return { id, servedBy: String(process.pid) };
  }
}

@Module({ imports: [RollcallModule.forRoot()], controllers: [OrderController] })
class OneModule {}

@Module({ imports: [RollcallModule.forRoot()], controllers: [OrderController] })
class OtherModule {}

async function start(module: new () => object): Promise<number | undefined> {
  const config = { ListenOn: "127.0.0.1:0", Timeout: 10_000, Shutdown: { WrapUpTime: 100, WaitTime: 10_000 } };
  const strategy = new RollcallServer(config, { package: "order", protoPath });
  const app = await NestFactory.createMicroservice(module, { strategy, logger: ["error"] });
  app.enableShutdownHooks();
  await app.listen();
  return strategy.port;
}

void Promise.all([OneModule, OtherModule].map(start)).then((ports) => console.log(JSON.stringify(ports)));
