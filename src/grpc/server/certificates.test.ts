import assert from "node:assert/strict";
import { test } from "node:test";
import { experimental, ServerCredentials } from "@grpc/grpc-js";
import { certificateIsRead } from "./certificates.js";

const { createCertificateProviderServerCredentials, FileWatcherCertificateProvider } = experimental;

function watching(certificateFile: string): ServerCredentials {
  const files = new FileWatcherCertificateProvider({
    caCertificateFile: certificateFile,
    certificateFile,
    privateKeyFile: certificateFile,
    refreshIntervalMs: 10,
  });
  return createCertificateProviderServerCredentials(files, files, true);
}

test("credentials that watch files are waited for until these are read", async () => {
  // What stands in them is for TLS to judge.
  const credentials = watching("package.json");
  assert.equal(credentials._getSecureContextOptions(), null);
  await certificateIsRead(credentials, 60_000);
  assert.notEqual(credentials._getSecureContextOptions(), null);
});

test("files that cannot be read fail the start, in words", async () => {
  await assert.rejects(
    certificateIsRead(watching("no/such.pem"), 50),
    /no TLS certificate to show: for 0\.05 s .*check the files/,
  );
});

test("other credentials have nothing to wait for", async () => {
  await certificateIsRead(ServerCredentials.createInsecure(), 0);
  const pair = { cert_chain: Buffer.from(""), private_key: Buffer.from("") };
  await certificateIsRead(ServerCredentials.createSsl(null, [pair]), 0);
});
