import "reflect-metadata";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ModulesContainer, NestFactory } from "@nestjs/core";
import { RollcallModule } from "./module.js";
import { Rollcall } from "./rollcall.js";
import { RollcallServer } from "./server.js";
import { destroyedBefore } from "./shutdown-order.js";

class AppModule {}
class HealthModule {}

test("any module's providers may inject Rollcall, which is still the first to be destroyed", async () => {
  const ended: string[] = [];
  const health = {
    provide: "HEALTH",
    inject: [Rollcall],
    useFactory: (rollcall: Rollcall) => ({ rollcall, onModuleDestroy: () => ended.push("health") }),
  };
  const app = await NestFactory.createApplicationContext(
    { module: AppModule, imports: [{ module: HealthModule, providers: [health] }, RollcallModule.forRoot()] },
    { logger: false },
  );
  const rollcall = app.get(Rollcall);
  assert.equal(app.get("HEALTH", { strict: false }).rollcall, rollcall);
  assert.deepEqual(destroyedBefore(app.get(ModulesContainer), RollcallModule), []);
  const stop = rollcall.stop.bind(rollcall);
  rollcall.stop = () => {
    ended.push("rollcall");
    return stop();
  };
  await app.close();
  assert.deepEqual(ended, ["rollcall", "health"]);
});

test("a microservice, which has no HTTP server, does not wait for one to be listed", async () => {
  const strategy = new RollcallServer(
    { ListenOn: "127.0.0.1:0", Shutdown: { WrapUpTime: 0 } },
    { package: "order", protoPath: "examples/order/order.proto", signals: false },
  );
  const app = await NestFactory.createMicroservice(
    { module: AppModule, imports: [RollcallModule.forRoot()] },
    { strategy, logger: false },
  );
  await app.listen();
  await app.get(Rollcall).listed();
  assert.ok(strategy.address);
  await app.close();
});

test("forRootAsync takes a factory, and says so where something else is given", () => {
  const make = (given: unknown) => () => RollcallModule.forRootAsync(given as never);
  assert.throws(make({ useClass: AppModule }), /has no option "useClass": its options are imports, inject, useFactory/);
  assert.throws(make({ useFactory: {} }), /useFactory is an object; expected a function/);
  assert.throws(make(undefined), /takes its options by name/);
});
