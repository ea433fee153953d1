import { cpus } from "node:os";
import { mean, table } from "../sim/page/table.js";
import type { Group } from "./chart.js";
import { GO_ZERO, OURS, ROUND_ROBIN, RULE } from "./contestants.js";
import type { Figures, Run } from "./figures.js";
import type { Row } from "./rows.js";

const NAMES = [OURS, GO_ZERO, RULE, ROUND_ROBIN];
/** Whom Rollcall's p99 is compared with, and the head of that column. */
const COMPARED: readonly (readonly [string, string])[] = [
  [GO_ZERO, "p99 to go-zero's"],
  [RULE, "p99 to its rule in Node"],
  [ROUND_ROBIN, "p99 to round_robin's"],
];

/** All rounds of a row: of each the runs by contestant. */
export interface RowResult {
  readonly name: string;
  readonly row: Row;
  readonly rounds: readonly ReadonlyMap<string, Run>[];
}

/**
 * One line for each kind of each row: medians of the rounds, calls that failed of all rounds, and how late the latest load
 * generator made a hundredth of its calls.
 */
export function resultTable(results: readonly RowResult[]): string {
  const head = ["median / p99, ms", "calls", "a second", ...NAMES, ...COMPARED.map(([, to]) => to), "late"];
  const lines = results.flatMap(({ row, rounds }) => {
    const shares = row.kinds.reduce((sum, { share }) => sum + share, 0);
    const late = Math.max(...rounds.flatMap((round) => [...round.values()].map(({ lateMs }) => lateMs)));
    return row.kinds.map(({ name, share }) => {
      const of = (contestant: string) => rounds.map((round) => ofKind(round, contestant, name));
      const cells = NAMES.map((contestant) => {
        const text = cell(of(contestant));
        return contestant === OURS ? `**${text}**` : text;
      });
      const rate = Math.round((row.rate * share) / shares);
      const to = COMPARED.map(([other]) => ratio(of(OURS), of(other)));
      return [row.title, name, String(rate), ...cells, ...to, late.toFixed(0)];
    });
  });
  return table(head, lines);
}

/** One run in a line, to be seen while the others are still made. */
export function summary({ kinds, lateMs }: Run): string {
  const each = Object.entries(kinds).map(([name, figures]) => `${name} ${cell([figures])}`);
  return `${each.join("; ")} (99 % of calls made at most ${lateMs.toFixed(1)} ms late)`;
}

/** The same for the chart: p99, endless where more than 1 % failed. */
export function chartGroups(results: readonly RowResult[]): Group[] {
  return results.flatMap(({ row, rounds }) =>
    row.kinds.map(({ name }) => ({
      title: row.kinds.length > 1 ? `${row.title}: ${name}` : row.title,
      bars: NAMES.map((contestant) => ({
        name: contestant,
        value: median(rounds.map((round) => ofKind(round, contestant, name).p99)),
      })),
    })),
  );
}

export function conditions(rounds: number, seed: number, forMs: number, warmMs: number): string {
  const { length, 0: cpu } = cpus();
  const date = new Date().toISOString().slice(0, 10);
  const machine = `Node ${process.version}, ${length} cores (${cpu?.model.trim() ?? "unknown"})`;
  return (
    `${date}, ${machine}; ${rounds} ${rounds === 1 ? "round" : "rounds"} of ${forMs / 1000} s after ` +
    `${warmMs / 1000} s of warm-up, seeds from ${seed}.`
  );
}

function ofKind(round: ReadonlyMap<string, Run>, contestant: string, kind: string): Figures {
  const found = round.get(contestant)?.kinds[kind];
  if (!found) throw new Error(`${contestant} has no calls of kind "${kind}": let it run longer (--seconds)`);
  return found;
}

function cell(runs: readonly Figures[]): string {
  const times = (["p50", "p99"] as const).map((which) => milliseconds(median(runs.map((run) => run[which]))));
  const failed = mean(runs.map((run) => run.failed)) / mean(runs.map((run) => run.calls));
  return `${times.join(" / ")}${failed > 0 ? `, ${(failed * 100).toFixed(2)} % failed` : ""}`;
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "fails";
}

/** Round by round, median and range; a dash where either failed more than 1 % and so has no p99. */
function ratio(ours: readonly Figures[], theirs: readonly Figures[]): string {
  const ratios = ours.map(({ p99 }, i) => p99 / theirs[i]!.p99);
  if ([...ours, ...theirs].some(({ p99 }) => !Number.isFinite(p99))) return "–";
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const range = ratios.length > 1 ? ` (${low.toFixed(2)} to ${high.toFixed(2)})` : "";
  return `${median(ratios).toFixed(2)}${range}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return mean([sorted[Math.floor(middle)]!, sorted[Math.ceil(middle)]!]);
}
