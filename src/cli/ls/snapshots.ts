import { type ListedSnapshot, listSnapshots } from "../../discovery/snapshot-list.js";
import { Failure, printError, printJson, printShown } from "../output.js";
import { duration } from "../terminal/numbers.js";
import { painter } from "../terminal/style.js";
import { type Column, renderTable } from "../terminal/table.js";

/** A snapshot as it is shown. */
interface Row extends ListedSnapshot {
  readonly ageSeconds?: number;
}

/**
 * Shows the last known sets that clients of this user keep on disk.
 * @param prefix only services that begin with it.
 * @param dir their folder; default that of a client without a `Dir`.
 */
export async function showSnapshots(prefix: string, dir: string | undefined, json: boolean): Promise<void> {
  const listed = await listSnapshots(dir).catch((error: Error) => {
    throw new Failure(error.message);
  });
  const now = Date.now();
  const rows = listed
    .filter(({ service = "" }) => service.startsWith(prefix))
    .map(
      (one): Row =>
        one.at === undefined ? one : { ...one, ageSeconds: Math.max(0, Math.round((now - one.at) / 1000)) },
    );
  if (json) printJson(rows);
  else if (rows.length > 0)
    printShown(
      renderTable(COLUMNS, rows, { paint: painter(process.stdout), width: process.stdout.columns }).join("\n"),
    );
  else {
    const what = prefix === "" ? "no snapshot" : `no snapshot of a service that begins with ${JSON.stringify(prefix)}`;
    printError(
      `${what} is kept ${dir === undefined ? "here" : `in ${dir}`}; a client keeps one with Snapshot: {} in its YAML`,
    );
  }
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "SERVICE", cell: ({ service = "" }) => service, always: true },
  { title: "BACKEND", cell: ({ scheme = "" }) => scheme, rank: 2 },
  {
    title: "AGE",
    cell: ({ ageSeconds }) => (ageSeconds === undefined ? "" : duration(ageSeconds * 1000)),
    right: true,
  },
  { title: "INSTANCES", cell: ({ instances }) => (instances ? String(instances.length) : ""), right: true },
  { title: "ADDRESSES", cell: ({ instances = [] }) => some(instances), rank: 1 },
  { title: "PROBLEM", cell: ({ problem, file }) => (problem ? { text: `${file}: ${problem}`, style: "red" } : "") },
];

function some(addresses: readonly string[]): string {
  const more = addresses.length - 3;
  return more > 0 ? `${addresses.slice(0, 3).join(", ")} and ${more} more` : addresses.join(", ");
}
