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
  const own = ownCopy();
  if (own === undefined || warnIfOther(own, fromEntryFile())) return;
  setTimeout(() => warnIfOther(own, undefined), 1_000).unref();
}

/** Undefined in a bundle, which holds grpc-js itself. */
function ownCopy(): string | undefined {
  try {
    return realpathSync(require.resolve("@grpc/grpc-js"));
  } catch {
    return undefined;
  }
}

/** The copy that the program's entry file would load. */
function fromEntryFile(): string | undefined {
  const entry = process.argv[1];
  if (!entry) return undefined;
  try {
    return realpathSync(createRequire(pathToFileURL(entry)).resolve("@grpc/grpc-js"));
  } catch {
    return undefined; // The entry file's package does not use grpc-js.
  }
}

function warnIfOther(own: string, candidate: string | undefined): boolean {
  const loaded = Object.keys(require.cache ?? {}).filter((file) => file.endsWith(ENTRY));
  const other = [candidate, ...loaded].find((file) => file !== undefined && file !== own);
  if (other === undefined) return false;
  process.emitWarning(
    `two copies of @grpc/grpc-js are in this program: rollcall uses ${own}, and there is ${other}. ` +
      "Clients made with the other copy cannot use rollcall's targets. Run `npm dedupe`, or install one version for both",
    { code: "ROLLCALL_TWO_GRPC_JS" },
  );
  return true;
}
