const grpc = require("@grpc/grpc-js");
const balanced = require("./balanced.cjs");

test("a Jest test in CommonJS serves, finds and balances", async () => {
  await balanced(grpc, require("rollcall"), require("rollcall/dev-registry"));
}, 30_000);
