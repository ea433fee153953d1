// An echo server with health on the address given; prints a line when it is up.
import * as grpc from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { EchoService, echoHandlers } from "../../support/echo.js";

const address = process.argv[2]!;
const server = new grpc.Server();
new HealthImplementation({ "": "SERVING" }).addToServer(server);
server.addService(
  EchoService,
  echoHandlers(() => address),
);
server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log("up");
});
