import type { Kind, Scenario } from "../scenarios/scenario.js";
import type { Clock } from "./clock.js";
import { exponential } from "./random.js";

/** How often calls of one client arrive, until when, and of which kinds. */
export interface Arriving {
  readonly scenario: Pick<Scenario, "burst" | "load">;
  readonly kinds: readonly Kind[];
  /** Calls a second. */
  readonly rate: number;
  readonly endMs: number;
  readonly random: () => number;
}

/** What becomes of them. All of a burst are given a server before the first of it is sent. */
export interface Arrived {
  pick(kind: Kind): number | undefined;
  call(kind: Kind, demand: number, server: number | undefined, luck: number): void;
}

/** One by one at random, in bursts at regular times. */
export function letArrive(clock: Clock, { scenario, kinds, rate, endMs, random }: Arriving, to: Arrived): void {
  const { burst = 1, load } = scenario;
  const gap = () => ((burst > 1 ? 1 : exponential(random)) * 1_000 * burst) / rate / (load?.(clock.now) ?? 1);
  const arrive = () => {
    const picks = Array.from({ length: burst }, () => {
      const kind = drawKind(kinds, random);
      return { kind, server: to.pick(kind) };
    });
    for (const { kind, server } of picks) to.call(kind, kind.service(random) * kind.ms, server, random());
    schedule();
  };
  const schedule = () => {
    const time = clock.now + gap();
    if (time < endMs) clock.at(time, arrive);
  };
  schedule();
}

function drawKind(kinds: readonly Kind[], random: () => number): Kind {
  if (kinds.length === 1) return kinds[0]!;
  let rest = random();
  for (const kind of kinds) {
    rest -= kind.share;
    if (rest < 0) return kind;
  }
  return kinds.at(-1)!;
}
