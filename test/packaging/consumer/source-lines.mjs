// Prints where in Rollcall's sources each of a few errors came from, as JSON: [file in the repository, line].
import { createClient, createServer, parseAddress } from "rollcall";
import { subset } from "rollcall/balancer";
import { createPool } from "rollcall/pool";

const places = [];
for (const wrong of [
  () => createClient(class {}, {}),
  () => createServer({}),
  () => parseAddress(":::"),
  () => subset([1], -1),
  () => createPool("none://h", {}),
]) {
  try {
    wrong();
  } catch (error) {
    for (const [, file, line] of error.stack.matchAll(/[^\s(]*\/(src\/[^:)]+\.ts):(\d+)/g))
      places.push([file, Number(line)]);
  }
}
console.log(JSON.stringify(places));
