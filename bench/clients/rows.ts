import {
  bareCaller,
  type CallerMaker,
  grpcCaller,
  nestCaller,
  niceCaller,
  retryingCaller,
} from "../../test/support/programs/callers.js";
import { connectCaller, fetchCaller } from "../../test/support/programs/callers-without-grpc.js";

/** A row of the table: a client of the fleet. More clients are more rows. */
export interface ClientRow {
  readonly name: string;
  readonly open: CallerMaker;
  /** Which kind of server it is shown with. Default createServer. */
  readonly server?: string;
}

export const CLIENTS: readonly ClientRow[] = [
  { name: "bare grpc-js, URL", open: bareCaller },
  { name: "createClient", open: grpcCaller },
  { name: "createClient, Retry", open: retryingCaller },
  { name: "NestJS", open: nestCaller },
  { name: "nice-grpc", open: niceCaller },
  { name: "Connect, connect", open: connectCaller("connect"), server: "Connect" },
  { name: "Connect, grpc", open: connectCaller("grpc"), server: "Connect" },
  { name: "Connect, grpc-web", open: connectCaller("grpc-web"), server: "Connect" },
  { name: "fetch", open: fetchCaller, server: "node:http" },
];

/** The kinds of gRPC servers that are restarted under load, each called by createClient; node:http has its row above. */
export const SERVERS = ["createServer", "grpc-js", "nice-grpc", "Connect", "NestJS"] as const;
