/** Calls `Endpoints: [<argument>]` without pause, and prints who answered, one line a call, until its input ends. */
import { createClient } from "../../src/index.js";
import { EchoClient, say } from "../support/echo.js";

const client = createClient(EchoClient, { Endpoints: [process.argv[2]!], Timeout: 20_000 });
let ending = false;
process.stdin.on("end", () => {
  ending = true;
});
process.stdin.resume();
while (!ending) {
  console.log(await say(client).then(({ instance }) => instance, String));
  await new Promise((resolve) => setTimeout(resolve, 5));
}
client.close();
