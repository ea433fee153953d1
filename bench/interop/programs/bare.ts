// grpc-js and nothing else: `bare.js client 127.0.0.1:8080` prints a line when its first call is answered, `bare.js server
// 127.0.0.1:8080` when it listens. What is left of the start-up times is what Node takes.
import * as grpc from "@grpc/grpc-js";
import { Echo, EchoService, EMPTY, say } from "./echo.js";
import { tieToInput } from "./tied.js";

const [what, address = ""] = process.argv.slice(2);
tieToInput();
if (what === "client") {
  await say(new Echo(address, grpc.credentials.createInsecure()));
  console.log('{"answered":true}');
} else {
  const server = new grpc.Server();
  server.addService(EchoService, {
    say: (_call: unknown, done: grpc.sendUnaryData<Buffer>) => done(null, EMPTY),
  });
  server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error) throw error;
    console.log('{"listening":true}');
  });
}
