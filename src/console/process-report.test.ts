import assert from "node:assert/strict";
import { test } from "node:test";
import type { Present } from "../backends/etcd/index.js";
import { byProcess, reportOfPresence, reportOfState, withPresences } from "./process-report.js";

function presence(facts: Partial<Present>): Present {
  const process = { name: "cart", host: "node-3", pid: 1, startedAt: 1_764_000_000_000 };
  return { id: "7", ...process, calls: ["order.rpc"], serves: [], metrics: [], ...facts };
}

test("processes of one host and number are two, as containers on its network are, each with its calls", () => {
  const [cart, shop] = [presence({}), presence({ id: "8", name: "shop", startedAt: 1_764_000_000_500, calls: ["a"] })];
  const reports = withPresences([], [], byProcess([cart, shop]));
  assert.deepEqual(
    reports.map(({ name, calls }) => [name, ...calls.map(({ service }) => service)]),
    [
      ["cart", "order.rpc"],
      ["shop", "a"],
    ],
  );
  assert.equal(new Set(reports.map(({ id }) => id)).size, 2);
});

test("a process is one, whichever way it is known, and however many accounts it has at etcd", () => {
  const cart = presence({});
  const { name, host, pid, startedAt } = cart;
  const told = { name, host, pid, startedAt, now: 0, calls: [], serves: [], registries: [], metricsPorts: [] };
  assert.equal(reportOfState({ schema: 1, ...told }).id, reportOfPresence(cart, undefined).id);

  const asUsers = presence({ id: "8", calls: ["user.rpc"] });
  assert.deepEqual(
    byProcess([cart, asUsers]).map(({ calls }) => calls),
    [["order.rpc", "user.rpc"]],
  );
});
