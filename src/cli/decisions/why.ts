import { writeFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { why, whyInOneSentence } from "../../observe/decisions/why.js";
import { count, Failure, printError, printJson, printShown, shown, toJson } from "../output.js";
import { addExamples } from "../program.js";
import { duration } from "../terminal/numbers.js";
import { painter } from "../terminal/style.js";
import { type Caller, callersOf } from "./processes.js";

interface WhyOptions {
  readonly process?: number;
  readonly save?: string;
  readonly json?: boolean;
}

export function defineWhy(command: Command): void {
  command
    .argument("<service>", "service key, as the process calls it, for example order.rpc")
    .option("--process <pid>", "only this process. Default all that call the service", readPid)
    .option("--save <file>", "also write a recording for `rollcall replay`; - is standard output, without the words")
    .option("--json", "print JSON")
    .action(explain);
  addExamples(command, [
    ["rollcall why order.rpc", "of every process of yours that calls it"],
    ["rollcall why order.rpc --process 4711 --save calls.json", "record it, for rollcall replay"],
  ]);
  command.addHelpText(
    "after",
    "\nThe process tells on a unix socket of its user's own: start it with ROLLCALL_INSPECT=1.",
  );
}

async function explain(service: string, { process: pid, save, json }: WhyOptions): Promise<void> {
  const { callers, troubles } = await callersOf(service, pid);
  for (const trouble of troubles) printError(`warning: ${trouble}`);
  if (save !== undefined) await saveRecording(callers, save);
  if (save === "-") return;
  if (json) return printJson(callers.map(toData));
  const paint = painter(process.stdout);
  for (const [n, caller] of callers.entries()) {
    const { sentence, reasons, heading } = inWords(caller);
    const lines = reasons.map((line) => `  ${shown(line)}`);
    const separator = n === 0 ? [] : [""];
    printShown([...separator, paint(shown(sentence), "bold"), "", shown(heading), ...lines].join("\n"));
  }
}

function inWords({ process, called, recordings }: Caller) {
  const decisions = recordings.flatMap((recording) => recording.decisions.map((one) => ({ ...one, setAside: [] })));
  const times = decisions.map(({ at }) => at);
  const spanMs = times.length === 0 ? 0 : max(times) - min(times);
  const picks =
    decisions.length === 0
      ? `no call recorded${whyNone([{ called }])}`
      : `the last ${count(decisions.length, "call")}, ${duration(spanMs)}`;
  return {
    sentence: whyInOneSentence(called, decisions),
    reasons: why(called, decisions),
    heading: `${called.service} as ${process.name} (pid ${process.pid}) calls it, by ${called.registry}; ${picks}:`,
    calls: decisions.length,
    spanMs: Math.round(spanMs),
  };
}

function toData(caller: Caller) {
  const { heading: _, ...words } = inWords(caller);
  const { pid, name, host } = caller.process;
  const { service, registry, state, instances } = caller.called;
  return { process: { pid, name, host }, service, registry, state, ...words, instances };
}

/** A process can have made calls and recorded none. */
function whyNone(callers: readonly Pick<Caller, "called">[]): string {
  const calling = callers.filter(({ called }) => called.totals.calls > 0);
  if (calling.length === 0) return " yet: make calls, then save";
  return calling.every(({ called }) => called.policy === "consistent_hash")
    ? ": consistent_hash decides nothing, keys do"
    : ", although calls were made: its ROLLCALL_DECISIONS is 0";
}

async function saveRecording(callers: readonly Caller[], file: string): Promise<void> {
  const all = callers.flatMap(({ process, recordings }) => recordings.map((recording) => ({ process, recording })));
  const some = all.filter(({ recording }) => recording.decisions.length > 0);
  const [first, ...others] = some;
  if (!first) throw new Failure(`no call has been recorded${whyNone(callers)}`);
  if (callers.length > 1 && others.length > 0) {
    const names = callers.map(({ process: { pid, name } }) => `${pid} (${name})`);
    throw new Failure(`several processes call it: choose one by --process: ${names.join(", ")}`);
  }
  // Of several channels of one process the one with most calls: a replay is of one balancer.
  const { recording } = some.reduce((most, one) =>
    one.recording.decisions.length > most.recording.decisions.length ? one : most,
  );
  const text = `${toJson(recording)}\n`;
  if (file === "-") {
    process.stdout.write(text);
    return;
  }
  await writeFile(file, text, { mode: 0o600 }).catch((error: Error) => {
    throw new Failure(`the recording cannot be written: ${error.message}`);
  });
  printError(`${count(recording.decisions.length, "call")} recorded in ${file}; rollcall replay ${file} plays them`);
}

function readPid(text: string): number {
  const pid = Number(text);
  if (/^\d+$/.test(text) && pid > 0) return pid;
  throw new InvalidArgumentError("Expected the number of a process.");
}

const max = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
const min = (values: readonly number[]) =>
  values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
