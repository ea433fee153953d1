import { useEffect, useState } from "preact/hooks";
import type { Fleet, Update } from "../model.js";
import { updated } from "../update.js";

/** `live`, `lost` while the browser connects again by itself, `over` when the server knows this page no more. */
export type Link = "connecting" | "live" | "lost" | "over";

/** Changes that come this closely are drawn together, in milliseconds. */
const TOGETHER_MS = 80;

/** The token that stands in front of the page's path. */
const token = location.pathname.split("/")[1] ?? "";

/** The fleet as it is now, and whether it still is. */
export function useFleet(): { fleet: Fleet | undefined; link: Link } {
  const [fleet, setFleet] = useState<Fleet>();
  const [link, setLink] = useState<Link>("connecting");
  useEffect(() => {
    let now: Fleet | undefined;
    let waiting: number | undefined;
    const draw = () => {
      waiting ??= window.setTimeout(() => {
        waiting = undefined;
        setFleet(now);
      }, TOGETHER_MS);
    };
    const source = new EventSource("events");
    source.addEventListener("open", () => setLink("live"));
    source.addEventListener("error", () => setLink(source.readyState === EventSource.CLOSED ? "over" : "lost"));
    source.addEventListener("fleet", ({ data }) => {
      now = JSON.parse(data) as Fleet;
      draw();
    });
    source.addEventListener("update", ({ data }) => {
      if (now) now = updated(now, JSON.parse(data) as Update);
      draw();
    });
    return () => {
      source.close();
      clearTimeout(waiting);
    };
  }, []);
  return { fleet, link };
}

/** Pauses or resumes an instance. @throws Error that says why it could not be done. */
export async function act(what: "pause" | "resume", service: string, address: string): Promise<void> {
  const response = await fetch(what, {
    method: "POST",
    headers: { "content-type": "application/json", "x-rollcall-token": token },
    body: JSON.stringify({ service, address }),
  });
  if (response.ok) return;
  const { error } = (await response.json().catch(() => ({}))) as { error?: string };
  throw new Error(error ?? `the console answered ${response.status}`);
}
