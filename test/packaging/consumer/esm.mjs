import * as grpc from "@grpc/grpc-js";
import * as rollcall from "rollcall";
import * as devRegistry from "rollcall/dev-registry";
import balanced from "./balanced.cjs";

void balanced(grpc, rollcall, devRegistry);
