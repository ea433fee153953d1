import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const BUNDLE = new URL("../../.cache/variants/go-zero-rule/register.mjs", import.meta.url);
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Builds a copy of `rollcall/register` in which go-zero's rule stands in the place of P2cEwma: what is different beside the
 * real go-zero client is then Node's and grpc-js', and what is different beside Rollcall is the balancer's.
 * @returns URL of the module.
 */
export async function registerWithGoZeroRule(): Promise<URL> {
  await build({
    entryPoints: [source("../../src/register.ts")],
    outfile: fileURLToPath(BUNDLE),
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    define: { ROLLCALL_VERSION: '"go-zero-rule"' },
    logLevel: "error",
    plugins: [
      {
        name: "go-zero's rule",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/p2c-ewma\.js$/ }, () => ({ path: source("./go-zero-balancer.ts") })),
      },
    ],
  });
  return BUNDLE;
}
