// A client as an application writes it, the counterpart of interop/cmd/gozero-client: `client.js client.yaml once` prints a line when
// its first call is answered; `client.js client.yaml steadily` calls once a millisecond and says so in its metadata.
import * as grpc from "@grpc/grpc-js";
import { createClient, loadConfig, rpcClientConfig } from "rollcall";
import { Echo, say } from "./echo.js";
import { tieToInput } from "./tied.js";

const [file = "", how] = process.argv.slice(2);
tieToInput();
const { OrderRpc } = await loadConfig(file, { OrderRpc: rpcClientConfig });
const client = createClient(Echo, OrderRpc);

if (how === "once") {
  await say(client);
  console.log('{"answered":true}');
} else {
  const metadata = new grpc.Metadata();
  metadata.set("caller", "Rollcall");
  setInterval(() => void say(client, metadata).catch(console.error), 1);
}
