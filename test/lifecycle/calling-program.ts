/** Calls a target of the echo service until it is told who answered; prints each new instance. Ends with its standard input. */
import * as grpc from "@grpc/grpc-js";
import "../../src/register.js";
import { EchoClient, say } from "../support/echo.js";

const client = new EchoClient(process.argv[2]!, grpc.credentials.createInsecure());
let last = "";
for (;;) {
  const answer = await say(client, {}, { deadline: Date.now() + 2_000 }).catch((error: Error) => error);
  const instance = answer instanceof Error ? `failed: ${answer.message}` : answer.instance;
  if (instance !== last) console.log(instance);
  last = instance;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
