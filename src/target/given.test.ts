import assert from "node:assert/strict";
import { test } from "node:test";
import { registerBuiltInBackends } from "../backends/index.js";
import { checkNames, refuse, targetOf } from "./given.js";

registerBuiltInBackends();

const refused = (message: RegExp) => (error: unknown) => error instanceof TypeError && message.test(error.message);

test("options that are none, or not known, are refused by name", () => {
  const check = (given: unknown) => () => checkNames("a pool", given, ["waitMs", "zone"]);
  assert.doesNotThrow(check({ zone: "a", waitMs: undefined }));
  assert.throws(check({ waitms: 1 }), refused(/^a pool has no option "waitms": did you mean waitMs\?$/));
  assert.throws(check({ zoen: 1 }), refused(/did you mean zone\?/));
  assert.throws(check({ colour: 1 }), refused(/its options are waitMs, zone$/));
  for (const [given, said] of [
    [null, /null/],
    [undefined, /undefined/],
    [5, /5/],
    ["zone", /"zone"/],
    [[], /a list/],
  ] as const) {
    assert.throws(check(given), refused(new RegExp(`^a pool takes its options by name, .*, not ${said.source}$`)));
  }
});

test("a refusal shows texts and numbers, and of what may hold keys only what it is", () => {
  const refuses = (value: unknown) => () => refuse("tls", value, "true");
  assert.throws(refuses({ key: "PRIVATE" }), refused(/^tls is an object; expected true$/));
  assert.throws(refuses(["PRIVATE"]), refused(/^tls is a list;/));
  assert.throws(
    refuses(() => "PRIVATE"),
    refused(/^tls is a function;/),
  );
  assert.throws(refuses("http://user:PRIVATE@host"), refused(/^tls is "http:\/\/user:\.\.\.@host";/));
  assert.throws(refuses(2n), refused(/^tls is 2;/));
  assert.throws(refuses(Number.NaN), refused(/^tls is NaN;/));
  assert.throws(refuses(Symbol("x")), refused(/^tls is Symbol\(x\);/));
});

test("a target is a URL or its parts, and anything else is refused where it is given", () => {
  const parts = { scheme: "etcd", hosts: ["h:2379"], service: "order.rpc", params: {}, settings: { Pass: "PRIVATE" } };
  assert.deepEqual(targetOf("etcd:///h:2379?key=order.rpc").hosts, ["h:2379"]);
  assert.equal(targetOf(parts), parts);
  for (const given of [
    undefined,
    null,
    5,
    {},
    new URL("etcd:///h:2379?key=a"),
    { ...parts, hosts: undefined },
    { ...parts, hosts: "h:2379" },
    { ...parts, params: undefined },
    { ...parts, service: "" },
  ]) {
    assert.throws(
      () => targetOf(given as never),
      refused(/^the target is (?!.*PRIVATE).*; expected a URL such as etcd:/),
    );
  }
  assert.throws(() => targetOf({ ...parts, scheme: "consul" }), refused(/no backend is called "consul"/));
});
