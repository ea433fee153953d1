import { dice } from "../../virtual-time.js";
import type { Recording } from "../recording.js";
import { fleetOf } from "./fleet.js";
import { type Outlook, Tally } from "./outlook.js";
import { Play } from "./play.js";
import { RecordedLatencies } from "./recorded-latencies.js";
import { checkSettings, type ReplaySettings } from "./settings.js";

/** Plays of the same arrivals by other dice, so that rare latencies weigh as they should. */
const PLAYS = 5;

/**
 * What would have been under other settings: plays the recorded arrivals against the real balancer in virtual time, each instance
 * answering as it did about that time with about that many calls in flight. Each recorded attempt is an arrival. Not known is what other
 * clients would have done, nor how an instance does under more calls than it ever had.
 * @throws TypeError when the recording has no call that ended, or a setting is none.
 */
export function replay(recording: Recording, settings: ReplaySettings = {}): Outlook {
  const arrivals = recording.decisions.filter(({ outcome }) => outcome !== "running");
  if (arrivals.length === 0)
    throw new TypeError("the recording has no call that has ended; record while calls are made");
  checkSettings(settings);
  const { policy = "p2c_ewma", hedgeMs, seed = 1 } = settings;
  const fleet = fleetOf(recording, settings);
  const latencies = new RecordedLatencies(recording.decisions);
  const tally = new Tally();
  for (let n = 0; n < PLAYS; n++) {
    new Play({ arrivals, fleet, latencies, policy, hedgeMs, random: dice(seed * 7_919 + n) }).run(tally);
  }
  return tally.outlook(PLAYS);
}
