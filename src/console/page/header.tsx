import type { Fleet } from "../model.js";
import type { Link } from "./connection.js";
import { count, rate } from "./format.js";

const LINKS: Readonly<Record<Link, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connecting again",
  over: "Ended: run rollcall console again",
};

/** What this is, whether it is up to date, and the fleet in numbers. */
export function Header({ fleet, link }: { fleet: Fleet; link: Link }) {
  const { rows, edges } = fleet;
  const numbers: [label: string, value: string, tone?: "warn" | "bad"][] = [
    ["Services", String(new Set(rows.map(({ service }) => service)).size)],
    ["Instances", String(rows.length)],
    ["Paused", String(rows.filter(({ paused }) => paused).length), "warn"],
    [
      "Unhealthy",
      String(rows.filter(({ health }) => health === "not serving" || health === "unreachable").length),
      "bad",
    ],
    ["Callers", String(new Set(edges.map(({ from }) => from)).size)],
    ["Calls/s", rate(rows.reduce((all, { stats }) => all + (stats?.callsPerSecond ?? 0), 0))],
  ];
  const isLive = link === "live" && fleet.trouble === undefined;
  return (
    <header class="top">
      <h1>
        <img src="icon.svg" alt="" width="22" height="22" /> Rollcall
      </h1>
      <dl class="numbers">
        {numbers.map(([label, value, tone]) => (
          <div key={label} class={tone && value !== "0" ? tone : undefined}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="place">
        <span class={isLive ? "link live" : "link"}>{link === "live" && !isLive ? "Not up to date" : LINKS[link]}</span>
        <span class="mono">etcd {fleet.registry}</span>
      </p>
      {fleet.trouble !== undefined && (
        <p class="trouble" role="alert">
          etcd does not answer: {fleet.trouble}. Shown is what it said last: {count(rows.length, "instance")}.
        </p>
      )}
    </header>
  );
}
