import { countFrom } from "../environment.js";
import { DEFAULT_DECISIONS, FlightRecorder } from "./recorder.js";

let recorder: FlightRecorder | undefined;
let asked = false;

/**
 * The flight recorder of this process, made for its first channel. `$ROLLCALL_DECISIONS` says how many picks it keeps, 0 for
 * none. Default 4,096, which is 590 kilobytes whatever happens.
 */
export function flightRecorder(): FlightRecorder | undefined {
  if (!asked) {
    const size = countFrom("ROLLCALL_DECISIONS", DEFAULT_DECISIONS);
    recorder = size === 0 ? undefined : new FlightRecorder(size);
  }
  asked = true;
  return recorder;
}
