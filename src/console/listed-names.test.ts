import assert from "node:assert/strict";
import { test } from "node:test";
import { withListedNames } from "./listed-names.js";
import type { ProcessReport } from "./process-report.js";

const report: ProcessReport = {
  id: "node-1:1",
  name: "cart",
  startedAt: 1,
  serves: [{ service: "cart", address: "10.0.0.2:8080" }],
  calls: [
    { service: "order", instances: [] },
    { service: "user.rpc", instances: [] },
  ],
};
const names = ([one]: readonly ProcessReport[]) => [...one!.serves, ...one!.calls].map(({ service }) => service);

test("a service of Kratos' layout has the name that etcd lists it under, others keep theirs", () => {
  const listed = new Set(["/microservices/cart", "/microservices/order", "user.rpc", "/microservices/user.rpc"]);
  assert.deepEqual(names(withListedNames([report], listed)), [
    "/microservices/cart",
    "/microservices/order",
    "user.rpc",
  ]);
});

test("a service that etcd does not list keeps its name", () => {
  assert.deepEqual(names(withListedNames([report], new Set())), ["cart", "order", "user.rpc"]);
});
