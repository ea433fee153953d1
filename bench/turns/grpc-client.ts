// A client of grpc-js that calls when asked: arguments are its configuration as JSON, and how many calls it has in flight.
import { EchoClient } from "../../test/support/echo.js";
import { callWhenAsked } from "./contestant.js";

// As published: run from its sources, a package carries what its transpiler adds to every function.
const { createClient } = (await import(
  new URL("../../dist/index.js", import.meta.url).href
)) as typeof import("../../src/index.js");

const [config = "", inFlight = ""] = process.argv.slice(2);
const client = createClient(EchoClient, JSON.parse(config));
callWhenAsked(
  () => new Promise<void>((resolve, reject) => client.say({}, {}, (error) => (error ? reject(error) : resolve()))),
  Number(inFlight),
);
