import assert from "node:assert/strict";
import { test } from "node:test";
import { destroyedBefore, goFirst, type ModuleLike } from "./shutdown-order.js";

class Rollcall {}
class Other {}

const database = { name: "Database", instance: { onModuleDestroy() {} } };

function module(name: string, distance: number, ...holders: { name: string; instance: unknown }[]): ModuleLike {
  const metatype = name.startsWith("Rollcall") ? Rollcall : Other;
  const providers = new Map(holders.map((holder) => [holder.name, holder]));
  return { metatype, name, distance, providers, controllers: new Map() };
}

const modules = (...all: ModuleLike[]) => new Map(all.map((one) => [one.name, one]));

test("named is what Nest destroys first: nearer modules, and of the same distance those imported later", () => {
  const found = modules(
    module("AppModule", 1, database),
    module("EarlierModule", 2, database),
    module("RollcallModule", 2),
    module("LaterModule", 2, database, { name: "Plain", instance: {} }),
    module("FarModule", 3, database),
  );
  assert.deepEqual(destroyedBefore(found, Rollcall), ["Database of AppModule", "Database of LaterModule"]);
});

test("after goFirst nothing is destroyed before the drain, several modules of ours included", () => {
  const found = modules(
    module("AppModule", 1, database),
    module("RollcallModule", 2, { name: "Rollcall", instance: { onModuleDestroy() {} } }),
    module("LaterModule", 2, database),
    module("RollcallModule2", 3),
  );
  goFirst(found, Rollcall);
  assert.deepEqual(destroyedBefore(found, Rollcall), []);
});

test("an application without the module has nothing to warn of", () => {
  assert.deepEqual(destroyedBefore(modules(module("AppModule", 1, database)), Rollcall), []);
});
