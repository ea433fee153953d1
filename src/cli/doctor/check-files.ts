import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { EtcdConfig } from "../../config/schema/etcd-config.js";
import { type Check, failed, ok, warning } from "./check.js";

const WEEK_MS = 7 * 24 * 3_600_000;

/** Whether the TLS files can be read, and their certificates are valid now. */
export async function checkTlsFiles(where: string, etcd: EtcdConfig): Promise<Check[]> {
  const keys = (["CACertFile", "CertFile", "CertKeyFile"] as const).filter((key) => etcd[key]);
  return Promise.all(keys.map((key) => checkFile(`${where}.${key}`, etcd[key]!, key !== "CertKeyFile")));
}

async function checkFile(subject: string, file: string, isCertificate: boolean): Promise<Check> {
  const path = resolve(file);
  try {
    const pem = await readFile(path);
    return isCertificate
      ? checkCertificate(subject, file, new X509Certificate(pem))
      : ok(subject, `${file} can be read`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      return failed(subject, `${file} does not exist`, `put the file at ${path} or correct ${subject}`);
    if (code === "EACCES") return failed(subject, `${file} must not be read`, `let this user read ${path}`);
    return failed(subject, `${file} is not usable: ${message}`, "put a PEM file there");
  }
}

function checkCertificate(subject: string, file: string, { validFrom, validTo }: X509Certificate): Check {
  const now = Date.now();
  if (Date.parse(validTo) < now) return failed(subject, `${file} expired on ${validTo}`, "renew the certificate");
  if (Date.parse(validFrom) > now) {
    return failed(subject, `${file} is not valid before ${validFrom}`, "check the clock, or wait");
  }
  if (Date.parse(validTo) - now < WEEK_MS) return warning(subject, `${file} expires on ${validTo}`, "renew it soon");
  return ok(subject, `${file} is valid until ${validTo}`);
}
