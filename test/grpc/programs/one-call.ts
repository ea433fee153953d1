// Makes one call to the target given, prints who answered and never closes its client. With "stream" it leaves a stream open.
import * as grpc from "@grpc/grpc-js";
import { EchoClient, say } from "../../support/echo.js";

const [target, what] = process.argv.slice(2);
if (!target!.startsWith("dns:127")) await import("../../../src/register.js");
const client = new EchoClient(target!, grpc.credentials.createInsecure());
process.on("beforeExit", () => console.log("beforeExit"));
console.log((await say(client, {}, { deadline: Date.now() + 20_000 })).instance);
if (what === "stream") client.chat().on("error", () => {});
