import { useEffect, useState } from "preact/hooks";
import type { EventKind, FleetEvent } from "../model.js";
import { clock } from "./format.js";

/** The chart shows so much of the past, in bars of so much time, in milliseconds. */
const PAST_MS = 15 * 60_000;
const BAR_MS = 15_000;
/** So many are listed. */
const LISTED = 80;
/** The chart in its own units: a bar is one wide, and so high at most in each direction. */
const BARS = PAST_MS / BAR_MS;
const HALF = 20;

const SIGNS: Readonly<Record<EventKind, string>> = {
  joined: "+",
  left: "−",
  paused: "‖",
  resumed: "▸",
  health: "♥",
  changed: "~",
  calls: "→",
  "calls no more": "↛",
};

/** What happened: joins and leaves over time, and everything in words, the newest first. */
export function Timeline({ events: all, chosen }: { events: readonly FleetEvent[]; chosen: string | undefined }) {
  const events = chosen === undefined ? all : all.filter(({ service }) => service === chosen);
  return (
    <section class="timeline panel" aria-labelledby="timeline-title">
      <div class="head">
        <h2 id="timeline-title">Timeline</h2>
        <span class="quiet">joins above, leaves below, 15 min</span>
      </div>
      <Chart events={events} />
      {events.length === 0 ? (
        <p class="nothing">Nothing has happened since the console was started.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by the keyboard
        <ol tabIndex={0} aria-label="Events, the newest first">
          {events
            .slice(-LISTED)
            .reverse()
            .map((event) => (
              <li key={event.id} class={event.kind.replaceAll(" ", "-")}>
                <time dateTime={new Date(event.at).toISOString()}>{clock(event.at)}</time>
                <b aria-hidden="true">{SIGNS[event.kind]}</b>
                <span>{inWords(event)}</span>
              </li>
            ))}
        </ol>
      )}
    </section>
  );
}

/** `order.rpc: 10.0.0.1:8080 left, expired` */
export function inWords({ kind, service, who, detail }: FleetEvent): string {
  if (kind === "calls") return `${who} calls ${service}`;
  if (kind === "calls no more") return `${who} calls ${service} no more`;
  if (kind === "health") return `${service}: ${who} is ${detail}`;
  if (kind === "changed") return `${service}: ${who} is now ${detail || "without version, zone and weight"}`;
  return `${service}: ${who} ${kind}${detail ? `, ${detail}` : ""}`;
}

function Chart({ events }: { events: readonly FleetEvent[] }) {
  const now = useBarTime();
  const joins = new Array<number>(BARS).fill(0);
  const leaves = new Array<number>(BARS).fill(0);
  for (const { at, kind } of events) {
    const bar = BARS - 1 - Math.floor((now - at) / BAR_MS);
    if (bar < 0) continue;
    const into = Math.min(bar, BARS - 1);
    if (kind === "joined" || kind === "resumed") joins[into]! += 1;
    if (kind === "left" || kind === "paused") leaves[into]! += 1;
  }
  const most = Math.max(3, ...joins, ...leaves);
  const high = (value: number) => (value === 0 ? 0 : Math.max(2, (value / most) * HALF));
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${BARS} ${2 * HALF + 1}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${sum(joins)} joined and ${sum(leaves)} left in the last 15 minutes`}
    >
      <rect class="axis" x="0" y={HALF} width={BARS} height="1" />
      {joins.map(
        (value, bar) =>
          value > 0 && (
            <rect class="join" key={`+${bar}`} x={bar + 0.1} width="0.8" y={HALF - high(value)} height={high(value)} />
          ),
      )}
      {leaves.map(
        (value, bar) =>
          value > 0 && (
            <rect class="leave" key={`-${bar}`} x={bar + 0.1} width="0.8" y={HALF + 1} height={high(value)} />
          ),
      )}
    </svg>
  );
}

/** The end of the bar that is being filled. */
function useBarTime(): number {
  const end = () => Math.ceil(Date.now() / BAR_MS) * BAR_MS;
  const [at, setAt] = useState(end);
  useEffect(() => {
    const timer = setInterval(() => setAt(end), 1_000);
    return () => clearInterval(timer);
  }, []);
  return at;
}
