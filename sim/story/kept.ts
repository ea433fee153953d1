import type { Schedule } from "../faults/fault.js";

/** Schedules that once failed, as small as they could be made. They are whole, so that a seed may come to mean another one. */
export const kept: readonly { readonly was: string; readonly schedule: Schedule }[] = [];
