/** What passes between a client and a server; it stands for gRPC, whose calls, health watches and pings are these. */
export type Message =
  | { readonly is: "settings" }
  | { readonly is: "call"; readonly id: number; readonly workMs: number }
  | { readonly is: "answer"; readonly id: number }
  /** The server has not begun with it, and will not. */
  | { readonly is: "refused"; readonly id: number }
  | { readonly is: "watch health" }
  | { readonly is: "health"; readonly serving: boolean }
  | { readonly is: "ping" | "pong" }
  /** No new calls. */
  | { readonly is: "go away" };
