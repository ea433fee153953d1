/** What bench:fleet has written of one row and kind of call. */
export interface FleetRow {
  readonly row: string;
  readonly calls: string;
  /** Median and p99 in ms, and what failed, as written. */
  readonly ours: string;
  readonly theirs: string;
  /** p99 to go-zero's; undefined where either has failed too much to have one. */
  readonly ratio: number | undefined;
}

/** Reads the table between its marks on the page docs/fleet.md. @throws Error when it is not there. */
export function fleetRows(page: string): FleetRow[] {
  const table = /<!-- table -->([\s\S]*?)<!-- \/table -->/.exec(page)?.[1] ?? "";
  const [head, , ...lines] = table.trim().split("\n").map(cells);
  const column = (name: string) => {
    const at = head?.indexOf(name) ?? -1;
    if (at < 0)
      throw new Error(`docs/fleet.md has no column "${name}" in its table: npm run bench:fleet -- --write fills it`);
    return at;
  };
  const [calls, ours, theirs, ratio] = ["calls", "Rollcall", "go-zero", "p99 to go-zero's"].map(column) as [
    number,
    number,
    number,
    number,
  ];
  return lines.map((line) => {
    const toTheirs = Number.parseFloat(line[ratio]!);
    return {
      row: line[0]!,
      calls: line[calls]!,
      ours: line[ours]!.replaceAll("*", ""),
      theirs: line[theirs]!,
      ratio: Number.isNaN(toTheirs) ? undefined : toTheirs,
    };
  });
}

function cells(line: string): string[] {
  return line
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}
