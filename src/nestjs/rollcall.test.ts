import "reflect-metadata";
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import type { INestApplication, Provider } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { paper } from "../testing/paper-registry.js";
import { RollcallModule } from "./module.js";
import { Rollcall } from "./rollcall.js";
import { RollcallServer } from "./server.js";

class AppModule {}

/** An HTTP application that is to be listed on paper. */
function applicationWith(...providers: Provider[]): Promise<INestApplication> {
  const rollcall = RollcallModule.forRoot(
    { Shutdown: { WrapUpTime: 0 } },
    { registry: "paper:///127.0.0.1:1?key=shop.http", signals: false },
  );
  return NestFactory.create({ module: AppModule, imports: [rollcall], providers }, { logger: false });
}

test("an application that is stopped while it starts is not listed when it listens: its server is closed", async (t) => {
  const migration = new EventEmitter();
  const onModuleInit = () => {
    migration.emit("begun");
    return once(migration, "done");
  };
  const app = await applicationWith({ provide: "MIGRATION", useValue: { onModuleInit } });
  t.after(() => app.close());
  const begun = once(migration, "begun");
  const listening = app.listen(0, "127.0.0.1");
  await begun;
  await app.close();
  migration.emit("done");
  await listening;
  await assert.rejects(app.get(Rollcall).listed(), /the application was stopped before it listened/);
  assert.deepEqual(paper.events, []);
  assert.deepEqual(paper.lines, ["error the HTTP server is not registered"]);
  assert.ok(!app.getHttpServer().listening);
});

test("an application that is paused while it starts is listed when it is resumed, not when it listens", async (t) => {
  const warmUp = {
    provide: "WARM-UP",
    inject: [Rollcall],
    useFactory: (rollcall: Rollcall) => ({ onApplicationBootstrap: () => rollcall.pause() }),
  };
  const app = await applicationWith(warmUp);
  t.after(() => app.close());
  await app.listen(0, "127.0.0.1");
  const rollcall = app.get(Rollcall);
  await rollcall.listed();
  assert.deepEqual([rollcall.serving, paper.events], [false, []]);
  await rollcall.resume();
  assert.deepEqual([rollcall.serving, paper.events], [true, [`in ${rollcall.address}`]]);
});

test("a gRPC server that joins an application after its stop does not listen any more", async (t) => {
  const app = await applicationWith();
  await app.close();
  const strategy = new RollcallServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
    { package: "order", protoPath: "examples/order/order.proto", signals: false },
  );
  t.after(() => strategy.close());
  app.connectMicroservice({ strategy });
  await assert.rejects(app.startAllMicroservices(), /the server was closed before/);
});
