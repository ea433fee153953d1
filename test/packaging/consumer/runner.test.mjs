import * as grpc from "@grpc/grpc-js";
import * as rollcall from "rollcall";
import * as devRegistry from "rollcall/dev-registry";
import { test } from "vitest";
import balanced from "./balanced.cjs";

test("a Vitest test serves, finds and balances", () => balanced(grpc, rollcall, devRegistry), 30_000);
