import { useEffect, useRef, useState } from "preact/hooks";
import type { FleetEvent } from "../model.js";
import { inWords } from "./timeline.js";

/** Speech takes time: what happens meanwhile is said together. Milliseconds. */
const PAUSE_MS = 3_000;

/** Tells a screen reader what happens, politely and not more than it can say. */
export function Announcer({ events }: { events: readonly FleetEvent[] }) {
  const told = useRef(events.at(-1)?.id ?? 0);
  const latest = useRef(events);
  latest.current = events;
  const [text, setText] = useState("");
  useEffect(() => {
    const timer = setInterval(() => {
      const news = latest.current.filter(({ id }) => id > told.current);
      if (news.length === 0) return;
      told.current = news.at(-1)!.id;
      const few = news.slice(-3).map(inWords).join(". ");
      setText(news.length > 3 ? `${news.length} changes; the last: ${few}` : few);
    }, PAUSE_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="hidden" role="status" aria-live="polite">
      {text}
    </div>
  );
}
