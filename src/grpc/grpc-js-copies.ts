import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { sep } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const ENTRY = ["@grpc", "grpc-js", "build", "src", "index.js"].join(sep);

/**
 * Two copies of grpc-js in one program are two separate registries: clients made with the other copy know neither the
 * target schemes nor the policy. Warns when the application would get another copy than Rollcall, now or in a moment,
 * when the program's modules are loaded.
 */
export function warnOfSecondCopy(): void {
  if (!warnIfSecond()) setTimeout(warnIfSecond, 1_000).unref();
}

function warnIfSecond(): boolean {
  const own = realpathSync(require.resolve("@grpc/grpc-js"));
  const other = otherCopy(own);
  if (!other) return false;
  process.emitWarning(
    `two copies of @grpc/grpc-js are in this program: rollcall uses ${own}, and there is ${other}. ` +
      "Clients made with the other copy cannot use rollcall's targets. Run `npm dedupe`, or install one version for both",
    { code: "ROLLCALL_TWO_GRPC_JS" },
  );
  return true;
}

/** The copy that the program's entry file would load, or one that is loaded already. */
function otherCopy(own: string): string | undefined {
  const candidates = [fromEntryFile(), ...Object.keys(require.cache).filter((file) => file.endsWith(ENTRY))];
  return candidates.find((file) => file !== undefined && file !== own);
}

function fromEntryFile(): string | undefined {
  const entry = process.argv[1];
  if (!entry) return undefined;
  try {
    return realpathSync(createRequire(pathToFileURL(entry)).resolve("@grpc/grpc-js"));
  } catch {
    return undefined; // The entry file's package does not use grpc-js.
  }
}
