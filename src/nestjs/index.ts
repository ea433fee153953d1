/** NestJS 11 and 12: gRPC servers that are listed while they serve, applications that drain, clients that balance. */
export { type RollcallClientOptions, rollcallClient } from "./client.js";
export { type AsyncModuleConfig, RollcallModule } from "./module.js";
export { type ModuleConfig, type ModuleSettings, Rollcall } from "./rollcall.js";
export { RollcallServer, type RollcallServerOptions } from "./server.js";
