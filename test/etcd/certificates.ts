import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An authority and the certificates it signs, as PEM files in a folder of their own; made by openssl. */
export class Authority implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "rollcall-tls-"));
  readonly caFile = join(this.folder, "ca.pem");
  readonly #caKey = join(this.folder, "ca.key");

  constructor() {
    openssl(
      ["req", "-x509", ...KEY, "-days", "2", "-subj", "/CN=rollcall test authority"],
      ["-keyout", this.#caKey, "-out", this.caFile],
    );
  }

  /** Signs a certificate, for 127.0.0.1 and localhost unless told otherwise; one with negative days has expired. */
  sign(name: string, days = 2, hosts = "IP:127.0.0.1,DNS:localhost"): { certFile: string; keyFile: string } {
    const [certFile, keyFile] = [join(this.folder, `${name}.pem`), join(this.folder, `${name}.key`)];
    const [request, extensions] = [join(this.folder, "request.pem"), join(this.folder, "extensions")];
    writeFileSync(extensions, `subjectAltName=${hosts}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    openssl(["req", "-new", ...KEY, "-subj", `/CN=${name}`, "-keyout", keyFile, "-out", request]);
    openssl(
      ["x509", "-req", "-in", request, "-CA", this.caFile, "-CAkey", this.#caKey, "-CAcreateserial"],
      ["-days", String(days), "-extfile", extensions, "-out", certFile],
    );
    return { certFile, keyFile };
  }

  /** Writes this authority's certificates over another one's files. */
  replace(other: Authority, ...names: string[]): void {
    for (const name of ["ca.pem", ...names.flatMap((one) => [`${one}.pem`, `${one}.key`])]) {
      copyFileSync(join(this.folder, name), join(other.folder, name));
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function openssl(...args: string[][]): void {
  execFileSync("openssl", args.flat(), { stdio: "pipe" });
}
