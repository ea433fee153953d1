import assert from "node:assert/strict";
import { test } from "node:test";
import { hideSecretValues } from "./secret-values.js";

/** What `given` becomes, by its text. */
function assertShown(given: Readonly<Record<string, string>>, whole = false): void {
  for (const [text, shown] of Object.entries(given)) assert.equal(hideSecretValues(text, whole), shown, text);
}

test("a secret is hidden however deep it stands in the values of names that are none", () => {
  assertShown({
    "dsn=password=hunter2 host=db": "dsn=password=... host=db",
    "err=token=abc": "err=token=...",
    'key="password=abc def" a=b': 'key="password=..." a=b',
    "headers={authorization=Bearer abc} a=b": "headers={authorization=... a=b",
    '{"log":"{\\"password\\":\\"abc def\\",\\"b\\":1}"}': '{"log":"{\\"password\\":...,\\"b\\":1}"}',
    '{"folder":"C:\\\\","pass":"abc def","a":"token=b c"}': '{"folder":"C:\\\\","pass":...,"a":"token=..."}',
    '"password=abc def" is wrong': '"password=..." is wrong',
  });
});

test("names and values are known in the forms that logs, headers and JSON give them", () => {
  assertShown({
    "Authorization: Bearer abc": "Authorization: ...",
    "called with Bearer eyJ0.abc and failed": "called with Bearer ... and failed",
    "cookie: sid=abc; other=def": "cookie: ...",
    "Set-Cookie=sid=abc; Path=/": "Set-Cookie=...",
    "x-api-key: abc123 was sent": "x-api-key: ... was sent",
    "GET /orders?token=abc&page=1": "GET /orders?token=...&page=1",
    "password%3Dhunter2": "password%3D...",
    "token => abc, pass := 'a b'": "token => ..., pass := ...",
    "{ password: 'abc def', b: 1 }": "{ password: ..., b: 1 }",
    '{"token":["ab c","d"],"pin-token":12345,"b":2}': '{"token":...,"pin-token":...,"b":2}',
  });
});

test("where it cannot be told where a secret ends, more is hidden", () => {
  assertShown({
    'password="abc def': "password=...",
    "password=hun,ter;2&3 and more": "password=... and more",
    "password=hun'ter2": "password=...",
    "password=[abc def": "password=...",
    "password=[a]bc def": "password=... def",
  });
  assertShown({ "host=db password=abc def": "host=db password=..." }, true);
});

test("prose, addresses and names without a value stay as they are", () => {
  for (const text of [
    "Etcd.Pass: expected the password of the etcd user",
    'has no option "psas": did you mean pass?',
    "cannot renew the token: ECONNREFUSED",
    "token-service:8080 and https://token-service:8080/path are away",
    "Basic auth is needed",
    "pass=",
    "it's a=b, isn't it",
    "",
  ]) {
    assert.equal(hideSecretValues(text), text);
    if (!text.includes("'")) assert.equal(hideSecretValues(text, true), text);
  }
});
