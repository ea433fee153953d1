import * as grpc from "@grpc/grpc-js";
import { jest } from "@jest/globals";
import * as rollcall from "rollcall";
import * as devRegistry from "rollcall/dev-registry";
import balanced from "./balanced.cjs";

jest.setTimeout(30_000);

test("a Jest test in ES modules serves, finds and balances", () => balanced(grpc, rollcall, devRegistry));
