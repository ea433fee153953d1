// Prints, as JSON, what of the entry points named is not one and the same thing for import and for require().
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const different = [];
for (const entry of process.argv.slice(2)) {
  const imported = await import(entry);
  const required = require(entry);
  for (const name of new Set([...Object.keys(imported), ...Object.keys(required)])) {
    if (name !== "default" && imported[name] !== required[name]) different.push(`${entry} ${name}`);
  }
}
console.log(JSON.stringify(different));
