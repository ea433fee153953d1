#!/usr/bin/env node
import { CommanderError } from "commander";
import { setLogLevel } from "../log.js";
import { EXIT, endWithReader, Failure, printError } from "./output.js";
import { makeProgram } from "./program.js";

// What a command has to say it says itself; the library's log is for those who ask for it.
if (!process.env.ROLLCALL_LOG_LEVEL) setLogLevel("silent");
endWithReader();
try {
  const args = process.argv.slice(2);
  const program = await makeProgram((name) => args.includes(name));
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has printed its own errors, and help counts as one.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) printError(`rollcall: ${error.message}`);
  else for (const line of ((error as Error).stack ?? String(error)).split("\n")) printError(line);
  return EXIT.problem;
}
