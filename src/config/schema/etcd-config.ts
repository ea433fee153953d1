import { z } from "zod";
import { isLoopbackHost, parseAddress } from "../../address.js";
import { ETCD_DEFAULTS } from "../../defaults.js";
import { listItems } from "../../target/forms.js";
import { advise } from "./field-annotations.js";
import { duration, flag, type Notation, optionalText, readable, text } from "./fields.js";

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** `http://h:2379`, `https://h:2379/`: etcd's own clients take these too, so they stand in files that exist. */
const HOST_URL = /^(https?:\/\/)?(.*?)\/?$/is;

/** go-zero joins its hosts with commas, so one item may hold several. */
const host = readable((value) => {
  for (const item of listItems(value)) parseAddress(HOST_URL.exec(item)![2]!);
}, "host:port, for example 127.0.0.1:2379");

const etcdFields = (notation: Notation) =>
  z.object({
    /** The members of one etcd cluster, `host:port` each; `http://` or `https://` before and a slash behind are understood. Required. */
    Hosts: z
      .array(host, { error: 'expected a list of etcd addresses (lines beginning with "- ")' })
      .min(1, { error: "expected at least one etcd address, for example 127.0.0.1:2379" })
      .transform((hosts) => hosts.flatMap(listItems).map((item) => item.replace(/\/$/, ""))),
    /** The service key. Required. */
    Key: text("the service key, for example order.rpc").refine((key) => !key.includes("\0"), {
      error: "expected the service key, for example order.rpc, without a zero byte",
    }),
    /** Number under which a server's key is written instead of its lease id; int64, counts when above 0. Default the lease's id. */
    ID: z
      .union([z.int(), z.bigint()], { error: "expected a whole number" })
      .transform(BigInt)
      .refine((id) => id >= INT64.min && id <= INT64.max, { error: "expected a whole number of 64 bits" })
      .optional(),
    /** Name and password count when both are given. Default none. */
    User: optionalText("the name of an etcd user"),
    Pass: optionalText("the password of the etcd user"),
    /** PEM files. The client certificate and its key go together, and need the CA beside them. Default none: no TLS. */
    CertFile: optionalText("the path of a PEM file"),
    CertKeyFile: optionalText("the path of a PEM file"),
    CACertFile: optionalText("the path of a PEM file"),
    /** Takes any server certificate. Default false. */
    InsecureSkipVerify: flag(ETCD_DEFAULTS.InsecureSkipVerify),
    /** Rollcall's own: lifetime of a server's lease, in milliseconds, whole seconds. Default 10,000. */
    TTL: duration(notation)
      .refine((ms) => ms >= 1000 && ms % 1000 === 0, {
        error: "expected whole seconds, at least 1s; a number is milliseconds",
      })
      .default(ETCD_DEFAULTS.TTL),
    /** Rollcall's own: how keys and values are written and read: go-zero's way, or Kratos' without or with TLS. Default go-zero. */
    Layout: z
      .enum(["go-zero", "kratos", "kratos-tls"], { error: "expected go-zero, kratos or kratos-tls" })
      .default(ETCD_DEFAULTS.Layout),
  });

export type EtcdConfig = z.output<ReturnType<typeof etcdFields>>;

/** Where the registry is and under which key: go-zero's discov.EtcdConf. */
export const etcdConfig = (notation: Notation) =>
  advise(
    etcdFields(notation).superRefine((etcd, context) => {
      const missing = (key: "CertFile" | "CertKeyFile" | "CACertFile", because: string) => {
        if (!etcd[key]) context.addIssue({ code: "custom", path: [key], message: `is missing: ${because}` });
      };
      if (etcd.CertFile) {
        missing("CertKeyFile", "CertFile needs its key beside it");
        missing("CACertFile", "CertFile needs beside it the CA that signed the certificate of etcd");
      }
      if (etcd.CertKeyFile) missing("CertFile", "CertKeyFile needs its certificate beside it");
    }),
    securityOf,
  );

/** What of a section is less safe than it looks, by the key to change. */
function securityOf(value: unknown): Record<string, string | undefined> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { Hosts, User, Pass, CACertFile, CertFile, InsecureSkipVerify } = value as EtcdConfig;
  const byFile = Boolean(CACertFile || CertFile || InsecureSkipVerify);
  const https = Hosts.filter((one) => /^https:/i.test(one));
  const elsewhere = Hosts.some((one) => !isLoopbackHost(parseAddress(HOST_URL.exec(one)![2]!).host));
  const plain = !byFile && https.length === 0 && elsewhere;
  return {
    InsecureSkipVerify: InsecureSkipVerify
      ? "is on: any server may pose as etcd and read the password; give CACertFile instead"
      : undefined,
    User: User && !Pass ? "has no Pass beside it: etcd is asked without either" : undefined,
    Pass: !Pass
      ? undefined
      : !User
        ? "has no User beside it: etcd is asked without either"
        : plain
          ? "is sent in plain text: give CACertFile, or write the hosts with https://"
          : undefined,
    Hosts:
      byFile && Hosts.some((one) => /^http:/i.test(one))
        ? "has http:// hosts beside TLS settings, and TLS is used: write https:// or no scheme"
        : !byFile && https.length > 0 && https.length < Hosts.length
          ? "has https:// and other hosts: TLS is used for all of them"
          : undefined,
  };
}

/** A section that may be absent, or empty: go-zero takes one without Hosts for none. */
export function optionalEtcd(notation: Notation) {
  return z.preprocess((given) => (namesNoHost(given) ? undefined : given), etcdConfig(notation).optional());
}

function namesNoHost(given: unknown): boolean {
  if (given === null) return true;
  if (typeof given !== "object") return false;
  const { Hosts } = given as { Hosts?: unknown };
  return Object.keys(given).length === 0 || (Array.isArray(Hosts) && Hosts.length === 0);
}
