import * as grpc from "@grpc/grpc-js";
import { isHealthCall } from "../served-method.js";
import { type Authenticator, type Credential, MISSING } from "./authenticator.js";

/**
 * Lets through the calls of callers that the authenticator accepts, unary and streaming ones. Health is told to everybody:
 * what restarts a container has no token.
 */
export function authInterceptor(authenticator: Authenticator): grpc.ServerInterceptor {
  return (method, call) => {
    if (isHealthCall(method.path)) return new grpc.ServerInterceptingCall(call);
    let ended = false;
    return new grpc.ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, go) => {
            const credential = credentialOf(metadata);
            const checked = credential ? authenticator.check(credential, method.path) : Promise.resolve(MISSING);
            void checked.then((refusal) => {
              if (ended) return;
              if (refusal) call.sendStatus(refusal);
              else go(metadata);
            });
          },
          onCancel: () => {
            ended = true;
          },
        }),
    });
  };
}

function credentialOf(metadata: grpc.Metadata): Credential | undefined {
  const [app, token] = [metadata.get("app")[0], metadata.get("token")[0]];
  return app && token ? { app: String(app), token: String(token) } : undefined;
}
