import { Component } from "preact";
import type { InstanceRow } from "../model.js";
import { stateOf } from "./filter.js";
import { age, millis, percent, rate } from "./format.js";

/** An instance that has come so lately is marked as new, in milliseconds. */
const NEW_MS = 8_000;

interface Column {
  readonly id: string;
  readonly title: string;
  readonly hint?: string;
  readonly numeric?: true;
}

export const COLUMNS: readonly Column[] = [
  { id: "state", title: "State", hint: "What its own health service says; paused by an operator" },
  { id: "service", title: "Service" },
  { id: "address", title: "Address" },
  { id: "version", title: "Version" },
  { id: "zone", title: "Zone" },
  { id: "weight", title: "Weight", numeric: true },
  { id: "age", title: "Age", hint: "Since its process began, or since it was first seen", numeric: true },
  {
    id: "calls",
    title: "Calls/s",
    hint: "Of the last ten seconds, as its callers or its own metrics tell",
    numeric: true,
  },
  { id: "failures", title: "Failures", numeric: true },
  { id: "latency", title: "Latency", numeric: true },
  { id: "share", title: "Share", hint: "Part of its service's calls" },
];

interface Props {
  readonly row: InstanceRow;
  readonly index: number;
  readonly top: number;
  readonly isActive: boolean;
  readonly withService: boolean;
  readonly now: number;
  readonly onFocus: (row: InstanceRow, index: number) => void;
  readonly onAsk: (row: InstanceRow) => void;
}

/** One instance. It is drawn anew only when something in it has changed. */
export class Row extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const { row, index, top, isActive, withService, now } = this.props;
    return (
      row !== next.row ||
      index !== next.index ||
      top !== next.top ||
      isActive !== next.isActive ||
      withService !== next.withService ||
      age(row.since, now) !== age(row.since, next.now) ||
      isNew(row, now) !== isNew(row, next.now)
    );
  }

  render() {
    const { row, index, top, isActive, withService, now, onFocus, onAsk } = this.props;
    const { service, address, version, zone, weight, stats } = row;
    const act = row.paused ? "Resume" : "Pause";
    return (
      <tr
        class={`row${row.paused ? " paused" : ""}${isNew(row, now) ? " new" : ""}`}
        aria-rowindex={index + 2}
        tabIndex={isActive ? 0 : -1}
        style={{ transform: `translateY(${top}px)` }}
        onFocus={() => onFocus(row, index)}
      >
        <td>
          <State row={row} />
        </td>
        {withService && <td title={service}>{service}</td>}
        <td class="mono" title={address}>
          {address}
          {row.keys > 1 && <em title={`${row.keys} keys list this address`}> ×{row.keys}</em>}
          {row.leaseless && <em title="Nothing takes its key out when its process dies"> no lease</em>}
        </td>
        <td class="mono">{version}</td>
        <td>{zone}</td>
        <td class="number">{weight}</td>
        <td class="number">
          {row.older ? "> " : ""}
          {age(row.since, now)}
        </td>
        <td class="number">{stats?.callsPerSecond !== undefined && rate(stats.callsPerSecond)}</td>
        <td class={stats && stats.failureShare >= 0.01 ? "number bad" : "number"}>
          {stats && percent(stats.failureShare)}
        </td>
        <td class="number">{millis(stats?.latencyMs)}</td>
        <td class="share">{stats?.share !== undefined && <Share share={stats.share} />}</td>
        <td class="action">
          <button
            type="button"
            tabIndex={isActive ? 0 : -1}
            onClick={() => onAsk(row)}
            aria-label={`${act} ${address}`}
          >
            {act}
          </button>
        </td>
      </tr>
    );
  }
}

function State({ row }: { row: InstanceRow }) {
  const state = stateOf(row);
  return <span class={`state ${state.replace(" ", "-")}`}>{state}</span>;
}

function Share({ share }: { share: number }) {
  return (
    <>
      <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="6" rx="3" class="track" />
        <rect width={share * 100} height="6" rx="3" class="fill" />
      </svg>
      {percent(share)}
    </>
  );
}

function isNew({ since, older }: InstanceRow, now: number): boolean {
  return !older && now - since < NEW_MS;
}
