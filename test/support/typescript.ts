import { fileURLToPath } from "node:url";

const [MAIN, LOAD] = ["compiled-main.cjs", "load.mjs"].map((file) =>
  fileURLToPath(new URL(`../../scripts/typescript/${file}`, import.meta.url)),
) as [string, string];

/** The flags by which node runs a program of this repository: what `scripts/test.mjs` has compiled, and tsx without it. */
export const TYPESCRIPT: readonly string[] = process.env.ROLLCALL_COMPILED
  ? ["--enable-source-maps", "--require", MAIN, "--import", LOAD]
  : ["--import", "tsx"];
