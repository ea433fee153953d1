import { spawn } from "node:child_process";
import { once } from "node:events";
import { interopProgram } from "../support/real-parts/gozero.js";

/** Exit statuses of grpc_health_probe. */
export const [SERVING, CANNOT_CONNECT, REFUSED, NOT_SERVING] = [0, 2, 3, 4] as const;

/** Runs the real grpc_health_probe; resolves with its exit status. */
export async function probe(address: string, ...args: string[]): Promise<number> {
  const limits = ["-connect-timeout=5s", "-rpc-timeout=5s"];
  const child = spawn(interopProgram("grpc-health-probe"), [`-addr=${address}`, ...limits, ...args]);
  const [code] = (await once(child, "exit")) as [number];
  return code;
}
