import assert from "node:assert/strict";
import { test } from "node:test";
import { interfaceInfo as info } from "../testing/interface-info.js";
import { type AdvertiseInput, advertisedAddress, chooseAddress, isLoopbackAbroad } from "./advertise.js";

const interfaces = {
  lo: [info("127.0.0.1", true), info("::1", true)],
  tun0: [info("169.254.3.4")],
  eth0: [info("fe80::1"), info("fd00::5"), info("10.1.2.3")],
  docker0: [info("172.17.0.1")],
  down0: [],
};

function advertised(input: Partial<AdvertiseInput>): string {
  return advertisedAddress({ listenHost: "", boundPort: 8080, env: {}, interfaces, ...input });
}

test("what is registered follows ListenOn, then $POD_IP, then the machine's own address", () => {
  const env = { POD_IP: "10.9.9.9" };
  for (const [input, address] of [
    [{ listenHost: "192.168.0.7" }, "192.168.0.7:8080"],
    [{ listenHost: "192.168.0.7", env }, "192.168.0.7:8080"],
    [{ listenHost: "order.local", boundPort: 41234 }, "order.local:41234"],
    [{ listenHost: "fd00::5" }, "[fd00::5]:8080"],
    [{ listenHost: "[fd00::5]" }, "[fd00::5]:8080"],
    [{ listenHost: "127.0.0.1" }, "127.0.0.1:8080"],
    [{ env }, "10.9.9.9:8080"],
    [{ listenHost: "0.0.0.0", env }, "10.9.9.9:8080"],
    [{ listenHost: "::", env: { POD_IP: "fd00::9" } }, "[fd00::9]:8080"],
    [{ listenHost: "0:0:0:0:0:0:0:0" }, "10.1.2.3:8080"],
    [{ listenHost: "0.0.0.0" }, "10.1.2.3:8080"],
    [{ env: { POD_IP: "" } }, "10.1.2.3:8080"],
    [{ interfaces: { lo: interfaces.lo, eth0: [info("fe80::1"), info("fd00::5")] } }, "[fd00::5]:8080"],
    [{ interfaces: { lo: interfaces.lo, eth0: [info("169.254.3.4")] } }, "127.0.0.1:8080"],
    [{ interfaces: { lo: interfaces.lo } }, "127.0.0.1:8080"],
  ] as [Partial<AdvertiseInput>, string][]) {
    assert.equal(advertised(input), address, JSON.stringify(input));
  }
});

test("Advertise overrides everything: an address, a host, an interface or a CIDR", () => {
  for (const [advertise, address] of [
    ["203.0.113.9:443", "203.0.113.9:443"],
    ["[2001:db8::1]:443", "[2001:db8::1]:443"],
    ["203.0.113.9", "203.0.113.9:8080"],
    ["2001:db8::1", "[2001:db8::1]:8080"],
    ["[2001:db8::1]", "[2001:db8::1]:8080"],
    ["order.example.com", "order.example.com:8080"],
    ["order-1:9000", "order-1:9000"],
    ["localhost", "localhost:8080"],
    ["eth0", "10.1.2.3:8080"],
    ["docker0", "172.17.0.1:8080"],
    ["lo", "127.0.0.1:8080"],
    ["172.16.0.0/12", "172.17.0.1:8080"],
    ["10.0.0.0/8", "10.1.2.3:8080"],
    ["fd00::/8", "[fd00::5]:8080"],
    ["127.0.0.0/8", "127.0.0.1:8080"],
  ] as const) {
    assert.equal(advertised({ advertise, env: { POD_IP: "10.9.9.9" } }), address, advertise);
  }
});

test("what cannot be registered is refused with the reason and what there is", () => {
  const expected =
    "; expected an address like 10.0.0.1:8080, an IP address or host name, the name of a network interface, or a CIDR like 10.0.0.0/8";
  const here =
    "this machine has lo 127.0.0.1 ::1, tun0 169.254.3.4, eth0 fe80::1 fd00::5 10.1.2.3, docker0 172.17.0.1, down0 without address";
  for (const [advertise, why] of [
    ["0.0.0.0", "that is no address to reach anything at"],
    ["0.0.0.0:8080", "that is no address to reach anything at"],
    ["0x0:8080", "its host is a number but no IPv4 address of four decimal parts"],
    ["[::ffff:0.0.0.0]:8080", "that is no address to reach anything at"],
    ["[::]:8080", "that is no address to reach anything at"],
    ["eth7", `no interface has this name, ${here}; a host's name without a dot needs a port behind it`],
    ["down0", "the interface has no address that is listened on"],
    ["192.168.0.0/16", `no address that is listened on is inside, ${here}`],
    ["10.0.0.0/33", "it is no CIDR"],
    ["eth0/8", "it is no CIDR"],
    ["10.0.0.1:0", "its port is not between 1 and 65535"],
    ["10.0.0.1:http", "its port is not a number"],
    ["or der", "its host has characters that no host name may have"],
  ] as const) {
    const message = `Advertise is ${JSON.stringify(advertise)}: ${why}${expected}`;
    assert.throws(() => advertised({ advertise }), { name: "TypeError", message }, advertise);
  }
  assert.throws(() => advertised({ env: { POD_IP: "pod-7" } }), {
    message: '$POD_IP is "pod-7"; expected an IP address',
  });
  assert.throws(() => advertised({ interfaces: {} }), {
    message: "this machine has no network address to register; set Advertise, or a host in ListenOn",
  });
});

test("a family that is not listened on is never registered", () => {
  const ipv6Only = { lo: interfaces.lo, eth0: [info("fe80::1"), info("fd00::5")] };
  const both = { lo: interfaces.lo, eth0: [info("10.1.2.3"), info("fd00::5")] };
  for (const [input, address] of [
    [{ listenHost: "", interfaces: ipv6Only }, "[fd00::5]:8080"],
    [{ listenHost: "::", interfaces: ipv6Only }, "[fd00::5]:8080"],
    [{ listenHost: "0.0.0.0", interfaces: ipv6Only }, "127.0.0.1:8080"],
    [{ listenHost: "0.0.0.0", advertise: "eth0", interfaces: both }, "10.1.2.3:8080"],
    [{ listenHost: "::", advertise: "fd00::/8", interfaces: both }, "[fd00::5]:8080"],
    // What is named outright is taken: it may be a load balancer's.
    [{ listenHost: "0.0.0.0", advertise: "fd00::77", interfaces: both }, "[fd00::77]:8080"],
  ] as [Partial<AdvertiseInput>, string][]) {
    assert.equal(advertised(input), address, JSON.stringify(input));
  }
  const overIpv4 = { listenHost: "0.0.0.0", interfaces: ipv6Only };
  assert.throws(
    () => advertised({ ...overIpv4, advertise: "eth0" }),
    /the interface has no address that is listened on/,
  );
  assert.throws(() => advertised({ ...overIpv4, advertise: "fd00::/8" }), /no address that is listened on is inside/);
  assert.throws(() => advertised({ ...overIpv4, env: { POD_IP: "fd00::9" } }), /0\.0\.0\.0 listens on IPv4 alone/);
});

test("the addresses that would have done as well are named, of the same kind alone", () => {
  const others = (input: Partial<AdvertiseInput>) =>
    chooseAddress({ listenHost: "", boundPort: 8080, env: {}, interfaces, ...input }).others;
  assert.deepEqual(others({}), ["172.17.0.1"]);
  assert.deepEqual(others({ interfaces: { eth0: [info("10.1.2.3"), info("fd00::5")] } }), []);
  assert.deepEqual(others({ interfaces: { eth0: [info("fd00::5")], eth1: [info("fd01::5")] } }), ["fd01::5"]);
  assert.deepEqual(others({ interfaces: { lo: [info("127.0.0.1", true), info("127.0.0.2", true)] } }), []);
  for (const input of [
    { advertise: "eth0" },
    { advertise: "10.0.0.0/8" },
    { listenHost: "10.1.2.3" },
    { env: { POD_IP: "10.1.2.3" } },
  ]) {
    assert.deepEqual(others(input), [], JSON.stringify(input));
  }
});

test("loopback is told from an address that others can reach", () => {
  for (const [address, hosts, abroad] of [
    ["127.0.0.1:8080", ["127.0.0.1:2379"], false],
    ["127.0.0.1:8080", ["localhost:2379", "[::1]:2379"], false],
    ["127.0.0.1:8080", ["10.0.0.1:2379"], true],
    ["127.1.2.3:8080", ["localhost:2379", "http://etcd:2379"], true],
    ["[::1]:8080", ["etcd:2379"], true],
    ["localhost:8080", ["etcd:2379"], true],
    ["10.0.0.7:8080", ["etcd:2379"], false],
    ["[2001:db8::1]:8080", ["etcd:2379"], false],
  ] as const) {
    assert.equal(isLoopbackAbroad(address, hosts), abroad, `${address} ${hosts}`);
  }
});
