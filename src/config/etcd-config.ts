import { z } from "zod";
import { parseAddress } from "../address.js";
import { flag, goDuration, optionalText, readable, text } from "./fields.js";

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** etcd's own clients take "http://h:2379" and "https://h:2379" too, so these may stand in files that exist. */
const host = readable(
  (value) => parseAddress(value.replace(/^https?:\/\//i, "")),
  "host:port, for example 127.0.0.1:2379",
);

/** Where the registry is and under which key: go-zero's discov.EtcdConf. */
export const etcdConfig = z
  .object({
    /** The members of one etcd cluster, `host:port` each. */
    Hosts: z
      .array(host, { error: 'expected a list of etcd addresses (lines beginning with "- ")' })
      .min(1, { error: "expected at least one etcd address, for example 127.0.0.1:2379" }),
    /** The service key. */
    Key: text("the service key, for example order.rpc"),
    /** Number under which a server's key is written instead of its lease id; int64, counts when above 0. */
    ID: z
      .union([z.int(), z.bigint()], { error: "expected a whole number" })
      .transform(BigInt)
      .refine((id) => id >= INT64.min && id <= INT64.max, { error: "expected a whole number of 64 bits" })
      .optional(),
    /** Name and password count when both are given. */
    User: optionalText("the name of an etcd user"),
    Pass: optionalText("the password of the etcd user"),
    /** PEM files. The client certificate and its key go together, and need the CA beside them. */
    CertFile: optionalText("the path of a PEM file"),
    CertKeyFile: optionalText("the path of a PEM file"),
    CACertFile: optionalText("the path of a PEM file"),
    /** Takes any server certificate. */
    InsecureSkipVerify: flag(false),
    /** Rollcall's own: lifetime of a server's lease, in milliseconds (written as a Go duration, whole seconds). */
    TTL: goDuration()
      .refine((ms) => ms >= 1000 && ms % 1000 === 0, { error: "expected whole seconds, at least 1s" })
      .default(10_000),
  })
  .superRefine((etcd, context) => {
    const missing = (key: "CertFile" | "CertKeyFile" | "CACertFile", because: string) => {
      if (!etcd[key]) context.addIssue({ code: "custom", path: [key], message: `is missing: ${because}` });
    };
    if (etcd.CertFile) {
      missing("CertKeyFile", "CertFile needs its key beside it");
      missing("CACertFile", "CertFile needs beside it the CA that signed the certificate of etcd");
    }
    if (etcd.CertKeyFile) missing("CertFile", "CertKeyFile needs its certificate beside it");
  });

export type EtcdConfig = z.output<typeof etcdConfig>;
