// A gRPC service by NestJS: listed while it serves, drained before anything is destroyed.
import "reflect-metadata";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { GrpcMethod } from "@nestjs/microservices";
import { RollcallModule, RollcallServer } from "rollcall/nestjs";

@Controller()
class OrderController {
  @GrpcMethod("Order", "Find")
  find({ id }: { id: string }) {
    return { id, servedBy: String(process.pid) };
  }
}

@Module({
  controllers: [OrderController],
  imports: [RollcallModule.forRoot()], // last
})
class AppModule {}

async function bootstrap() {
  const config = { ListenOn: "0.0.0.0:8080", Etcd: { Hosts: ["127.0.0.1:2379"], Key: "order.rpc" } };
  const app = await NestFactory.createMicroservice(AppModule, {
    strategy: new RollcallServer(config, { package: "order", protoPath: "../order/order.proto" }),
  });
  app.enableShutdownHooks();
  await app.listen();
}
void bootstrap();
