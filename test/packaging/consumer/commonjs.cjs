const balanced = require("./balanced.cjs");

void balanced(require("@grpc/grpc-js"), require("rollcall"), require("rollcall/dev-registry"));
