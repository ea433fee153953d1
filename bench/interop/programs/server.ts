// A server as an application writes it, the counterpart of interop/cmd/gozero-server: `server.js server.yaml`.
import type * as grpc from "@grpc/grpc-js";
import { createServer, loadConfig, rpcServerConfig } from "rollcall";
import { EchoService, EMPTY } from "./echo.js";
import { tieToInput } from "./tied.js";

const [file = ""] = process.argv.slice(2);
tieToInput();
const config = await loadConfig(file, rpcServerConfig);
const say = (_call: unknown, done: grpc.sendUnaryData<Buffer>) => done(null, EMPTY);
await createServer(config, (server) => server.addService(EchoService, { say })).start();
