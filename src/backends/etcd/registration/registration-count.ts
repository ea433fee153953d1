import { registrations } from "../../../tally.js";
import { isListed, type RegistrationState, whyNotListed } from "./state.js";

/** Counts what a change of state means, for metrics. Out of the registry by order, at a stop or a pause, is no loss. */
export function countChange(service: string, before: RegistrationState, now: RegistrationState): void {
  if (!isListed(before) && isListed(now)) registrations.listed.count(service);
  if (isListed(before) && whyNotListed(now)) registrations.lost.count(service);
}
