import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailure } from "./errors.js";
import { RpcError, Status } from "./rpc/status.js";
import type { ConnectionSettings } from "./settings.js";

const PLAIN: ConnectionSettings = { hosts: [], tls: false };
const TLS: ConnectionSettings = { hosts: [], tls: true };
const MUTUAL: ConnectionSettings = { ...TLS, certFile: "/etc/client.pem", certKeyFile: "/etc/client.key" };

function said(settings: ConnectionSettings, message: string, code = "", status: Status = Status.UNAVAILABLE): string {
  const cause = Object.assign(new Error(message), { code });
  return describeFailure(new RpcError(status, message, { cause }), "etcd.prod:2379", settings).message;
}

test("a failure of TLS names the side that is wrong and the setting that changes it", () => {
  const cases: [ConnectionSettings, string, string, RegExp][] = [
    [PLAIN, "it closed the connection without a word, as a server that expects TLS does", "", /write https:\/\//],
    [TLS, "TLS: wrong version number", "ERR_SSL_WRONG_VERSION_NUMBER", /not to speak TLS.*without https:\/\//],
    [TLS, "Client network socket disconnected before secure TLS connection", "ECONNRESET", /not to speak TLS/],
    [TLS, "TLS: tlsv13 alert certificate required", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", /set Etcd\.CertFile/],
    [TLS, "TLS: sslv3 alert bad certificate", "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", /set Etcd\.CertFile/],
    [
      MUTUAL,
      "TLS: sslv3 alert certificate expired",
      "ERR_SSL_X",
      /refuses.*Etcd\.CertFile \(\/etc\/client\.pem\).*expired/,
    ],
    [MUTUAL, "TLS: tlsv1 alert unknown ca", "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", /refuses the client certificate/],
    [TLS, "unable to verify the first certificate", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", /Etcd\.CACertFile/],
    [TLS, "certificate has expired", "CERT_HAS_EXPIRED", /expired.*etcd's certificate/],
    [
      TLS,
      "Hostname/IP does not match certificate's altnames: Host: etcd.prod. is not in the cert's altnames: DNS:other",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      /Etcd\.Hosts.*DNS name etcd\.prod/,
    ],
    [PLAIN, "Protocol error", "ERR_HTTP2_ERROR", /client port/],
  ];
  for (const [settings, message, code, expected] of cases) {
    const text = said(settings, message, code);
    assert.match(text, expected, code || message);
    assert.ok(text.includes("etcd.prod:2379") && text.includes(message), text);
  }
});

test("what etcd refuses names the user, and a plain outage has no advice that leads astray", () => {
  const user = { ...PLAIN, user: "shop" };
  assert.match(said(user, "etcdserver: authentication failed", "", Status.INVALID_ARGUMENT), /"shop".*Etcd\.Pass/);
  assert.match(said(user, "etcdserver: permission denied", "", Status.PERMISSION_DENIED), /"shop".*grant a role/);
  assert.match(said(PLAIN, "etcdserver: user name is empty", "", Status.INVALID_ARGUMENT), /Etcd\.User/);
  const refused = said(PLAIN, "connect ECONNREFUSED 10.0.0.1:2379", "ECONNREFUSED");
  assert.equal(refused, "etcd at etcd.prod:2379: connect ECONNREFUSED 10.0.0.1:2379");
});
