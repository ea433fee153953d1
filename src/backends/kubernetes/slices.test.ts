import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Endpoint, EndpointSlice, SlicePort } from "./endpoint-slice.js";
import { type AddressFamily, mergeSlices } from "./slices.js";
import type { WantedPort } from "./target.js";

const GRPC: SlicePort = { name: "grpc", port: 8080, protocol: "TCP" };
const METRICS: SlicePort = { name: "metrics", port: 9090, protocol: "TCP" };

function slice(endpoints: Endpoint[], more: Partial<EndpointSlice> = {}): EndpointSlice {
  return { addressType: "IPv4", ports: [GRPC], endpoints, ...more };
}

function at(address: string, conditions: Endpoint["conditions"] = { ready: true }): Endpoint {
  return { addresses: [address], conditions };
}

function merge(slices: EndpointSlice[], port?: WantedPort, family: AddressFamily = "auto") {
  return mergeSlices(slices, { port, family });
}

function addresses(slices: EndpointSlice[], port?: WantedPort, family?: AddressFamily): string[] {
  return merge(slices, port, family)
    .instances.map(({ address }) => address)
    .sort();
}

test("conditions count as kube-proxy counts them", () => {
  const other = at("10.0.0.9");
  for (const [conditions, alone, besideReady] of [
    [{ ready: true }, true, true],
    [{ ready: true, serving: true, terminating: false }, true, true],
    [undefined, true, true],
    [null, true, true],
    [{}, true, true],
    [{ ready: null }, true, true],
    // publishNotReadyAddresses: ready whatever else is true of the pod
    [{ ready: true, serving: true, terminating: true }, true, true],
    [{ ready: false }, false, false],
    [{ ready: false, serving: true }, false, false],
    [{ ready: false, serving: true, terminating: false }, false, false],
    [{ ready: false, serving: false, terminating: true }, false, false],
    [{ ready: false, serving: true, terminating: true }, true, false],
    [{ ready: false, terminating: true }, true, false],
  ] as const) {
    const one = at("10.0.0.1", conditions);
    const label = JSON.stringify(conditions);
    assert.equal(addresses([slice([one])]).includes("10.0.0.1:8080"), alone, `alone ${label}`);
    assert.equal(
      addresses([slice([one, other])]).includes("10.0.0.1:8080"),
      besideReady,
      `beside a ready one ${label}`,
    );
    assert.ok(addresses([slice([other]), slice([one])]).includes("10.0.0.9:8080"), "across slices");
  }
});

test("an address that several slices list is one instance, in its best condition", () => {
  const ready = at("10.0.0.1");
  const gone = at("10.0.0.1", { ready: false, serving: false, terminating: true });
  assert.deepEqual(addresses([slice([ready]), slice([gone])]), ["10.0.0.1:8080"]);
  assert.deepEqual(addresses([slice([gone]), slice([ready])]), ["10.0.0.1:8080"]);
  assert.deepEqual(addresses([slice([gone]), slice([gone])]), []);
});

test("the order of slices and of endpoints does not matter", () => {
  const all = [slice([at("10.0.0.3"), at("10.0.0.1")]), slice([at("10.0.0.2")]), slice([])];
  assert.deepEqual(addresses(all), addresses([...all].reverse()));
  assert.deepEqual(addresses(all), ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
});

test("a port is looked up in each slice", () => {
  const udp: SlicePort = { name: "grpc", port: 8080, protocol: "UDP" };
  const unnamed: SlicePort = { name: "", port: 7000 };
  for (const [ports, wanted, found] of [
    // by name
    [[GRPC, METRICS], "grpc", 8080],
    [[METRICS, { name: "grpc", port: 50051 }], "grpc", 50051],
    [[METRICS], "grpc", undefined],
    [[unnamed], "grpc", undefined],
    [[udp], "grpc", undefined],
    [[], "grpc", undefined],
    [null, "grpc", undefined],
    [[{ name: "grpc", port: null }], "grpc", undefined],
    [[{ name: "grpc", port: 70_000 }], "grpc", undefined],
    // by number: the pods' port
    [[GRPC, METRICS], 9090, 9090],
    [[GRPC, METRICS], 80, undefined],
    // by number: the Service's own, where only one port can be meant
    [[GRPC], 80, 8080],
    [[unnamed], 80, 7000],
    [[GRPC, { ...METRICS, protocol: "UDP" }], 80, 8080],
    [[udp], 8080, undefined],
    // no ports listed, or a port without a number: every port is served
    [[], 80, 80],
    [null, 80, 80],
    [undefined, 80, 80],
    [[{ name: "any" }], 80, 80],
    [[{ name: "any" }, GRPC], 80, 80],
    // no port in the target
    [[GRPC], undefined, 8080],
    [[unnamed], undefined, 7000],
    [[GRPC, METRICS], undefined, undefined],
    [[], undefined, undefined],
  ] as const) {
    const one: EndpointSlice = {
      addressType: "IPv4",
      endpoints: [at("10.0.0.1")],
      ...(ports !== undefined && { ports }),
    };
    const { instances } = merge([one], wanted);
    const expected = found === undefined ? [] : [`10.0.0.1:${found}`];
    assert.deepEqual(
      instances.map(({ address }) => address),
      expected,
      `${wanted} in ${JSON.stringify(ports)}`,
    );
  }
  const rolling = [slice([at("10.0.0.1")]), slice([at("10.0.0.2")], { ports: [{ name: "grpc", port: 50051 }] })];
  assert.deepEqual(addresses(rolling, "grpc"), ["10.0.0.1:8080", "10.0.0.2:50051"]);
  assert.deepEqual(addresses(rolling, 80), ["10.0.0.1:8080", "10.0.0.2:50051"]);
});

test("one family is used, and readiness does not change which", () => {
  const v4 = slice([at("10.0.0.1")]);
  const v6 = slice([at("fd00::1")], { addressType: "IPv6" });
  const fqdn = slice([at("order.example.com")], { addressType: "FQDN" });
  const startingV4 = slice([at("10.0.0.1", { ready: false })]);
  assert.deepEqual(addresses([v6, v4]), ["10.0.0.1:8080"]);
  assert.deepEqual(addresses([v6, v4], "grpc", "ipv6"), ["[fd00::1]:8080"]);
  assert.deepEqual(addresses([v6, startingV4]), []);
  assert.deepEqual(addresses([v6, startingV4], "grpc", "ipv6"), ["[fd00::1]:8080"]);
  assert.deepEqual(addresses([v6, fqdn]), ["[fd00::1]:8080"]);
  assert.deepEqual(addresses([fqdn]), ["order.example.com:8080"]);
  assert.deepEqual(addresses([v6], "grpc", "ipv4"), []);
});

test("zone, pod, node and hints are told", () => {
  const [instance] = merge([
    slice([
      {
        addresses: ["10.0.0.1", "10.0.0.2"],
        nodeName: "node-1",
        zone: "eu-1a",
        targetRef: { kind: "Pod", name: "order-0" },
        hints: { forZones: [{ name: "eu-1a" }, { name: "eu-1b" }] },
      },
    ]),
  ]).instances;
  assert.deepEqual(instance, {
    address: "10.0.0.1:8080",
    zone: "eu-1a",
    metadata: { "k8s.pod.name": "order-0", "k8s.node.name": "node-1", "k8s.hints.zones": "eu-1a,eu-1b" },
  });
  assert.deepEqual(merge([slice([at("10.0.0.1")])]).instances, [{ address: "10.0.0.1:8080" }]);
});

test("every listed address is known, callable or not", () => {
  const { listed } = merge([slice([at("10.0.0.1"), at("10.0.0.2", { ready: false })]), slice([at("10.0.0.3")])]);
  assert.deepEqual([...listed].sort(), ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
});

test("when nobody can be called the reason is given", () => {
  const ports = [GRPC, METRICS];
  for (const [slices, port, family, problem] of [
    [[slice([at("10.0.0.1")])], "grpc", "auto", undefined],
    [[], "grpc", "auto", /no EndpointSlice: is there such a Service/],
    [[slice([], { ports: [] })], "grpc", "auto", /has no endpoints: do its pods run/],
    [[slice([at("10.0.0.1", { ready: false })])], "grpc", "auto", /none of its endpoints is ready/],
    [
      [slice([at("10.0.0.1")], { ports })],
      "http",
      "auto",
      /no TCP port "http": its pods' ports are grpc 8080, metrics 9090/,
    ],
    [[slice([at("10.0.0.1")], { ports })], 80, "auto", /no TCP port 80: its pods' ports are/],
    [
      [slice([at("10.0.0.1")], { ports })],
      undefined,
      "auto",
      /must say which port is meant: .*grpc 8080, metrics 9090/,
    ],
    [[slice([at("10.0.0.1")], { ports: [] })], "grpc", "auto", /no TCP port "grpc": it lists no ports/],
    [[slice([at("10.0.0.1")], { ports: [{ ...GRPC, protocol: "UDP" }] })], "grpc", "auto", /grpc 8080 UDP/],
    [[slice([at("10.0.0.1")])], "grpc", "ipv6", /no IPv6 endpoints \(family=ipv6\)/],
  ] as const) {
    const merged = mergeSlices(slices, { port, family });
    if (problem === undefined) assert.equal(merged.problem, undefined);
    else assert.match(merged.problem ?? "", problem);
  }
});

test("what makes no sense is left out by name, and the rest is used", () => {
  const strange = [
    null,
    7,
    {},
    { addresses: [] },
    { addresses: [5] },
    { addresses: "10.0.0.4" },
    { addresses: ["10.0.0.300"] },
    { addresses: ["fd00::1"] },
    { addresses: ["10.0.0.1"], conditions: 4, zone: 4, nodeName: {}, targetRef: "x", hints: { forZones: [null, 4] } },
  ] as unknown as Endpoint[];
  const merged = merge([slice(strange), null, "slice", slice([at("10.0.0.2")])] as unknown as EndpointSlice[]);
  assert.deepEqual(merged.instances, [{ address: "10.0.0.1:8080" }, { address: "10.0.0.2:8080" }]);
  assert.equal(merged.malformed.length, 8);
  assert.ok(
    merged.malformed.includes('an endpoint whose address "10.0.0.300" is not IPv4'),
    merged.malformed.join("; "),
  );
});

test("no input makes the merge throw, nor list an address twice", () => {
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const endpoint = fc.record({
    addresses: fc.oneof(fc.array(fc.ipV4(), { maxLength: 2 }), fc.anything()),
    conditions: fc.oneof(
      fc.record({ ready: maybe(fc.boolean()), serving: maybe(fc.boolean()), terminating: maybe(fc.boolean()) }),
      fc.anything(),
    ),
    hints: fc.anything(),
    targetRef: fc.anything(),
  });
  const anySlice = fc.record({
    addressType: fc.constantFrom("IPv4", "IPv6", "FQDN", undefined),
    ports: fc.oneof(fc.array(fc.record({ name: fc.constantFrom("grpc", ""), port: fc.integer() })), fc.anything()),
    endpoints: fc.oneof(fc.array(fc.oneof(endpoint, fc.anything())), fc.anything()),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(anySlice, fc.anything())), fc.constantFrom("grpc", 80, undefined), (slices, port) => {
      const { instances } = mergeSlices(slices as EndpointSlice[], { port, family: "auto" });
      assert.equal(new Set(instances.map(({ address }) => address)).size, instances.length);
    }),
  );
});
