/** Minor versions of grpc-js whose experimental API Rollcall knows; both ends run in CI. */
export const SUPPORTED = ">=1.13.0 <1.15.0";

/** @throws Error that names the version found and the mend. */
export function checkVersion(version: string): void {
  const [major, minor] = version.split(".").map(Number);
  if (major === 1 && minor !== undefined && minor >= 13 && minor <= 14) return;
  throw new Error(
    `rollcall works with @grpc/grpc-js ${SUPPORTED}, but ${version} is installed: ` +
      `install a supported one (npm install "@grpc/grpc-js@^1.14.0") or a release of rollcall that supports ${version}`,
  );
}
