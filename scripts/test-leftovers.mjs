// Loaded into the process of every test file: what it started and did not end is killed once it is gone, however it went. A child
// that outlives a crashed file would hold the runner's pipes, and the whole run would wait for it. Linux only: /proc tells them.
import { spawn } from "node:child_process";
import { relative } from "node:path";

const MARK = "ROLLCALL_TEST_FILE";
// Children that end with their file have a second for it; then those that carry its mark are named and killed.
const SWEEP = `cat > /dev/null; sleep 1
grep -lzxs "$0" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
  command=$(tr '\\0' ' ' < "/proc/$pid/cmdline") && kill -9 "$pid" && echo "$1: $command" >> "$2"
done`;

// The runner itself loads this too.
if (process.env.NODE_TEST_CONTEXT && process.platform === "linux") {
  const { [MARK]: _, ROLLCALL_TEST_LEFTOVERS: log = "/dev/null", ...env } = process.env;
  const name = `${relative(process.cwd(), process.argv[1])}:${process.pid}`;
  // Its standard input closes when this process is gone.
  const sweeper = spawn("sh", ["-c", SWEEP, `${MARK}=${name}`, name, log], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env,
  });
  sweeper.on("error", () => {});
  sweeper.unref();
  sweeper.stdin.unref();
  process.env[MARK] = name;
}
