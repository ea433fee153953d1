import { type ContextValues, createContextKey, createContextValues, type Interceptor } from "@connectrpc/connect";

/** Where a call goes. Connect's own transports work it out anew, and interceptors, which have run by then, may have changed it. */
const URL_OF_CALL = createContextKey("", { description: "the URL of a call" });

/** What hands the URL of a call to one of Connect's own transports that has the interceptor below. */
export function calledAt(url: string): ContextValues {
  return createContextValues().set(URL_OF_CALL, url);
}

export const callAt: Interceptor = (next) => (request) => {
  return next({ ...request, url: request.contextValues.get(URL_OF_CALL) });
};
