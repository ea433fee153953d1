import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { registerBackend } from "../backends/table.js";
import type { Registration } from "../registry.js";
import { interfaceInfo as info } from "../testing/interface-info.js";
import { chooseAddress } from "./advertise.js";
import { Listing } from "./listing.js";
import type { Interfaces } from "./own-addresses.js";

const before = { eth0: [info("10.0.0.5")] };
const moved = { eth0: [info("10.0.0.9")] };

/** A listing of a machine whose addresses a test sets, in a registry on paper. */
function listingOf(register: (address: string) => Promise<void> = async () => {}) {
  const events: string[] = [];
  const machine: { now: Interfaces } = { now: before };
  const registrations: Registration[] = [];
  const heard = new EventEmitter<{ event: [] }>();
  const tell = (event: string) => {
    events.push(event);
    heard.emit("event");
  };
  registerBackend("listing", {
    registrar: () => ({
      async register(_service, { address }) {
        tell(`in ${address}`);
        await register(address);
        const registration = Object.assign(new EventEmitter<{ lost: [Error]; restored: [] }>(), {
          listed: true,
          deregister: async () => tell(`out ${address}`),
        });
        registrations.push(registration);
        return registration;
      },
    }),
  });
  const target = { scheme: "listing", hosts: [], service: "order.rpc", params: {} };
  const listing = new Listing(target, 1_000, { everyMs: 3_600_000, interfaces: () => machine.now });
  const advertised = chooseAddress({ listenHost: "", boundPort: 80, env: {}, interfaces: before });
  const until = async (event: string) => {
    while (!events.includes(event)) await new Promise<void>((resolve) => heard.once("event", resolve));
  };
  return { events, machine, registrations, listing, advertised, until };
}

test("when the machine's address has changed, the old one is taken out and the new one put in, facts and all", async () => {
  const { events, machine, registrations, listing, advertised, until } = listingOf();
  await listing.enter({ address: "10.0.0.5:80", weight: 2 }, advertised);
  machine.now = moved;
  registrations[0]!.emit("lost", new Error("etcd cannot be reached"));
  await until("in 10.0.0.9:80");
  assert.deepEqual(listing.instance, { address: "10.0.0.9:80", weight: 2 });
  await listing.leave(1_000);
  assert.deepEqual(events, ["in 10.0.0.5:80", "out 10.0.0.5:80", "in 10.0.0.9:80", "out 10.0.0.9:80"]);
  registrations[1]!.emit("lost", new Error("taken out"));
  machine.now = before;
  registrations[0]!.emit("lost", new Error("taken out"));
  await new Promise(setImmediate);
  assert.equal(events.length, 4, "one that has left is not followed");
});

test("an address that changed while the server was paused is not listed any more", async () => {
  const { events, machine, listing, advertised } = listingOf();
  await listing.enter({ address: "10.0.0.5:80" }, advertised);
  await listing.leave(1_000);
  machine.now = moved;
  await listing.enter(listing.instance!, advertised);
  await listing.leave(1_000);
  assert.deepEqual(events, ["in 10.0.0.5:80", "out 10.0.0.5:80", "in 10.0.0.9:80", "out 10.0.0.9:80"]);
});

test("an address that is the caller's stays, whatever the machine has", async () => {
  const { events, machine, registrations, listing } = listingOf();
  await listing.enter({ address: "10.0.0.5:80" });
  machine.now = moved;
  registrations[0]!.emit("lost", new Error("etcd cannot be reached"));
  await new Promise(setImmediate);
  await listing.leave(1_000);
  assert.deepEqual(events, ["in 10.0.0.5:80", "out 10.0.0.5:80"]);
});

test("one that leaves while it moves ends up out", async () => {
  const { events, machine, registrations, listing, advertised } = listingOf();
  await listing.enter({ address: "10.0.0.5:80" }, advertised);
  machine.now = moved;
  registrations[0]!.emit("lost", new Error("etcd cannot be reached"));
  await listing.leave(1_000);
  await new Promise(setImmediate);
  assert.deepEqual(events, ["in 10.0.0.5:80", "out 10.0.0.5:80"]);
});

test("a new address that the registry refuses is no unhandled rejection", async () => {
  const { events, machine, registrations, listing, advertised, until } = listingOf(async (address) => {
    if (address.startsWith("10.0.0.9")) throw new Error("no such tenant");
  });
  await listing.enter({ address: "10.0.0.5:80" }, advertised);
  machine.now = moved;
  registrations[0]!.emit("lost", new Error("etcd cannot be reached"));
  await until("in 10.0.0.9:80");
  await listing.leave(1_000);
  assert.deepEqual(events, ["in 10.0.0.5:80", "out 10.0.0.5:80", "in 10.0.0.9:80"]);
});
