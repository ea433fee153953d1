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

test("what stands in quotes before a colon is read too, and is no name where it has names of its own", () => {
  assertShown({
    'failed "host=db password=hunter2": 10.0.0.1:5432 refused': 'failed "host=db password=...": 10.0.0.1:5432 refused',
    "Command failed 'psql --password=hunter2': 127": "Command failed 'psql --password=...': 127",
    'invalid "Authorization: Bearer eyJ0.x": 401': 'invalid "Authorization: ...": 401',
    '{"pass=hunter2":1}': '{"pass=...":1}',
    '"tokens/eu=1" = [2]': '"tokens/eu=1" = [2]',
    '"password (old)": hunter2': '"password (old)": ...',
    '"pass": hunter': '"pass": ...',
  });
});

test("the beginning of a text may be missing, and the quote before a name with it", () => {
  assertShown({
    'pass": HUNTER, "b": 1': 'pass": ..., "b": 1',
    'pass" : "hun ter2", "b": 1': 'pass" : ..., "b": 1',
    'word\\": \\"x y\\", \\"token\\": \\"hun ter2\\"': 'word\\": \\"x y\\", \\"token\\": ...',
  });
});

test("before a colon a name is as secret as before an equals sign", () => {
  assertShown({
    "db-password: hunter2": "db-password: ...",
    "with ETCD_PASS: hunter2 and more": "with ETCD_PASS: ... and more",
    "AWS_SECRET_ACCESS_KEY: wJalr/123": "AWS_SECRET_ACCESS_KEY: ...",
    "{ secretKey: s3cr3t-1 }": "{ secretKey: ... }",
    "Secret-Id: s3cr3t": "Secret-Id: ...",
    "client-secret-value: x1-y2": "client-secret-value: ...",
    "x-api-key-v2: k3y": "x-api-key-v2: ...",
    "tokenId: t0k": "tokenId: ...",
    "tokens: abc123": "tokens: ...",
    "password1: hunter2": "password1: ...",
    "DB_PASSWORD_1: hunter2": "DB_PASSWORD_1: ...",
    "passwordHash: $2a$10$abc": "passwordHash: ...",
    "pasword: hunter2": "pasword: ...",
    "psas: hunter2": "psas: ...",
    "spring.datasource.password: hunter2": "spring.datasource.password: ...",
    "etcd.password: hunter2": "etcd.password: ...",
    "Etcd.Pass: hunter2": "Etcd.Pass: ...",
    "{ accessTokens: ['a b'] }": "{ accessTokens: ... }",
    "passengers=3": "passengers=...",
  });
});

test("what is quoted before a colon may end with a separator, or be a path of names", () => {
  assertShown({
    '"password=": "hunter2"': '"password=": ...',
    '"host=db password=": "hunter2"': '"host=db password=": ...',
    '{"Db:Password:Primary":"hunter2"}': '{"Db:Password:Primary":...}',
    '{"token-service:8080":"away"}': '{"token-service:8080":"away"}',
  });
});

test("a number after a colon is a count, unless the name ends with a secret's", () => {
  assertShown({
    "password: 123456": "password: ...",
    "etcd.password: 123456": "etcd.password: ...",
    "tokens: 12/ab": "tokens: ...",
    "tokens: 12.ab": "tokens: ...",
    "tokens: 12-34": "tokens: ...",
    "tokens: 12:ab": "tokens: ...",
    "credentials: u1:1234": "credentials: ...",
    "password: 10.0.0.1:8080/x": "password: ...",
  });
});

test("counts, addresses and what is said of a service are no secrets", () => {
  for (const text of [
    "TokenRpc key token.rpc: 13 further keys",
    "TokenRpc: 3 instances",
    "TokenRpc: 10.0.0.1:8080, 10.0.0.2:8080",
    "PassengerRpc: 3",
    "PassengerRpc: 3 instances",
    "token.rpc: 10.0.0.1:8080 left",
    "order.token: 10.0.0.1:8080 left",
    "tests passed: 12",
    "(tests passed: 12).",
    "{ passed: 12, tokens: 5 }",
    "hedge tokens: 5 of 10",
    "pod=order-1 pid=7 cwd=/srv",
  ])
    assert.equal(hideSecretValues(text), text);
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
