import { servicePath } from "../backends/etcd/layout/layout.js";
import type { ProcessReport } from "./process-report.js";

/**
 * Reports in which services have the names that etcd lists them under: a process names them as its configuration does, and in Kratos'
 * layout they stand under a longer path.
 * @param listed the services in etcd.
 */
export function withListedNames(reports: readonly ProcessReport[], listed: ReadonlySet<string>): ProcessReport[] {
  const named = <T extends { readonly service: string }>(one: T): T => {
    const path = servicePath({ layout: "kratos" }, one.service);
    return one.service !== "" && !listed.has(one.service) && listed.has(path) ? { ...one, service: path } : one;
  };
  return reports.map((report) => ({ ...report, serves: report.serves.map(named), calls: report.calls.map(named) }));
}
