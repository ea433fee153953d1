import assert from "node:assert/strict";
import { test } from "node:test";
import { rollcallInterceptor } from "../../src/undici/index.js";
import { contestants } from "./contestants.js";

for (const { name, undici, global } of contestants) {
  // From 8 on they name their own.
  if (global || name.startsWith("undici 8")) continue;
  test(`${name}: a request without an origin, as those of a Client or a Pool are, is refused`, async (t) => {
    const interceptor = rollcallInterceptor("direct:///127.0.0.1:1");
    t.after(() => interceptor.close());
    for (const kind of ["Client", "Pool"] as const) {
      const dispatcher = new undici[kind]("http://127.0.0.1:1").compose(interceptor as never);
      await assert.rejects(dispatcher.request({ path: "/", method: "GET" }), /names no origin: .*new Agent\(\)/);
    }
  });
}

test("redirects that undici 6 would follow to the address of one instance are refused", async (t) => {
  const { undici } = contestants[0]!;
  const interceptor = rollcallInterceptor("direct:///127.0.0.1:1");
  t.after(() => interceptor.close());
  const dispatcher = new undici.Agent().compose(interceptor as never);
  const options = { dispatcher, maxRedirections: 3 } as object;
  await assert.rejects(undici.request("http://order.http/", options), /compose interceptors\.redirect/);
});

test("what cannot be obeyed is refused by name", () => {
  const make = (options: object) => () => rollcallInterceptor("direct:///127.0.0.1:1", options);
  assert.throws(make({ origins: ["order"] }), /origins is "order"; expected origins such as/);
  assert.throws(make({ origin: ["http://a"] }), /did you mean origins\?/);
  assert.throws(make({ Origins: ["http://a"] }), /did you mean origins\?/);
  assert.throws(make(null as never), /the interceptor takes its options by name/);
  assert.doesNotThrow(() => make({ origins: ["HTTP://Order.http:80"] })().close());
  assert.throws(make({ outcome: 1 }), /outcome is 1; expected a function/);
  assert.throws(make({ subset: 0.5 }), /subset is 0.5/);
});
