import { connect } from "node:net";
import type { HostPort } from "../address.js";
import { onAbort } from "../async/on-abort.js";

/** Whether anybody accepts connections at an address: opens one, and closes it. */
export function knock(address: HostPort, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port }).unref();
    const release = onAbort(signal, () => socket.destroy(signal.reason as Error));
    socket.on("error", reject); // stays: what comes after the first error is of no interest
    socket.once("connect", () => {
      resolve();
      socket.destroy();
    });
    socket.once("close", () => {
      release();
      reject(new Error("the connection was closed")); // unless it stood
    });
  });
}
