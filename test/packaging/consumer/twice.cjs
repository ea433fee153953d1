// Rollcall loaded anew into a program that has it already, then everything, as test runners do between tests.
const balanced = require("./balanced.cjs");
const loadAndRun = () => balanced(require("@grpc/grpc-js"), require("rollcall"), require("rollcall/dev-registry"));

async function main() {
  await loadAndRun();
  for (const again of ["/rollcall/", "/node_modules/"]) {
    for (const file of Object.keys(require.cache)) if (file.includes(again)) delete require.cache[file];
    require("rollcall/register");
    await loadAndRun();
  }
}

void main();
