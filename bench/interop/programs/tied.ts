/** Ends this process once its standard input closes, as it does when the process that started it is gone. */
export function tieToInput(): void {
  process.stdin.on("end", () => process.exit()).resume();
}
