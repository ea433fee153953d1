import assert from "node:assert/strict";
import { test } from "node:test";
import { registerBuiltInBackends } from "../backends/index.js";
import { registerBackend } from "../backends/table.js";
import { parseTarget, parseTargetUrl } from "./parse.js";

registerBuiltInBackends();

test("every documented form of a target URL is read", () => {
  registerBackend("consul", {});
  for (const [url, scheme, hosts, service] of [
    ["etcd:///h1:2379,h2:2379?key=order.rpc", "etcd", ["h1:2379", "h2:2379"], "order.rpc"],
    ["discov:///h1:2379?key=order.rpc", "discov", ["h1:2379"], "order.rpc"],
    ["etcd:///h1,[::1],[::2]:9?key=prod%2Forder.rpc", "etcd", ["h1:2379", "[::1]:2379", "[::2]:9"], "prod/order.rpc"],
    ["etcd:///https://h1,http://h2:1?key=a", "etcd", ["https://h1:2379", "http://h2:1"], "a"],
    ["etcd://h1,h2/order.rpc", "etcd", ["h1:2379", "h2:2379"], "order.rpc"],
    ["etcd://h1:1,h2/prod/order.rpc/", "etcd", ["h1:1", "h2:2379"], "prod/order.rpc"],
    ["etcd://h1,h2?key=order.rpc", "etcd", ["h1:2379", "h2:2379"], "order.rpc"],
    ["etcd:///h1, h2,?KEY=order.rpc", "etcd", ["h1:2379", "h2:2379"], "order.rpc"],
    ["etcd:///h1:2379/,https://h2/?key=a", "etcd", ["h1:2379", "https://h2:2379"], "a"],
    [" ETCD:///h1?key=/a/b ", "etcd", ["h1:2379"], "/a/b"],
    ["direct:///a:1,b:2", "direct", ["a:1", "b:2"], "a:1,b:2"],
    ["direct://a:1,b:2", "direct", ["a:1", "b:2"], "a:1,b:2"],
    ["dns:///order.default.svc:8080", "dns", [], "order.default.svc:8080"],
    ["dns:order:8080", "dns", [], "order:8080"],
    ["dns://10.0.0.10:5353/order:8080", "dns", ["10.0.0.10:5353"], "order:8080"],
    ["dns://10.0.0.10/order", "dns", ["10.0.0.10:53"], "order:443"],
    ["order-rpc:8080", "dns", [], "order-rpc:8080"],
    ["127.0.0.1:8080", "dns", [], "127.0.0.1:8080"],
    ["k8s://shop/order:8080", "k8s", [], "shop/order:8080"],
    ["k8s:///order:grpc", "k8s", [], "order:grpc"],
    ["k8s://shop/order", "k8s", [], "shop/order"],
    ["consul:///c1:8500?key=order.rpc", "consul", ["c1:8500"], "order.rpc"],
  ] as const) {
    assert.deepEqual(parseTargetUrl(url), { scheme, hosts: [...hosts], service, params: {} }, url);
  }
});

test("the parts grpc-js hands to a resolver are read like the whole URL", () => {
  const whole = { scheme: "etcd", hosts: ["h1:2379", "h2:2379"], service: "order.rpc", params: {} };
  assert.deepEqual(parseTarget("etcd", "", "h1,h2?key=order.rpc"), whole);
  assert.deepEqual(parseTarget("etcd", "h1,h2", "order.rpc"), whole);
  assert.deepEqual(parseTarget("etcd", "", "//h1,h2?key=order.rpc"), whole);
});

test("parameters a backend may know are handed on, with lower-case names", () => {
  assert.deepEqual(parseTargetUrl("etcd:///h1?Region=eu&key=a").params, { region: "eu" });
});

test("a backend's own form is honoured, and its error completed with the URL", () => {
  registerBackend("zk", {
    parse({ authority, path, params }) {
      if (path === "") throw new TypeError("it has no path; expected zk://ensemble/path");
      return { hosts: [authority], service: path, params };
    },
  });
  assert.deepEqual(parseTargetUrl("zk://ensemble/a/b?x=1"), {
    scheme: "zk",
    hosts: ["ensemble"],
    service: "a/b",
    params: { x: "1" },
  });
  assert.throws(() => parseTargetUrl("zk://ensemble"), {
    message: '"zk://ensemble" is not a target: it has no path; expected zk://ensemble/path',
  });
});

test("what is no target is refused with its URL, the reason and the expected form", () => {
  const etcd = "; expected etcd:///host:2379,host:2379?key=service";
  const dns = "; expected dns:///name:port or dns://server:port/name:port";
  const k8s =
    "; expected namespace/service:port, where the port is a number or a port's name, and namespace and port may be left out" +
    "; expected k8s://namespace/service:port or k8s:///service:port";
  const address = "; expected host:port, for example 10.0.0.1:8080";
  for (const [url, message] of [
    ["etcd:///h1:2379", `"etcd:///h1:2379" is not a target: it has no key${etcd}`],
    ["etcd:///h1?key=", `"etcd:///h1?key=" is not a target: it has no key${etcd}`],
    ["etcd:///?key=order.rpc", `"etcd:///?key=order.rpc" is not a target: it has no host${etcd}`],
    ["etcd:///,?key=a", `"etcd:///,?key=a" is not a target: it has no host${etcd}`],
    ["etcd:", `"etcd:" is not a target: it has no host${etcd}`],
    [
      "etcd:///h1:port?key=a",
      `"etcd:///h1:port?key=a" is not a target: "h1:port" is not an address: its port is not a number${address}${etcd}`,
    ],
    [
      "etcd:///h1?kye=order.rpc",
      `"etcd:///h1?kye=order.rpc" is not a target: it has a parameter "kye": did you mean key?${etcd}`,
    ],
    ["etcd:///?user=u&Pass=secret&key=a", `"etcd:///?user=u&Pass=...&key=a" is not a target: it has no host${etcd}`],
    ...[
      ["key=a&ttl=abc", 'etcd setting ttl is "abc"; expected whole seconds, at least 1'],
      ["key=a&tls=maybe", 'etcd setting tls is "maybe"; expected true or false'],
      ["key=a&layout=zk", 'Etcd.Layout is "zk"; expected one of go-zero, kratos, kratos-tls'],
      ["key=a&certfile=c", "Etcd.CertFile is given without Etcd.CertKeyFile, the file of its private key"],
      ["key=a%00", "the service key has a zero byte in it"],
    ].map(([query, why]) => [`etcd:///h1?${query}`, `"etcd:///h1?${query}" is not a target: ${why}${etcd}`]),
    ["etcd:///h1?key=a&Key=b", `"etcd:///h1?key=a&Key=b" is not a target: its parameter "Key" is given twice${etcd}`],
    [
      "etcd://h1/order.rpc?key=b",
      `"etcd://h1/order.rpc?key=b" is not a target: it names a service both in its path and in its key parameter${etcd}`,
    ],
    [
      "etcd://h1/50%",
      `"etcd://h1/50%" is not a target: it has a "%" that begins no escape (a percent sign itself is written %25)${etcd}`,
    ],
    [
      "direct:///http://a:1",
      `"direct:///http://a:1" is not a target: "http://a:1" is not an address: it is a URL${address}; expected direct:///host:port,host:port`,
    ],
    ["direct:///", '"direct:///" is not a target: it has no endpoint; expected direct:///host:port,host:port'],
    [
      "direct:///a",
      `"direct:///a" is not a target: "a" is not an address: it has no port${address}; expected direct:///host:port,host:port`,
    ],
    ["dns:///", `"dns:///" is not a target: it has no name to look up${dns}`],
    ["", `"" is not a target: it has no name to look up${dns}`],
    [
      "dns:///::1",
      `"dns:///::1" is not a target: "::1" is not an address: an IPv6 address needs brackets before its port${address}${dns}`,
    ],
    ...[
      ["shop/", "shop/", '"" cannot be a service\'s name'],
      ["Shop/order:80", "Shop/order:80", '"Shop" cannot be a namespace'],
      ["/or_der:80", "or_der:80", '"or_der" cannot be a service\'s name'],
      ["/order:0", "order:0", "its port is neither"],
      ["/a/b/c:1", "a/b/c:1", "it has too many slashes or colons"],
    ].map(([url, name, why]) => [
      `k8s://${url}`,
      `"k8s://${url}" is not a target: "${name}" is no Kubernetes service: ${why}${k8s}`,
    ]),
    [
      "consul:///c1?key=a",
      `"consul:///c1?key=a" is not a target: "c1" is not an address: it has no port${address}; expected consul:///host:port,host:port?key=service`,
    ],
  ] as [string, string][]) {
    assert.throws(() => parseTargetUrl(url), { name: "TypeError", message }, url);
  }
});
