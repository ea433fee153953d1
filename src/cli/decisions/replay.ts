import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseRecording, type Recording } from "../../observe/decisions/recording.js";
import { type Outlook, outlookOf } from "../../observe/decisions/replay/outlook.js";
import { replay } from "../../observe/decisions/replay/replay.js";
import type { ReplaySettings } from "../../observe/decisions/replay/settings.js";
import { count, Failure, print, printError, printJson, printShown } from "../output.js";
import { addExamples } from "../program.js";
import { milliseconds, percent } from "../terminal/numbers.js";
import { painter } from "../terminal/style.js";
import { type Column, renderTable } from "../terminal/table.js";

interface ReplayOptions {
  readonly zone?: string;
  readonly subset?: number;
  readonly hedge?: number;
  readonly policy?: "p2c_ewma" | "round_robin";
  readonly weight?: readonly Weight[];
  readonly seed?: number;
  readonly json?: boolean;
}

interface Weight {
  readonly address: string;
  readonly weight: number;
}

/** A prediction further off than this, of what was recorded, is not to be trusted for other settings. */
const TRUSTED = 0.1;

export function defineReplay(command: Command): void {
  command
    .argument("<recording>", "file written by `rollcall why <service> --save <file>`; - is standard input")
    .option("--zone <zone>", 'as if the client stood in this zone; "" for no preference')
    .option("--subset <n>", "as if it called so many of the instances only, 0 for all", readCount)
    .option("--hedge <ms>", "as if a second copy were sent after so many milliseconds", readPositive)
    .addOption(new Option("--policy <policy>", "as if this chose the instances").choices(["p2c_ewma", "round_robin"]))
    .option("--weight <address=weight>", "as if the instance had this weight; once for each", readWeight)
    .option("--seed <n>", "of the dice; the same seed, the same answer", readCount)
    .option("--json", "print JSON")
    .action(play);
  addExamples(command, [
    ["rollcall replay calls.json", "how well the recorded settings are predicted"],
    ["rollcall replay calls.json --policy round_robin", "beside round_robin"],
    ["rollcall replay calls.json --hedge 50 --zone eu-1a", "with second copies, in a zone"],
    ["rollcall replay calls.json --weight 10.0.0.1:8080=2", "with another weight"],
  ]);
}

async function play(file: string, { json, ...options }: ReplayOptions): Promise<void> {
  const recording = await readRecording(file);
  const settings = settingsOf(recording, options);
  const { seed } = options;
  const recorded = outlookOf(recording);
  const predicted = predict(recording, seed === undefined ? {} : { seed });
  const isOther = Object.keys(settings).some((name) => name !== "seed");
  const other = isOther ? predict(recording, settings) : undefined;
  const error = deviation(predicted, recorded);
  if (json) {
    const { service, recordedAt } = recording;
    printJson({ service, recordedAt, recorded, predicted, deviation: error, settings, other });
  } else {
    printOutlooks([
      ["recorded", recorded],
      ["predicted, as it was set", predicted],
      ...(other ? [[inWords(options), other] as const] : []),
    ]);
  }
  if (error > TRUSTED) {
    printError(
      `warning: the prediction for the recorded settings is ${percent(error)} off (mean, median or p90), so take it with care; ` +
        "record more calls, or while the fleet changes less",
    );
  } else if (!json) {
    print("");
    print(`The prediction for the recorded settings is within ${percent(Math.max(error, 0.001))}.`);
  }
}

async function readRecording(file: string): Promise<Recording> {
  try {
    // The stream and not /dev/stdin, which cannot be opened where it is a socket, as it is to whom Node starts.
    return parseRecording(file === "-" ? await text(process.stdin) : await readFile(file, "utf8"));
  } catch (error) {
    throw new Failure(`${file === "-" ? "standard input" : file}: ${(error as Error).message}`);
  }
}

function predict(recording: Recording, settings: ReplaySettings): Outlook {
  if (recording.decisions.length > 50_000 && process.stderr.isTTY) {
    printError(`playing ${count(recording.decisions.length, "call")} ...`);
  }
  try {
    return replay(recording, settings);
  } catch (error) {
    throw error instanceof TypeError ? new Failure(error.message) : error;
  }
}

/** Instances are named by their address, as everywhere; @throws Failure for one that the recording does not have. */
function settingsOf(recording: Recording, options: Omit<ReplayOptions, "json">): ReplaySettings {
  const { zone, subset, hedge, policy, weight = [], seed } = options;
  const weights = weight.flatMap(({ address, weight }) => {
    const ids = recording.instances.filter((one) => one.address === address || one.id === address).map(({ id }) => id);
    if (ids.length > 0) return ids.map((id) => [id, weight] as const);
    const there = recording.instances.map((one) => one.address);
    throw new Failure(`the recording has no instance ${address}; it has ${there.join(", ") || "none"}`);
  });
  return {
    ...(zone !== undefined && { zone }),
    ...(subset !== undefined && { subset }),
    ...(hedge !== undefined && { hedgeMs: hedge }),
    ...(policy !== undefined && { policy }),
    ...(weights.length > 0 && { weights: Object.fromEntries(weights) }),
    ...(seed !== undefined && { seed }),
  };
}

/** How far off the worst of the mean, the median and the 90th percentile is, 0 to 1. */
function deviation(predicted: Outlook, recorded: Outlook): number {
  const parts = (["meanMs", "medianMs", "p90Ms"] as const).map((what) =>
    recorded[what] > 0 ? Math.abs(predicted[what] - recorded[what]) / recorded[what] : 0,
  );
  return Math.max(...parts);
}

function inWords({ zone, subset, hedge, policy, weight = [] }: ReplayOptions): string {
  const parts = [
    ...(policy === undefined ? [] : [policy]),
    ...(zone === undefined ? [] : [zone === "" ? "no zone" : `zone ${zone}`]),
    ...(subset === undefined ? [] : [subset === 0 ? "no subset" : `subset ${subset}`]),
    ...(hedge === undefined ? [] : [`hedge ${hedge} ms`]),
    ...weight.map(({ address, weight }) => `${address} weighs ${weight}`),
  ];
  return parts.join(", ");
}

type Named = readonly [name: string, outlook: Outlook];

function printOutlooks(outlooks: readonly Named[]): void {
  const paint = painter(process.stdout);
  const columns: Column<Named>[] = [
    { title: "", cell: ([name]) => name, always: true },
    { title: "CALLS", cell: ([, { calls }]) => String(calls), right: true },
    { title: "FAILED", cell: ([, { calls, failures }]) => percent(failures / calls), right: true },
    { title: "COPIES", cell: ([, { hedges }]) => (hedges > 0 ? String(hedges) : ""), right: true },
    { title: "MEAN", cell: ([, { meanMs }]) => milliseconds(meanMs), right: true },
    { title: "P50", cell: ([, { medianMs }]) => milliseconds(medianMs), right: true },
    { title: "P90", cell: ([, { p90Ms }]) => milliseconds(p90Ms), right: true },
    { title: "P99", cell: ([, { p99Ms }]) => milliseconds(p99Ms), right: true },
  ];
  const ids = [...new Set(outlooks.flatMap(([, { shares }]) => Object.keys(shares)))].sort();
  const shares: Column<string>[] = [
    { title: "INSTANCE", cell: (id) => id },
    ...outlooks.map(([name, outlook]) => ({
      title: name.replace(/,.*/, "").toUpperCase(),
      cell: (id: string) => percent(outlook.shares[id] ?? 0),
      right: true,
    })),
  ];
  printShown([...renderTable(columns, outlooks, { paint }), "", ...renderTable(shares, ids, { paint })].join("\n"));
}

function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number.");
}

function readPositive(text: string): number {
  const value = Number(text.replace(/ ?ms$/, ""));
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected milliseconds above 0.");
}

function readWeight(text: string, before: readonly Weight[] = []): Weight[] {
  const [, address, weight] = /^(.+)=([\d.]+)$/.exec(text) ?? [];
  if (address && Number(weight) > 0) return [...before, { address, weight: Number(weight) }];
  throw new InvalidArgumentError("Expected host:port=weight, the weight above 0, for example 10.0.0.1:8080=2.");
}
