// A client class of the project's own copy of grpc-js, which is not Rollcall's.
import * as grpc from "@grpc/grpc-js";
import { createClient } from "rollcall";

try {
  createClient(grpc.makeClientConstructor({}, "test.Echo"), { Endpoints: ["127.0.0.1:1"] });
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
}
