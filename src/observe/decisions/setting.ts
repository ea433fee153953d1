import { DEFAULT_DECISIONS, FlightRecorder } from "./recorder.js";

let recorder: FlightRecorder | undefined;
let asked = false;

/**
 * The flight recorder of this process, made for its first channel. `$ROLLCALL_DECISIONS` says how many picks it keeps, 0 for
 * none. Default 4,096, which is 590 kilobytes whatever happens.
 */
export function flightRecorder(): FlightRecorder | undefined {
  if (!asked) recorder = fromEnvironment(process.env.ROLLCALL_DECISIONS);
  asked = true;
  return recorder;
}

function fromEnvironment(text: string | undefined): FlightRecorder | undefined {
  const size = text === undefined || text.trim() === "" ? DEFAULT_DECISIONS : Number(text);
  // What is no number is the default; the log may not be up yet to complain.
  if (size === 0) return undefined;
  return new FlightRecorder(size > 0 ? size : DEFAULT_DECISIONS);
}
