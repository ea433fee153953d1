/** A server of the echo service. Its configuration is JSON in the first argument. */
import { createServer } from "../../src/grpc/server/server.js";
import { EchoService, echoHandlers } from "../support/echo.js";

const server = createServer(JSON.parse(process.argv[2]!), (s) =>
  s.addService(
    EchoService,
    echoHandlers(() => server.address ?? "?"),
  ),
);
await server.start();
console.log(`port ${server.port}`);
