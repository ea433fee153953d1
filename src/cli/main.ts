#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { setLogLevel } from "../log.js";
import { addConsole } from "./console.js";
import { addDev } from "./dev.js";
import { addDoctor } from "./doctor.js";
import { addLs } from "./ls.js";
import { EXIT, endWithReader, Failure, printError } from "./output.js";
import { addPause, addResume } from "./pause.js";
import { addWatch } from "./watch.js";

/** Put in by the build. */
declare const ROLLCALL_VERSION: string | undefined;
const version = typeof ROLLCALL_VERSION === "string" ? ROLLCALL_VERSION : "from source";

const program = new Command("rollcall")
  .description("Service discovery for gRPC: see and check what is registered.")
  .version(version)
  .exitOverride()
  .addHelpText(
    "after",
    "\nExit codes: 0 all is well, 1 a problem was found, 2 the command was misused, 3 warnings only (doctor).",
  );
addDev(program);
addLs(program);
addWatch(program);
addDoctor(program);
addPause(program);
addResume(program);
addConsole(program);

// What a command has to say it says itself; the library's log is for those who ask for it.
if (!process.env.ROLLCALL_LOG_LEVEL) setLogLevel("silent");
endWithReader();
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its own errors, and help counts as one.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  printError(error instanceof Failure ? `rollcall: ${error.message}` : ((error as Error).stack ?? String(error)));
  return EXIT.problem;
}
