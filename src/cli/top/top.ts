import { type Command, InvalidArgumentError } from "commander";
import { sleep } from "../../async/backoff.js";
import { inspected } from "../../observe/inspect/inspect-client.js";
import { HOW } from "../decisions/processes.js";
import { Failure, printError, printJson, printShown, shown } from "../output.js";
import { addExamples } from "../program.js";
import { withProgress } from "../terminal/progress.js";
import { isLive, Screen } from "../terminal/screen.js";
import { painter } from "../terminal/style.js";
import { cut } from "../terminal/text-width.js";
import { devServerSource, metricsUrl } from "./dev-server-source.js";
import { countedOnce, Flows, type Reading, type ServiceFlow } from "./flows.js";
import { processSource } from "./process-source.js";
import type { Source } from "./sample.js";
import { flowLines, renderFlows } from "./view.js";

interface TopOptions {
  readonly from?: readonly string[];
  readonly service?: string;
  readonly interval: number;
  readonly once?: boolean;
  readonly json?: boolean;
}

const NOTHING_YET = "no calls and no servers yet";

/** What is known at one moment. */
interface View {
  readonly time: Date;
  readonly flows: readonly ServiceFlow[];
  readonly sources: number;
  /** Why sources did not answer. */
  readonly troubles: readonly string[];
}

export function defineTop(command: Command): void {
  command
    .option("--from <host:port,...>", "also DevServers (their /metrics), here or on other machines", readFrom)
    .option("--service <key>", "only this service")
    .option("--interval <seconds>", "time between two looks", readSeconds, 2)
    .option("--once", "look twice, an interval apart, print what was between, and end")
    .option("--json", "print JSON, one object a look")
    .action(top);
  addExamples(command, [
    ["rollcall top", "your processes on this machine; q ends it"],
    ["rollcall top --from 10.0.0.1:6060,10.0.0.2:6060", "servers and clients elsewhere, Go ones too"],
    ["rollcall top --once --json", "once, for a program"],
  ]);
  command.addHelpText("after", `\nProcesses: ${HOW}.`);
}

async function top(options: TopOptions): Promise<void> {
  const live = !options.once && !options.json && isLive(process.stdout);
  const screen = live ? new Screen() : undefined;
  try {
    for await (const view of looks(options, screen?.signal ?? new AbortController().signal)) {
      if (screen) screen.draw(({ width }) => screenLines(view, width));
      else printView(view, options);
    }
  } finally {
    screen?.close();
  }
}

/** With `once` only the second look; it alone can tell rates. */
async function* looks(options: TopOptions, signal: AbortSignal): AsyncGenerator<View, void> {
  const { from = [], interval, service, once } = options;
  const flows = new Flows();
  const servers = [...new Set(from)].map((href) => devServerSource(new URL(href)));
  for (let n = 0; !signal.aborted; n++) {
    const sources = [...(await inspected()).map(knownProcess), ...servers];
    const { readings, troubles } = await readAll(sources);
    const all = flows.read(countedOnce(readings)).filter((flow) => service === undefined || flow.service === service);
    const view = { time: new Date(), flows: all, sources: readings.length, troubles };
    if (n === 0 && readings.length === 0 && !isWaiting(options)) throw new Failure(nothing(troubles));
    if (!once) yield view;
    else if (n === 1) {
      if (troubles.length > 0) process.exitCode = 1;
      return yield view;
    }
    const waiting = sleep(interval * 1_000, signal);
    await (once ? withProgress(`counting calls for ${interval} s`, waiting) : waiting);
  }
}

/** On a terminal processes may come later. */
function isWaiting({ once, json }: TopOptions): boolean {
  return !once && !json && isLive(process.stdout);
}

const processes = new Map<string, Source>();

function knownProcess(process: Parameters<typeof processSource>[0]): Source {
  const known = processes.get(process.socket) ?? processSource(process);
  processes.set(process.socket, known);
  return known;
}

async function readAll(sources: readonly Source[]): Promise<{ readings: Reading[]; troubles: string[] }> {
  const answers = await Promise.allSettled(
    sources.map(async (source) => ({ source: source.name, ...(await source.read()), at: performance.now() })),
  );
  return {
    readings: answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])),
    troubles: answers.flatMap((answer) => (answer.status === "rejected" ? [(answer.reason as Error).message] : [])),
  };
}

function printView({ time, flows, troubles }: View, { once, json }: TopOptions): void {
  if (json) {
    printJson({ time: time.toISOString(), services: flows, troubles });
    return;
  }
  for (const trouble of troubles) printError(`warning: ${trouble}`);
  if (once && flows.length === 0) printError(NOTHING_YET);
  else if (once) printShown(renderFlows(flows, painter(process.stdout), process.stdout.columns).join("\n"));
  // The first look has no rates yet.
  else if (flows.some(({ callsPerSecond }) => callsPerSecond !== undefined)) {
    printShown(flowLines(flows, time.toTimeString().slice(0, 8)).map(shown).join("\n"));
  }
}

function screenLines({ time, flows, sources, troubles }: View, width: number): string[] {
  const paint = painter(process.stdout);
  const head = `rollcall top  ${time.toTimeString().slice(0, 8)}  ${sources} ${sources === 1 ? "source" : "sources"}  q ends it`;
  const none = sources === 0 ? [`Waiting: ${HOW}.`] : flows.length === 0 ? [NOTHING_YET] : [];
  return [
    paint(cut(head, width), "dim"),
    ...troubles.map((trouble) => paint(cut(`! ${shown(trouble)}`, width), "red")),
    "",
    ...none.map((line) => cut(line, width)),
    ...renderFlows(flows, paint, width),
  ];
}

function nothing(troubles: readonly string[]): string {
  if (troubles.length > 0) return troubles.join("; ");
  return `nothing to show: no process can be inspected and no --from is given; ${HOW}`;
}

/** URLs, each written the one way. */
function readFrom(text: string, before: readonly string[] = []): string[] {
  const urls = text.split(",").map((one) => {
    try {
      return metricsUrl(one.trim()).href;
    } catch {
      throw new InvalidArgumentError(`${JSON.stringify(one.trim())} is no host:port.`);
    }
  });
  return [...before, ...urls];
}

function readSeconds(text: string): number {
  const seconds = Number(text.replace(/ ?s$/, ""));
  if (seconds >= 0.1 && seconds <= 3_600) return seconds;
  throw new InvalidArgumentError("Expected seconds, from 0.1 to 3600.");
}
