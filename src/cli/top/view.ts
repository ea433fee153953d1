import { milliseconds, percent, rate } from "../terminal/numbers.js";
import type { Paint, Style } from "../terminal/style.js";
import { type Cell, type Column, renderTable } from "../terminal/table.js";
import type { Flow, ServiceFlow } from "./flows.js";

interface Row extends Flow {
  readonly name: string;
  readonly isService: boolean;
  readonly state: string | undefined;
}

const TITLES = { calls: "CALLED", serves: "SERVED" } as const;

/** A table for each side: services, and their instances below them. */
export function renderFlows(flows: readonly ServiceFlow[], paint: Paint, width?: number): string[] {
  const tables = (["calls", "serves"] as const).map((side) => {
    const rows = flows.filter((flow) => flow.side === side).flatMap(rowsOf);
    return rows.length === 0 ? [] : renderTable(columns(TITLES[side]), rows, { paint, width });
  });
  return tables.filter((lines) => lines.length > 0).flatMap((lines, n) => (n === 0 ? lines : ["", ...lines]));
}

/** One line a service and instance, for logs and pipes. */
export function flowLines(flows: readonly ServiceFlow[], at: string): string[] {
  return flows.flatMap((flow) => {
    const own = `${at} ${flow.side} ${flow.service}`;
    return [`${own} ${facts(flow)}`, ...flow.instances.map((one) => `${own} ${one.address} ${facts(one)}`)];
  });
}

function facts({ callsPerSecond, failureRate, p50Ms, p99Ms, inFlight }: Flow): string {
  const known: readonly (readonly [value: number | undefined, render: (value: number) => string])[] = [
    [callsPerSecond, (value) => `${rate(value)}/s`],
    [failureRate, (value) => `${percent(value)} failed`],
    [p50Ms, (value) => `p50 ${milliseconds(value)}`],
    [p99Ms, (value) => `p99 ${milliseconds(value)}`],
    [inFlight, (value) => `${value} in flight`],
  ];
  const told = known.flatMap(([value, render]) => (value === undefined ? [] : [render(value)]));
  return told.length === 0 ? "no calls counted" : told.join(", ");
}

function rowsOf({ instances, ...service }: ServiceFlow): Row[] {
  const from = service.sources > 1 ? `${service.sources} sources` : undefined;
  const own = { ...service, name: service.service, isService: true, state: service.sources > 1 ? from : service.state };
  return [own, ...instances.map((one) => ({ ...one, name: `  ${one.address}`, isService: false }))];
}

function columns(title: string): Column<Row>[] {
  const number =
    (read: (row: Row) => number | undefined, render: (value: number) => string) =>
    (row: Row): Cell => {
      const value = read(row);
      return value === undefined ? "" : render(value);
    };
  return [
    { title, cell: ({ name, isService }) => ({ text: name, style: isService ? "bold" : undefined }) },
    { title: "CALLS/S", cell: number(({ callsPerSecond }) => callsPerSecond, rate), right: true, always: true },
    { title: "FAILED", cell: (row) => failed(row), right: true, always: true, rank: 1 },
    { title: "P50", cell: number(({ p50Ms }) => p50Ms, milliseconds), right: true, always: true, rank: 2 },
    { title: "P99", cell: number(({ p99Ms }) => p99Ms, milliseconds), right: true, always: true, rank: 1 },
    { title: "EXPECTED", cell: number(({ expectedMs }) => expectedMs, milliseconds), right: true, rank: 5 },
    { title: "IN FLIGHT", cell: number(({ inFlight }) => inFlight, String), right: true, rank: 4 },
    {
      title: "CALLS",
      cell: number(
        ({ calls }) => calls,
        (value) => value.toLocaleString("en-US"),
      ),
      right: true,
      rank: 6,
    },
    { title: "STATE", cell: ({ state = "" }) => ({ text: state, style: stateStyle(state) }), rank: 3 },
  ];
}

function failed({ failureRate }: Row): Cell {
  if (failureRate === undefined) return "";
  return { text: percent(failureRate), style: failureRate >= 0.05 ? "red" : failureRate > 0 ? "yellow" : undefined };
}

function stateStyle(state: string): Style | undefined {
  if (/^(serving|ready)/.test(state)) return "green";
  return /^(failing|not serving|panic|closed)/.test(state) ? "red" : "yellow";
}
