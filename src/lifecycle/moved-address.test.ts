import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { setLogger, setLogLevel } from "../log.js";
import { interfaceInfo as info } from "../testing/interface-info.js";
import { AddressWatch } from "./address-watch.js";
import { chooseAddress } from "./advertise.js";
import { place, whereabouts } from "./moved-address.js";
import type { Interfaces } from "./own-addresses.js";

const lo = [info("127.0.0.1", true)];
const before = { lo, eth0: [info("10.0.0.5")], docker0: [info("172.17.0.1")] };

function after(now: Interfaces, given: { listenHost?: string; advertise?: string; was?: Interfaces } = {}): string {
  const { listenHost = "", advertise, was = before } = given;
  const advertised = chooseAddress({ listenHost, boundPort: 80, advertise, env: {}, interfaces: was });
  const found = whereabouts(place(advertised, was), now);
  return "host" in found ? `${found.is} ${found.host}` : found.is;
}

test("an address that the machine still has stays, whatever else comes and goes", () => {
  assert.equal(after(before), "here");
  assert.equal(after({ eth9: [info("10.9.9.9")], ...before }), "here");
  assert.equal(after({ lo, eth0: [info("10.0.0.4"), info("10.0.0.5")] }), "here");
});

test("the interface's new address is taken, and another interface's only as a substitute", () => {
  assert.equal(after({ ...before, eth0: [info("10.0.0.9")] }), "moved 10.0.0.9");
  assert.equal(after({ ...before, eth0: [] }), "astray 172.17.0.1");
  assert.equal(after({ lo, eth0: [] }), "gone", "loopback is no substitute");
  assert.equal(after({ lo }), "gone");
  assert.equal(after({ ...before, eth0: [info("10.0.0.9")] }, { advertise: "10.0.0.0/8" }), "moved 10.0.0.9");
  assert.equal(after({ ...before, eth0: [info("192.168.0.9")] }, { advertise: "10.0.0.0/8" }), "gone");
  assert.equal(after({ ...before, eth0: [info("192.168.0.9")] }, { advertise: "eth0" }), "moved 192.168.0.9");
});

test("a family that is not listened on is no successor", () => {
  assert.equal(after({ lo, eth0: [info("fd00::5")] }), "moved fd00::5");
  assert.equal(after({ lo, eth0: [info("fd00::5")] }, { listenHost: "0.0.0.0" }), "gone");
});

test("what a setting names is not replaced; what was never the machine's is not missed", () => {
  const now = { ...before, eth0: [info("10.0.0.9")] };
  assert.equal(after(now, { advertise: "10.0.0.5" }), "gone");
  assert.equal(after(now, { listenHost: "10.0.0.5" }), "gone");
  assert.equal(after(now, { advertise: "203.0.113.1:443" }), "here");
  assert.equal(after(now, { advertise: "order.example.com" }), "here");
});

test("loopback, chosen for want of a network, gives way to one", () => {
  assert.equal(after(before, { was: { lo } }), "astray 10.0.0.5");
  assert.equal(after(before, { was: { lo }, advertise: "lo" }), "here");
});

afterEach(() => {
  mock.timers.reset();
  setLogLevel("silent");
});

function watchOf(given: { advertise?: string } = {}) {
  mock.timers.enable({ apis: ["setInterval"] });
  const warnings: string[] = [];
  setLogger({ debug: () => {}, info: () => {}, warn: (_facts, line) => warnings.push(line), error: () => {} });
  const machine: { now: Interfaces } = { now: before };
  const moves: string[] = [];
  const advertised = chooseAddress({ listenHost: "", boundPort: 80, env: {}, interfaces: before, ...given });
  const watch = new AddressWatch(advertised, (address) => moves.push(address), {
    everyMs: 1,
    interfaces: () => machine.now,
  });
  watch.open();
  return { machine, moves, warnings, watch };
}

test("a new address is told once, at the next look or as soon as the registry has lost the server", () => {
  const { machine, moves, warnings, watch } = watchOf();
  machine.now = { ...before, eth0: [info("10.0.0.9")] };
  watch.look();
  assert.deepEqual(moves, ["10.0.0.9:80"]);
  mock.timers.tick(5);
  machine.now = { ...before, eth0: [info("10.0.0.10")] };
  mock.timers.tick(1);
  assert.deepEqual(moves, ["10.0.0.9:80", "10.0.0.10:80"]);
  assert.match(warnings[0]!, /no longer has the address of 10\.0\.0\.5:80: registering 10\.0\.0\.9:80 instead/);
  watch.close();
  machine.now = before;
  mock.timers.tick(5);
  assert.equal(moves.length, 2);
});

test("an interface without an address for a moment does not send the server elsewhere, and one that comes back takes it home", () => {
  const { machine, moves, watch } = watchOf();
  machine.now = { ...before, eth0: [] };
  mock.timers.tick(1);
  watch.look();
  machine.now = before;
  mock.timers.tick(1);
  assert.deepEqual(moves, []);
  machine.now = { ...before, eth0: [] };
  mock.timers.tick(2);
  assert.deepEqual(moves, ["172.17.0.1:80"]);
  machine.now = { ...before, eth0: [info("10.0.0.9")] };
  mock.timers.tick(1);
  assert.deepEqual(moves, ["172.17.0.1:80", "10.0.0.9:80"]);
  watch.close();
});

test("where Advertise forbids another address, one warning says so", () => {
  const { machine, moves, warnings, watch } = watchOf({ advertise: "10.0.0.5" });
  machine.now = { ...before, eth0: [info("10.0.0.9")] };
  mock.timers.tick(5);
  watch.look();
  assert.deepEqual(moves, []);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /10\.0\.0\.5:80, which is registered: Advertise names it, so it stays registered/);
  machine.now = before;
  mock.timers.tick(1);
  machine.now = { lo };
  mock.timers.tick(1);
  assert.equal(warnings.length, 2, "a second loss is another one");
  watch.close();
});

test("interfaces that cannot be read end nothing", () => {
  const { machine, moves, watch } = watchOf();
  Object.defineProperty(machine, "now", {
    get: () => {
      throw new Error("EPERM");
    },
  });
  mock.timers.tick(2);
  assert.deepEqual(moves, []);
  watch.close();
});
