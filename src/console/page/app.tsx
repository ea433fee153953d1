import { useEffect, useMemo, useState } from "preact/hooks";
import type { InstanceRow } from "../model.js";
import { Announcer } from "./announcer.js";
import { CallMap } from "./call-map.js";
import { Confirm, type Siblings } from "./confirm.js";
import { useFleet } from "./connection.js";
import { choose } from "./filter.js";
import { Header } from "./header.js";
import { Instances } from "./instances.js";
import { Services } from "./services.js";
import { Timeline } from "./timeline.js";

/** The page: services, the instances of the chosen one, who calls whom, and what happened. */
export function App() {
  const { fleet, link } = useFleet();
  const [service, setService] = useState<string>();
  const [filter, setFilter] = useState("");
  const [asked, setAsked] = useState<InstanceRow>();

  useEffect(() => {
    const focusFilter = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.key !== "/" || (target instanceof HTMLElement && target.matches("input, dialog *"))) return;
      event.preventDefault();
      document.getElementById("filter")?.focus();
    };
    addEventListener("keydown", focusFilter);
    return () => removeEventListener("keydown", focusFilter);
  }, []);

  const rows = fleet?.rows;
  // A service of which nobody is left is not stayed at.
  const chosen = rows?.some((row) => row.service === service) ? service : undefined;
  const shown = useMemo(() => (rows ? choose(rows, chosen, filter) : []), [rows, chosen, filter]);
  if (!fleet || !rows) return <p class="loading">{link === "over" ? "This URL is no longer valid." : "Connecting…"}</p>;
  return (
    <>
      <a class="skip" href="#instances">
        Skip to instances
      </a>
      <Header fleet={fleet} link={link} />
      <div class="body">
        <Services rows={rows} chosen={chosen} onChoose={setService} />
        <main>
          <Instances
            rows={shown}
            total={rows.length}
            service={chosen}
            filter={filter}
            onFilter={setFilter}
            onAsk={setAsked}
          />
          <div class="below">
            <CallMap nodes={fleet.nodes} edges={fleet.edges} trouble={fleet.mapTrouble} chosen={chosen} />
            <Timeline events={fleet.events} chosen={chosen} />
          </div>
        </main>
      </div>
      <Confirm row={asked} siblings={asked ? siblingsOf(asked, rows) : NOBODY} onEnd={() => setAsked(undefined)} />
      <Announcer events={fleet.events} />
    </>
  );
}

const NOBODY: Siblings = { listed: 0, total: 0 };

function siblingsOf({ service }: InstanceRow, rows: readonly InstanceRow[]): Siblings {
  const siblings = rows.filter((row) => row.service === service);
  return { listed: siblings.filter(({ paused }) => !paused).length, total: siblings.length };
}
