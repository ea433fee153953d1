import { fileURLToPath } from "node:url";

const COMPILED = fileURLToPath(new URL("../../scripts/typescript/load.mjs", import.meta.url));

/** The flags by which node runs a program of this repository: what `scripts/test.mjs` has compiled, and tsx without it. */
export const TYPESCRIPT: readonly string[] = process.env.ROLLCALL_COMPILED
  ? ["--enable-source-maps", "--import", COMPILED]
  : ["--import", "tsx"];
