import type { InstanceRow } from "../model.js";

/** More would not be told apart. */
const MOST = 5;

interface Version {
  readonly version: string;
  readonly instances: number;
  /** When the youngest instance of it came. */
  readonly newest: number;
}

/** How far a rolling deploy of one service is: instances by version, the one that came last first. */
export function Versions({ rows }: { rows: readonly InstanceRow[] }) {
  const versions = byVersion(rows);
  if (versions.length === 0) return null;
  return (
    <div class="versions" role="img" aria-label={`Versions: ${versions.map(inWords).join(", ")}`}>
      <span class="bar">
        {versions.map(({ version, instances }, rank) => (
          <i key={version} class={`rank-${rank}`} style={{ flexGrow: instances }} />
        ))}
      </span>
      {versions.map(({ version, instances }, rank) => (
        <span key={version} class={`legend rank-${rank}`}>
          <b>{version}</b> {instances}
        </span>
      ))}
    </div>
  );
}

function inWords({ version, instances }: Version): string {
  return `${version} on ${instances}`;
}

/** Nothing where no instance says its version, or several services have theirs. */
function byVersion(rows: readonly InstanceRow[]): Version[] {
  if (rows.every(({ version }) => version === "")) return [];
  if (rows.some(({ service }) => service !== rows[0]!.service)) return [];
  const found = new Map<string, Version>();
  for (const { version: said, since } of rows) {
    const version = said || "no version";
    const before = found.get(version) ?? { version, instances: 0, newest: 0 };
    found.set(version, { version, instances: before.instances + 1, newest: Math.max(before.newest, since) });
  }
  const all = [...found.values()].sort((a, b) => b.newest - a.newest || a.version.localeCompare(b.version));
  if (all.length <= MOST) return all;
  const rest = all.slice(MOST - 1);
  const instances = rest.reduce((sum, one) => sum + one.instances, 0);
  return [...all.slice(0, MOST - 1), { version: `${rest.length} others`, instances, newest: 0 }];
}
