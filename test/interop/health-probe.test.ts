import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { Authority } from "../etcd/certificates.js";
import { etcdSkipReason } from "../support/real-parts/etcd.js";
import { interopSkipReason } from "../support/real-parts/gozero.js";
import { until } from "../support/until.js";
import { fleet } from "./fleet.js";
import { CANNOT_CONNECT, NOT_SERVING, probe, REFUSED, SERVING } from "./health-probe.js";

const skip = interopSkipReason() || etcdSkipReason();
const options = { skip, timeout: 120_000 };

test("a server of either kind is serving, and refuses the question where Health is off", options, async (t) => {
  const { serverProcess, server } = await fleet(t);
  for (const { address } of [await serverProcess("go-zero"), await serverProcess("Rollcall"), await server()]) {
    assert.equal(await probe(address), SERVING);
  }
  for (const { address } of [await serverProcess("go-zero", "Health: false"), await server("Health: false")]) {
    assert.equal(await probe(address), REFUSED);
  }
});

test("a service is asked for by its name; one that is not there is an error", options, async (t) => {
  const { address } = await (await fleet(t)).server();
  assert.equal(await probe(address, "-service=rollcall.interop.v1.Echo"), SERVING);
  assert.equal(await probe(address, "-service=nobody.here"), REFUSED);
});

test("a server that is paused is not serving, and is again when it is resumed", options, async (t) => {
  const server = await (await fleet(t)).server();
  await server.pause();
  assert.equal(await probe(server.address), NOT_SERVING);
  await server.resume();
  assert.equal(await probe(server.address), SERVING);
});

test("a server that drains is not serving while it still answers, and then it is down", options, async (t) => {
  const server = await (await fleet(t)).server("Shutdown: { WrapUpTime: 5s, WaitTime: 8s }");
  const stopped = server.stop();
  await until(async () => (await probe(server.address)) === NOT_SERVING, "the probe sees that it drains", 4_000);
  await stopped;
  assert.equal(await probe(server.address), CANNOT_CONNECT);
});

test("over TLS the probe trusts the authority it is told, and nothing else", options, async (t) => {
  using authority = new Authority();
  const { address } = await secured(t, authority, false);
  assert.equal(await probe(address), CANNOT_CONNECT);
  assert.equal(await probe(address, "-tls"), CANNOT_CONNECT);
  assert.equal(await probe(address, "-tls", `-tls-ca-cert=${authority.caFile}`), SERVING);
});

test("a server that asks for certificates answers a probe that has one", options, async (t) => {
  using authority = new Authority();
  const { address } = await secured(t, authority, true);
  const { certFile, keyFile } = authority.sign("probe");
  const trusting = ["-tls", `-tls-ca-cert=${authority.caFile}`];
  assert.notEqual(await probe(address, ...trusting), SERVING);
  const own = [`-tls-client-cert=${certFile}`, `-tls-client-key=${keyFile}`];
  assert.equal(await probe(address, ...trusting, ...own), SERVING);
});

async function secured(t: TestContext, authority: Authority, askForCertificates: boolean) {
  const { certFile, keyFile } = authority.sign("server");
  const pair = { cert_chain: readFileSync(certFile), private_key: readFileSync(keyFile) };
  const credentials = grpc.ServerCredentials.createSsl(readFileSync(authority.caFile), [pair], askForCertificates);
  return (await fleet(t)).server("", undefined, { credentials });
}
