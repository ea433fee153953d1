import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { growthOf } from "../testing/growth.js";
import { beginningOf, printable, printableJson, redactText, redactUrl } from "./redact.js";
import { isSecretName } from "./secret-names.js";

test("secrets of targets and hosts are hidden, and the rest stays readable", () => {
  for (const [url, shown] of [
    ["etcd:///h1:2379,h2?key=order.rpc", "etcd:///h1:2379,h2?key=order.rpc"],
    ["etcd:///h1?key=a&user=root&pass=hunter2", "etcd:///h1?key=a&user=root&pass=..."],
    ["etcd:///h1?PASS=hunter2&key=a", "etcd:///h1?PASS=...&key=a"],
    ["etcd:///h1?psas=hunter2&key=a", "etcd:///h1?psas=...&key=a"],
    ["etcd:///h1?password=hun ter2&key=a", "etcd:///h1?password=...&key=a"],
    ["etcd:///h1?p%61ss=hunter2", "etcd:///h1?p%61ss=..."],
    ["etcd:///h1?pass=hun&ter2&key=a", "etcd:///h1?pass=...&key=a"],
    ["etcd:///h1?pass=hun&ter=2&key=a", "etcd:///h1?pass=...&key=a"],
    ["etcd://root:hunter2@h1:2379/a", "etcd://root:...@h1:2379/a"],
    ["etcd://root:hun:ter@2@h1:2379/a", "etcd://root:...@h1:2379/a"],
    ["etcd:///h1:2379,root:hunter2@h2:2379?key=a", "etcd:///h1:2379,root:...@h2:2379?key=a"],
    ["root:hunter2@h1:2379", "root:...@h1:2379"],
    ["https://root:123@h1:2379/", "https://root:...@h1:2379/"],
    ["consul:///c1:8500?key=a&dc=eu&token=hunter2", "consul:///c1:8500?key=a&dc=eu&token=..."],
    ["etcd:///h1?key=a&dsn=password=hunter2 x", "etcd:///h1?key=a&dsn=password=..."],
    ["order.rpc/password=hun ter2", "order.rpc/password=..."],
    ["etcd:///h1:2379?key=team@order", "etcd:///h1:2379?key=team@order"],
    ["k8s://shop/order:grpc", "k8s://shop/order:grpc"],
    ["[::1]:8080", "[::1]:8080"],
  ] as const) {
    assert.equal(redactUrl(url), shown, url);
  }
});

test("prose keeps its words and loses its secrets", () => {
  for (const [text, shown] of [
    ["Etcd.Pass: expected the password of the etcd user", "Etcd.Pass: expected the password of the etcd user"],
    ["lost etcd:///h?key=a&pass=hunter2: no answer", "lost etcd:///h?key=a&pass=... no answer"],
    ["lost http://root:hunter2@h:2379, trying again", "lost http://root:...@h:2379, trying again"],
    ["login failed: password=hunter2; check it", "login failed: password=...; check it"],
    ['{"user":"root","pass":"hun\\"ter2"}', '{"user":"root","pass":...}'],
    ["dialled root:hunter2@h:2379", "dialled root:...@h:2379"],
    ["dialled root:hun@ter2@h:2379", "dialled root:...@h:2379"],
    ["connected to 10.0.0.1:8080 as a=b", "connected to 10.0.0.1:8080 as a=b"],
  ] as const) {
    assert.equal(redactText(text), shown, text);
  }
});

test("a long text takes as much longer as it is longer, whatever it is made of: one key in etcd must not stop a process", () => {
  for (const [pattern, tail] of [
    ...(
      ["=:", "a:b,", "a=", "a:b@", "a://", "?a=", "a;b=", "'a ", ' "a ', '\\"a ', "\\", "{", "a=[", "a-"] as const
    ).map((one) => [one, ""] as const),
    ["a", " ="],
    [" ", "=a"],
    ["a:b,", "@h"],
    ["a", "=b"],
  ] as const) {
    for (const redact of [redactText, redactUrl, (text: string) => beginningOf(`${text}@`, text.length)]) {
      const growth = growthOf(redact, pattern, tail);
      assert.ok(growth < 100, `${JSON.stringify(pattern)} x 16 takes ${growth.toFixed(0)} times as long`);
    }
  }
});

test("of a text that was cut no half secret is shown", () => {
  assert.equal(beginningOf("short", 5), "short");
  assert.equal(beginningOf("dialled root:hunter2", 14), "dialled root:h");
  assert.equal(beginningOf("dialled root:hunter2@h:2379", 14), "dialled ");
});

const secretName = fc.constantFrom(
  "pass",
  "Pass",
  "psas",
  "pas",
  "passs",
  "password",
  "pasword",
  "passwd",
  "pwd",
  "token",
);
/** Long enough not to stand in the rest by chance, and hostile. */
const secret = fc
  .array(fc.constantFrom(..."Zz9!#$%^*()_-+{}[]|:;<>,.?/~` \"'@&=\\\u00e9\u{1f511}"), { minLength: 1, maxLength: 20 })
  .map((chars) => `Q7${chars.join("")}7Q`);

/** No piece of the secret stands in the text: not its head, not its tail. */
function assertHidden(shown: string, password: string): void {
  for (const piece of [password, password.slice(0, 3), password.slice(-3), "Q7", "7Q"]) {
    assert.ok(!shown.includes(piece), `${JSON.stringify(piece)} of ${JSON.stringify(password)} stands in ${shown}`);
  }
}

test("no piece of a password in a target is shown, whatever it is made of and however its name is misspelt", () => {
  fc.assert(
    fc.property(secretName, secret, (name, password) => {
      const encoded = encodeURIComponent(password);
      assertHidden(redactUrl(`etcd:///h1:2379?key=order.rpc&${name}=${encoded}`), encoded);
      assertHidden(redactUrl(`etcd:///h1:2379?${name}=${encoded}&key=order.rpc`), encoded);
      // As a person types it.
      assertHidden(redactUrl(`etcd:///h1:2379?key=order.rpc&${name}=${password.replaceAll("&key", "")}`), password);
      assertHidden(redactUrl(`etcd://root:${password}@h1:2379/order.rpc`), password);
      assertHidden(redactUrl(`root:${password}@h1:2379`), password);
      assertHidden(redactText(`cannot use etcd:///h1?key=a&${name}=${encoded}; it is wrong`), encoded);
    }),
    { numRuns: 2_000 },
  );
});

test("a name is secret when it means a password or is nearly that word", () => {
  for (const name of ["Pass", "pss", "pasd", "Password", "ETCD_PASSWORD", "token", "X-Api-Key", "client_secret", "pwd"])
    assert.ok(isSecretName(name), name);
  for (const name of ["key", "user", "id", "ttl", "Hosts", "CertFile", "path", "base", "port", "zone", "", "service"])
    assert.ok(!isSecretName(name), name);
  for (const name of ["pod", "pid", "cwd", "pw", "wd"]) assert.ok(!isSecretName(name), name);
});

test("nothing that steers a terminal gets through, and JSON keeps its meaning", () => {
  const steering = "a\u001b[2J\u0007\r\nb\u0085\u009b31m\u202e\u2066\u200f\u2028\ufeff\ud800\u{e0001}z";
  const dangerous = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
  assert.doesNotMatch(printable(steering), dangerous);
  assert.match(printable(steering), /^a\\u001b\[2J.*\\udb40\\udc01z$/);
  assert.equal(printable("Grüße 東京 🔑"), "Grüße 東京 🔑");
  const data = { text: steering, id: 9007199254740993n };
  assert.doesNotMatch(printableJson(data), dangerous);
  assert.deepEqual(JSON.parse(printableJson(data)), { text: steering, id: "9007199254740993" });
});
