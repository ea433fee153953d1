/** An echo server: `instance-program.ts <yaml>`. Prints the address that it has registered, once it is started. */
import { createServer, loadConfig, rpcServerConfig } from "../../../src/index.js";
import { EchoService, echoHandlers } from "../echo.js";

const config = await loadConfig(process.argv[2]!, rpcServerConfig);
const server = createServer(config, (builder) =>
  builder.addService(
    EchoService,
    echoHandlers(() => server.address!),
  ),
);
await server.start();
console.log(server.address);
