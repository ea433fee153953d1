import { z } from "zod";
import { parseAddress } from "../../address.js";
import { REDIS_DEFAULTS } from "../../defaults.js";
import { listItems } from "../../target/forms.js";
import { goZeroOnly } from "./field-annotations.js";
import { duration, flag, type Notation, optionalText, readable, text } from "./fields.js";

const hosts = readable(
  (given) => listItems(given).forEach((item) => void parseAddress(item)),
  "host:port, of a cluster several with commas between them",
);

/** go-zero's redis.RedisKeyConf: where the tokens of callers are. */
export const redisConfig = (notation: Notation) =>
  z.object({
    /** `host:port`; of a cluster several, with commas between them. Required. */
    Host: hosts,
    /** Default node. */
    Type: z.enum(["node", "cluster"], { error: "expected node or cluster" }).default(REDIS_DEFAULTS.Type),
    /** Default none. */
    User: optionalText("a name"),
    /** Default none. */
    Pass: optionalText("a password"),
    /** Default false. */
    Tls: flag(REDIS_DEFAULTS.Tls),
    /** Rollcall's own: PEM file of the authorities that may have signed Redis' certificate. Default the system's. */
    CACertFile: optionalText("the path of a PEM file"),
    /** Start although Redis cannot be reached. Default true. */
    NonBlock: flag(REDIS_DEFAULTS.NonBlock),
    /** How long a start waits for Redis, in milliseconds. Default 1,000. */
    PingTimeout: duration(notation).default(REDIS_DEFAULTS.PingTimeout),
    /** The hash that has a field for each app. Required. */
    Key: text("the key of a hash, whose fields are apps and whose values are tokens"),

    DisableIdentity: goZeroOnly(),
    Protocol: goZeroOnly(),
    MaintNotifications: goZeroOnly(),
  });

export type RedisConfig = z.output<ReturnType<typeof redisConfig>>;
