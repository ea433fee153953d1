/** A service and its client, from beginning to end, and then nothing: the process must end by itself. */
import { createClient } from "../../../src/grpc/client/client.js";
import { createServer } from "../../../src/grpc/server/server.js";
import { EchoClient, EchoService, echoHandlers, say } from "../../support/echo.js";

const Etcd = { Hosts: [process.argv[2]!], Key: "whole-life.rpc" };
const server = createServer({ ListenOn: "127.0.0.1:0", Etcd, Shutdown: { WrapUpTime: 50 } }, (s) =>
  s.addService(
    EchoService,
    echoHandlers(() => "me"),
  ),
);
await server.start();
const client = createClient(EchoClient, { Etcd });
for (let call = 0; call < 20; call++) await say(client);
const stream = client.count({ count: Number.POSITIVE_INFINITY });
stream.on("error", () => {});
stream.resume();
await say(client);
await server.pause();
await server.resume();
stream.cancel();
client.close();
await Promise.all([server.stop(), server.stop()]);
console.log("done");
