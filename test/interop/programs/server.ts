/** A Rollcall server of interop/proto/echo.proto, as gozero-server is one of go-zero: `server.ts -tied -f server.yaml`. */
import { parseArgs } from "node:util";
import { createServer, loadConfig, rpcServerConfig } from "../../../src/index.js";
import { Echo, echoHandlers } from "../echo.js";

const short = process.argv.slice(2).map((argument) => argument.replace(/^-(?=\w{2})/, "--"));
const { values } = parseArgs({
  args: short,
  options: { f: { type: "string", short: "f" }, tied: { type: "boolean" } },
});
if (values.tied)
  process.stdin
    .on("end", () => process.kill(process.pid, "SIGKILL"))
    .resume()
    .unref();

const config = await loadConfig(values.f!, rpcServerConfig);
const server = createServer(config, (builder) => {
  builder.addService(
    Echo.service,
    echoHandlers(() => server.address!),
  );
});
await server.start();
console.log(JSON.stringify({ listening: server.address }));
