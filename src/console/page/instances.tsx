import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { InstanceRow } from "../model.js";
import { count } from "./format.js";
import { COLUMNS, Row } from "./row.js";
import { Versions } from "./versions.js";

/** Height of a row in pixels, as page.css has it. */
const ROW = 38;
/** Rows beyond the visible ones, so that scrolling shows no gap. */
const MARGIN = 8;

/** The instances: as many rows are in the document as can be seen, however many there are. */
export function Instances(props: {
  rows: readonly InstanceRow[];
  total: number;
  service: string | undefined;
  filter: string;
  onFilter: (filter: string) => void;
  onAsk: (row: InstanceRow) => void;
}) {
  const { rows, total, service, filter, onFilter, onAsk } = props;
  const now = useNow();
  return (
    <section id="instances" class="instances" aria-labelledby="instances-title" tabIndex={-1}>
      <div class="head">
        <h2 id="instances-title">{service ?? "All services"}</h2>
        <span class="quiet">
          {rows.length === total ? count(total, "instance") : `${rows.length} of ${total} instances`}
        </span>
        <Versions rows={rows} />
        <input
          id="filter"
          type="search"
          placeholder="Filter  ( / )"
          aria-label="Filter instances by address, zone, version or state"
          value={filter}
          onInput={({ currentTarget }) => onFilter(currentTarget.value)}
        />
      </div>
      <Table key={service} rows={rows} withService={service === undefined} now={now} onAsk={onAsk} />
    </section>
  );
}

function Table(props: {
  rows: readonly InstanceRow[];
  withService: boolean;
  now: number;
  onAsk: (row: InstanceRow) => void;
}) {
  const { rows, withService, now, onAsk } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [active, setActive] = useState({ id: "", index: 0 });
  const focusNext = useRef(false);
  const current = indexOf(active, rows);
  const first = Math.max(0, Math.floor(view.top / ROW) - MARGIN);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + MARGIN);
  // Elements are used again for the rows that scroll in: to make them is what would cost.
  const elements = Math.ceil(view.height / ROW) + 2 * MARGIN + 2;

  useEffect(() => {
    const element = scroller.current!;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  useLayoutEffect(() => {
    const focused = scroller.current?.querySelector(":focus")?.closest("tr");
    const wanted = `${current + 2}`;
    if (!focusNext.current && (!focused || focused.ariaRowIndex === wanted)) return;
    // The element of the row that had the focus may be another row's now: the focus stays with its instance.
    const row = scroller.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${wanted}"]`);
    (row ?? scroller.current)?.focus({ preventScroll: true });
    if (row) focusNext.current = false;
  });

  const go = (index: number) => {
    const to = Math.max(0, Math.min(index, rows.length - 1));
    const element = scroller.current!;
    // The head of the table stays, and covers the first row's place.
    const top = to * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + 2 * ROW > element.scrollTop + element.clientHeight)
      element.scrollTop = top + 2 * ROW - element.clientHeight;
    focusNext.current = true;
    setActive({ id: rows[to]?.id ?? "", index: to });
    setView({ top: element.scrollTop, height: element.clientHeight });
  };
  const focusOn = useCallback(({ id }: InstanceRow, index: number) => setActive({ id, index }), []);
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / ROW) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      j: current + 1,
      ArrowUp: current - 1,
      k: current - 1,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: rows.length - 1,
    };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) go(steps[event.key]!);
    else if (event.key === "p" && rows[current]) onAsk(rows[current]);
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys are those of the row that has the focus
    <div class="scroller" ref={scroller} tabIndex={-1} onKeyDown={onKey}>
      <table
        class={withService ? "table with-service" : "table"}
        aria-labelledby="instances-title"
        aria-rowcount={rows.length + 1}
      >
        <thead class="columns">
          <tr aria-rowindex={1} class="row">
            {COLUMNS.filter(({ id }) => withService || id !== "service").map(({ id, title, hint, numeric }) => (
              <th key={id} scope="col" class={numeric ? "number" : undefined} title={hint}>
                {title}
              </th>
            ))}
            <th scope="col">
              <span class="hidden">Action</span>
            </th>
          </tr>
        </thead>
        <tbody class="rows" style={{ height: `${rows.length * ROW}px` }}>
          {rows.slice(first, last).map((row, offset) => (
            <Row
              key={(first + offset) % elements}
              row={row}
              index={first + offset}
              top={(first + offset) * ROW}
              isActive={first + offset === current}
              withService={withService}
              now={now}
              onFocus={focusOn}
              onAsk={onAsk}
            />
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="nothing">No instance here. One that registers appears by itself.</p>}
    </div>
  );
}

/** Where the row is now; the one in its place where it is gone. */
function indexOf({ id, index }: { id: string; index: number }, rows: readonly InstanceRow[]): number {
  if (rows[index]?.id === id) return index;
  const now = rows.findIndex((row) => row.id === id);
  return now >= 0 ? now : Math.max(0, Math.min(index, rows.length - 1));
}

/** The time, each second while the page can be seen. */
function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
