// Rollcall's log goes where Nest's goes.
import { Logger } from "@nestjs/common";
import { setLogger } from "rollcall";

const logger = new Logger("Rollcall");
setLogger(
  {
    debug: (facts, message) => logger.debug({ message, ...facts }),
    info: (facts, message) => logger.log({ message, ...facts }),
    warn: (facts, message) => logger.warn({ message, ...facts }),
    error: (facts, message) => logger.error({ message, ...facts }),
  },
  "info",
);
