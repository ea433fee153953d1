import { useMemo } from "preact/hooks";
import type { InstanceRow } from "../model.js";

interface Summary {
  readonly service: string;
  readonly total: number;
  readonly paused: number;
  readonly unhealthy: number;
}

/** All services, each with how many instances it has and how many of them take calls. */
export function Services(props: {
  rows: readonly InstanceRow[];
  chosen: string | undefined;
  onChoose: (service: string | undefined) => void;
}) {
  const { rows, chosen, onChoose } = props;
  const services = useMemo(() => summaries(rows), [rows]);
  return (
    <nav class="services" aria-label="Services">
      <h2>Services</h2>
      <ul>
        <li>
          <button type="button" aria-current={chosen === undefined} onClick={() => onChoose(undefined)}>
            <span class="name">All services</span>
            <span class="size">{rows.length}</span>
          </button>
        </li>
        {services.map((summary) => (
          <li key={summary.service}>
            <button
              type="button"
              aria-current={chosen === summary.service}
              onClick={() => onChoose(summary.service)}
              title={summary.service}
            >
              <span class="name">{summary.service}</span>
              <Size {...summary} />
              <Bar {...summary} />
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Size({ total, paused, unhealthy }: Summary) {
  const good = total - paused - unhealthy;
  return (
    <span class="size">
      {good === total ? total : `${good}/${total}`}
      <span class="hidden">
        {" "}
        instances{paused > 0 && `, ${paused} paused`}
        {unhealthy > 0 && `, ${unhealthy} unhealthy`}
      </span>
    </span>
  );
}

function Bar({ total, paused, unhealthy }: Summary) {
  return (
    <span class="bar" aria-hidden="true">
      <i class="good" style={{ flexGrow: total - paused - unhealthy }} />
      <i class="warn" style={{ flexGrow: paused }} />
      <i class="bad" style={{ flexGrow: unhealthy }} />
    </span>
  );
}

function summaries(rows: readonly InstanceRow[]): Summary[] {
  const found = new Map<string, Summary>();
  for (const { service, paused, health } of rows) {
    const before = found.get(service) ?? { service, total: 0, paused: 0, unhealthy: 0 };
    const unhealthy = !paused && (health === "not serving" || health === "unreachable");
    found.set(service, {
      service,
      total: before.total + 1,
      paused: before.paused + (paused ? 1 : 0),
      unhealthy: before.unhealthy + (unhealthy ? 1 : 0),
    });
  }
  return [...found.values()];
}
