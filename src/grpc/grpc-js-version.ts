/**
 * Versions of grpc-js whose experimental API Rollcall knows; both ends run in CI. Each minor begins at the version that mends
 * CVE-2026-48068 and CVE-2026-48069: below it, one malformed request ends a server's process.
 */
export const SUPPORTED = ">=1.13.5 <1.14.0 || >=1.14.4 <1.15.0";

/** The first patch of each minor that will do. */
const FIRST_PATCH: Readonly<Record<number, number>> = { 13: 5, 14: 4 };

/** @throws Error that names the version found, why it will not do, and the fix. */
export function checkVersion(version: string): void {
  const [major, minor, patch] = version.split(".").map((part) => Number.parseInt(part, 10));
  const first = major === 1 ? FIRST_PATCH[minor ?? -1] : undefined;
  if (first !== undefined && (patch ?? 0) >= first) return;
  const why =
    first === undefined ? "" : " (earlier ones have CVE-2026-48068 and CVE-2026-48069: a request can crash a server)";
  throw new Error(
    `rollcall works with @grpc/grpc-js ${SUPPORTED}${why}, but ${version} is installed: ` +
      `install a supported one (npm install "@grpc/grpc-js@^1.14.4") or a release of rollcall that supports ${version}`,
  );
}
