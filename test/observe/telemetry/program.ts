/** Serves and calls itself by a file, once, says so with what was logged about spans, and waits for SIGTERM: `program.ts FILE`. */
import {
  createClient,
  createServer,
  loadConfig,
  rpcClientConfig,
  rpcServerConfig,
  setLogger,
} from "../../../src/index.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";

const errors: string[] = [];
const ignore = () => {};
setLogger({ debug: ignore, info: ignore, warn: ignore, error: (_, message) => errors.push(message) });

const { EchoRpc, ...config } = await loadConfig(process.argv[2]!, rpcServerConfig.extend({ EchoRpc: rpcClientConfig }));
const server = createServer(config, (builder) =>
  builder.addService(
    EchoService,
    echoHandlers(() => server.address!),
  ),
);
await server.start();
const client = createClient(EchoClient, { ...EchoRpc, Endpoints: [server.address!] });
await say(client);
console.log(JSON.stringify({ errors }));
