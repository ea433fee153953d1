// An echo server with health on the address given; prints a line when it is up.
import * as grpc from "@grpc/grpc-js";
import { ServerHealth } from "../../../src/grpc/server/health-service.js";
import { EchoService, echoHandlers } from "../../support/echo.js";

const address = process.argv[2]!;
const server = new grpc.Server();
const health = new ServerHealth();
health.addTo(server);
health.set("SERVING");
server.addService(
  EchoService,
  echoHandlers(() => address),
);
server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log("up");
});
