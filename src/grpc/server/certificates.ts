import type { ServerCredentials } from "@grpc/grpc-js";
import { endsWithin } from "../../async/time-limit.js";

/** How long a start waits for files that cannot be read yet, in milliseconds. */
export const READING_MS = 10_000;

/**
 * Resolves when there is a certificate to show: at once, but for credentials that watch files (grpc-js' FileWatcherCertificateProvider).
 * These read them after the server is bound, and grpc-js drops whoever connects before.
 * @throws Error when there is none after `limitMs`.
 */
export async function certificateIsRead(credentials: ServerCredentials, limitMs = READING_MS): Promise<void> {
  if (!credentials._isSecure() || credentials._getSecureContextOptions() !== null) return;
  let told: Parameters<ServerCredentials["_addWatcher"]>[0] = () => {};
  const read = new Promise<void>((resolve) => {
    told = (context) => {
      if (context !== null) resolve();
    };
    credentials._addWatcher(told);
  });
  const inTime = await endsWithin(read, limitMs);
  credentials._removeWatcher(told);
  if (inTime) return;
  throw new Error(
    `the server has no TLS certificate to show: for ${limitMs / 1000} s its key and certificate, or the authority's, could not be read; ` +
      "check the files of the credentials' certificate provider",
  );
}
