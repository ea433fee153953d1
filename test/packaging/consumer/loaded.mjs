// Prints the packages whose code an import of the module named loads, as JSON.
import { Session } from "node:inspector";

const session = new Session();
session.connect();
const packages = new Set();
session.on("Debugger.scriptParsed", ({ params: { url } }) => {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (name) packages.add(name);
});
session.post("Debugger.enable");
await import(process.argv[2]);
console.log(JSON.stringify([...packages].sort()));
