import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type DevRegistry, startDevRegistry } from "../../src/dev-registry/index.js";
import { EightCallers, httpCaller, nestCaller } from "../support/programs/callers.js";
import { TYPESCRIPT } from "../support/typescript.js";
import { type NestKind, startApplication } from "./application-process.js";

let registry: DevRegistry;
before(async () => {
  registry = await startDevRegistry();
});
after(() => registry.close());

const PROGRAM = [...TYPESCRIPT, "test/nestjs/programs/application.ts"];

function callersOf(kind: NestKind, key: string): EightCallers[] {
  const grpc = () => new EightCallers(nestCaller(registry.endpoint, `${key}.rpc`));
  const http = () => new EightCallers(httpCaller(registry.endpoint, `${key}.http`));
  return { microservice: [grpc], hybrid: [grpc, http], http: [http] }[kind].map((make) => make());
}

describe("eight callers meet no error when one of two Nest applications is ended", () => {
  for (const kind of ["microservice", "hybrid", "http"] as const) {
    for (const how of ["SIGTERM", "app.close()"] as const) {
      test(`${kind}, ended by ${how}`, async (t) => {
        const key = `${kind}.${how}`;
        const start = () => startApplication(PROGRAM, kind, key, registry.endpoint);
        const [ended, stays] = await Promise.all([start(), start()]);
        const callers = callersOf(kind, key);
        const reach = (pid: number) => Promise.all(callers.map((one) => one.reach(pid)));
        await Promise.all([reach(ended.pid), reach(stays.pid)]);
        const how_ended = await ended.end(how);
        await reach(stays.pid);
        await Promise.all(callers.map((one) => one.end()));
        await stays.end("SIGTERM");
        t.diagnostic(`${callers.reduce((sum, { calls }) => sum + calls, 0)} calls`);
        assert.deepEqual(
          callers.flatMap(({ failed }) => failed),
          [],
        );
        assert.deepEqual([how_ended, ended.errors], [how === "SIGTERM" ? "SIGTERM" : 0, ""]);
        assert.deepEqual([...registry.list(key)], []);
      });
    }
  }
});
