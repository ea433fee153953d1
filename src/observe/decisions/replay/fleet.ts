import { subset } from "../../../balancer/subset.js";
import type { Recording } from "../recording.js";
import type { ReplaySettings } from "./settings.js";

/** How much dearer another zone is, as src/membership/zone.ts has it. */
const ELSEWHERE = 2;

/** An instance that calls can be sent to. */
export interface Placed {
  readonly id: string;
  readonly weight: number;
  readonly distance: number;
}

/** Everybody who was called or compared, as the recording knows them and the settings want them. */
export function fleetOf({ decisions, instances }: Recording, { zone, subset: size = 0, weights }: ReplaySettings) {
  const ids = new Set(
    decisions.flatMap(({ compared, instance }) => [instance, ...compared.map((one) => one.instance)]),
  );
  const known = new Map(instances.map((one) => [one.id, one]));
  const distances = new Map(
    decisions.flatMap(({ compared }) => compared.map(({ instance, distance }) => [instance, distance] as const)),
  );
  const distanceOf = (id: string) => {
    if (zone === undefined) return distances.get(id) ?? 1;
    return zone === "" || known.get(id)?.zone === zone ? 1 : ELSEWHERE;
  };
  const chosen = size > 0 ? subset([...ids], size, "replay") : [...ids];
  return chosen.map((id): Placed => {
    return { id, weight: weights?.[id] ?? known.get(id)?.weight ?? 1, distance: distanceOf(id) };
  });
}
