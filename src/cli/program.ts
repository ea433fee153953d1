import { Command } from "commander";
import { addCommands } from "./commands.js";
import { shown } from "./output.js";

/** Put in by the build. */
declare const ROLLCALL_VERSION: string | undefined;
const version = typeof ROLLCALL_VERSION === "string" ? ROLLCALL_VERSION : "from source";

/** The command line. @param isChosen which commands are loaded; of the others only the names are known. */
export async function makeProgram(isChosen: (name: string) => boolean): Promise<Command> {
  const program = new Command("rollcall")
    .description("Service discovery and load balancing: see and check what is registered, and how calls go.")
    .version(version)
    .exitOverride()
    // What was typed stands in it, and may be a password or steer the terminal.
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd().split("\n").map(shown).join("\n")}\n`) })
    .addHelpText(
      "after",
      "\nExit codes: 0 all is well, 1 a problem was found, 2 the command was misused, 3 warnings only (doctor)." +
        "\nColours are for terminals; NO_COLOR=1 switches them off. `rollcall help <command>` has examples.",
    );
  await addCommands(program, isChosen);
  return program;
}

/** Adds examples to a command's help. Each has its line of explanation. */
export function addExamples(
  command: Command,
  examples: readonly (readonly [example: string, does: string])[],
): Command {
  const width = Math.max(...examples.map(([example]) => example.length));
  const lines = examples.map(([example, does]) => `  ${example.padEnd(width)}  ${does}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}
