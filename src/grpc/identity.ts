/**
 * A name that grpc.health.v1 of every registered server of Rollcall's making knows. Then the server's service key is among
 * its names too, so that a client that has only an old address can ask who is there.
 */
export const ROLLCALL_SERVER = "rollcall.v1.Instance";
