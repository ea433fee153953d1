import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const BUNDLES = new URL("../../.cache/variants/", import.meta.url);
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Builds a copy of `rollcall/register` in which go-zero's rule stands in the place of P2cEwma: where nothing fails, what is different
 * beside the real go-zero client is then Node's and grpc-js', and what is different beside Rollcall is the balancer's.
 * @param name of its folder, so that a test and a bench do not write to the same.
 * @returns URL of the module.
 */
export async function registerWithGoZeroRule(name: string): Promise<URL> {
  const bundle = new URL(`${name}/register.mjs`, BUNDLES);
  let replaced = false;
  await build({
    entryPoints: [source("../../src/register.ts")],
    outfile: fileURLToPath(bundle),
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
          onResolve({ filter: /\/p2c-ewma\.js$/ }, () => {
            replaced = true;
            return { path: source("./go-zero-balancer.ts") };
          }),
      },
    ],
  });
  if (!replaced) throw new Error("src/register.ts imports no p2c-ewma.js to be replaced");
  return bundle;
}
