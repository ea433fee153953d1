/**
 * A Nest application: `application.ts <microservice | hybrid | http> <key>`, with the registry in $ETCD. Prints `ready` when it is
 * listed, is ended by a signal, or by `app.close()` on a line on standard input. Its database is destroyed by Nest's hooks, and
 * a call that comes later fails.
 */
import "reflect-metadata";
import { createInterface } from "node:readline";
import { Controller, Get, type INestApplicationContext, Inject, Injectable, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { GrpcMethod } from "@nestjs/microservices";
import { Rollcall, RollcallModule, RollcallServer } from "rollcall/nestjs";

const [kind = "", key = "", protoPath = ""] = process.argv.slice(2);
const Hosts = [process.env.ETCD!];
const Shutdown = { WrapUpTime: 500, WaitTime: 30_000 };

@Injectable()
class Database {
  #open = true;
  async find(id: string): Promise<{ id: string; servedBy: string }> {
    if (!this.#open) throw new Error("the database is closed");
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (!this.#open) throw new Error("the database was closed during a call");
    return { id, servedBy: String(process.pid) };
  }
  onModuleDestroy(): void {
    this.#open = false;
  }
}

@Controller()
class OrderController {
  readonly #database: Database;
  constructor(@Inject(Database) database: Database) {
    this.#database = database;
  }
  @GrpcMethod("Order", "Find")
  find({ id }: { id: string }) {
    return this.#database.find(id);
  }
  @Get("/")
  first() {
    return this.#database.find("1");
  }
}

/** Far from the application's module, and imported after Rollcall's: in the wrong order on purpose. */
@Module({ providers: [Database], exports: [Database] })
class DatabaseModule {}

@Module({
  imports: [
    RollcallModule.forRoot(kind === "microservice" ? {} : { Etcd: { Hosts, Key: `${key}.http` }, Shutdown }),
    DatabaseModule,
  ],
  controllers: [OrderController],
  providers: [{ provide: "another database", useFactory: () => new Database() }],
})
class AppModule {}

/** On a full machine calls take long, and each such call is a warning. */
const Middlewares = { StatConf: { SlowThreshold: 60_000 } };

const strategy = () =>
  new RollcallServer(
    { Name: key, ListenOn: "127.0.0.1:0", Etcd: { Hosts, Key: `${key}.rpc` }, Shutdown, Middlewares },
    { package: "order", protoPath },
  );

async function start(): Promise<INestApplicationContext> {
  if (kind === "microservice") {
    const app = await NestFactory.createMicroservice(AppModule, { strategy: strategy(), logger: ["error"] });
    app.enableShutdownHooks();
    await app.listen();
    return app;
  }
  const app = await NestFactory.create(AppModule, { logger: ["error"] });
  app.enableShutdownHooks();
  if (kind === "hybrid") {
    app.connectMicroservice({ strategy: strategy() });
    await app.startAllMicroservices();
  }
  await app.listen(0, "127.0.0.1");
  await app.get(Rollcall).listed();
  return app;
}

void start().then((app) => {
  console.log("ready");
  const input = createInterface(process.stdin);
  input.once("line", () => void app.close().then(() => input.close()));
});
