import type { Command } from "commander";

/** Gives a command its arguments, options, examples and action. */
export type Define = (command: Command) => void;

/** A command as the help lists it. What it needs is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** For programs, not for people: not in the help. */
  readonly hidden?: true;
  readonly load: () => Promise<Define>;
}

/** All there are, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "ls",
    summary: "list what is registered: instances, their leases, health, weight, zone and version",
    load: async () => (await import("./ls/ls.js")).defineLs,
  },
  {
    name: "watch",
    summary: "follow instances as they join, leave and change: a live table on a terminal, else lines",
    load: async () => (await import("./watch/watch.js")).defineWatch,
  },
  {
    name: "top",
    summary: "calls a second, failures and latency by service and instance",
    load: async () => (await import("./top/top.js")).defineTop,
  },
  {
    name: "why",
    summary: "say why a running process sends its calls where they go",
    load: async () => (await import("./decisions/why.js")).defineWhy,
  },
  {
    name: "replay",
    summary: "say how recorded calls would have gone under other settings",
    load: async () => (await import("./decisions/replay.js")).defineReplay,
  },
  {
    name: "doctor",
    summary: "check a configuration file, and everything it names, from this machine",
    load: async () => (await import("./doctor/doctor.js")).defineDoctor,
  },
  {
    name: "pause",
    summary: "take an instance out of rotation: it is listed no more, and finishes what it has",
    load: async () => (await import("./pause.js")).definePause,
  },
  {
    name: "resume",
    summary: "put a paused instance back into rotation",
    load: async () => (await import("./pause.js")).defineResume,
  },
  {
    name: "console",
    summary: "serve a page on this machine that shows the fleet live: instances, who calls whom, pause and resume",
    load: async () => (await import("./console.js")).defineConsole,
  },
  {
    name: "dev",
    summary: "run an in-memory etcd for demos and tests; never for production",
    load: async () => (await import("./dev.js")).defineDev,
  },
  {
    name: "completion",
    summary: "print a script that completes commands, options and service keys in your shell",
    load: async () => (await import("./completion/completion.js")).defineCompletion,
  },
  {
    name: "__complete",
    summary: "candidates for the shell's completion",
    hidden: true,
    load: async () => (await import("./completion/completion.js")).defineComplete,
  },
];

/**
 * Adds every command to the program: those that are chosen as a whole, of the others the name and the summary, which is all that
 * help and suggestions need.
 */
export async function addCommands(program: Command, isChosen: (name: string) => boolean): Promise<void> {
  const defined = await Promise.all(
    COMMANDS.map(async (entry) => ({ ...entry, define: isChosen(entry.name) ? await entry.load() : undefined })),
  );
  for (const { name, summary, hidden = false, define } of defined) {
    const command = program.command(name, { hidden }).description(summary);
    define?.(command);
  }
}
