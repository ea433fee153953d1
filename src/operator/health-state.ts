/**
 * What an instance says of its health by gRPC's health protocol (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
 * `unknown`: it takes connections and says nothing of its health, as a server without that service does, or one that expects TLS.
 */
export type Health = "serving" | "not serving" | "unknown" | "unreachable";
