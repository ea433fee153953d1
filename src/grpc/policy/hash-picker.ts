import { type Metadata, status } from "@grpc/grpc-js";
import { ConsistentHash } from "../../balancer/consistent-hash.js";
import type { Connection } from "../../membership/connection.js";
import { takeHashKey } from "../hash-key.js";
import { type Picker, type PickResult, PickResultType } from "../shield.js";
import type { GrpcSession } from "./grpc-session.js";
import type { GrpcTransportListed } from "./grpc-transport.js";
