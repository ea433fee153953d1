import type { Layout } from "../layout/layout.js";
import type { RegistrationLog } from "./registration-log.js";

/** How a registration that is no instance's is kept. */
export interface Keeping {
  /** What is written, and where. Default as the settings say. */
  readonly layout?: Layout;
  /** What becomes of it. Default: the log, in a server's words. */
  readonly log?: Pick<RegistrationLog, "changed" | "cannotPause" | "tookOut" | "notTakenOut" | "limited">;
  /** It does not keep the process alive, and nobody pauses it. Default false. */
  readonly background?: boolean;
}
