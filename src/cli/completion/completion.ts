import { Argument, type Command } from "commander";
import { printShown } from "../output.js";
import { addExamples } from "../program.js";
import { SCRIPTS } from "./scripts.js";

type Shell = keyof typeof SCRIPTS;

export function defineCompletion(command: Command): void {
  command.addArgument(new Argument("<shell>", "your shell").choices(Object.keys(SCRIPTS))).action((shell: Shell) => {
    printShown(SCRIPTS[shell].trimEnd());
  });
  addExamples(command, [
    ["source <(rollcall completion bash)", "in ~/.bashrc"],
    ["source <(rollcall completion zsh)", "in ~/.zshrc, after compinit"],
    ["rollcall completion fish > ~/.config/fish/completions/rollcall.fish", "once"],
  ]);
}

/** What the scripts call: one candidate a line, for the last of the words. Nothing where files are meant. */
export function defineComplete(command: Command): void {
  command
    .argument("[words...]")
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[]) => {
      const { candidates } = await import("./candidates.js");
      const found = await candidates(words);
      if (found.length > 0) printShown(found.join("\n"));
    });
}
