import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import * as rollcall from "rollcall";
import * as devRegistry from "rollcall/dev-registry";
import balanced from "./balanced.cjs";

test("a test of Node's runner serves, finds and balances", () => balanced(grpc, rollcall, devRegistry));
