// An HTTP application by NestJS that calls the gRPC service, and is itself listed while it serves.
import "reflect-metadata";
import {
  Controller,
  Get,
  HttpCode,
  Inject,
  Module,
  type OnModuleInit,
  ServiceUnavailableException,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type ClientGrpc, ClientsModule } from "@nestjs/microservices";
import { loadConfig, rpcClientConfig } from "rollcall";
import { Rollcall, RollcallModule, rollcallClient } from "rollcall/nestjs";
import { firstValueFrom, type Observable } from "rxjs";

interface Orders {
  find(request: { id: string }): Observable<{ id: string; servedBy: string }>;
}

@Controller()
class ShopController implements OnModuleInit {
  @Inject("ORDERS") private readonly client!: ClientGrpc;
  @Inject(Rollcall) private readonly rollcall!: Rollcall;
  private orders!: Orders;

  onModuleInit() {
    this.orders = this.client.getService<Orders>("Order");
  }

  @Get("/")
  async front() {
    const order = await firstValueFrom(this.orders.find({ id: "1" }));
    return { servedBy: String(process.pid), order };
  }

  @Get("/healthz")
  @HttpCode(204)
  health() {
    if (!this.rollcall.serving) throw new ServiceUnavailableException();
  }
}

@Module({
  controllers: [ShopController],
  imports: [
    ClientsModule.registerAsync([
      {
        name: "ORDERS",
        useFactory: async () => {
          const { OrderRpc } = await loadConfig("etc/shop.yaml", { OrderRpc: rpcClientConfig });
          return rollcallClient(OrderRpc, { package: "order", protoPath: "../order/order.proto" });
        },
      },
    ]),
    RollcallModule.forRoot({ Etcd: { Hosts: ["127.0.0.1:2379"], Key: "shop.http" } }), // last
  ],
})
class AppModule {}

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT ?? 3000));
}
void bootstrap();
