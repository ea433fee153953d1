import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, createSecureContext } from "node:tls";
import type { ConnectionSettings } from "./settings.js";

/**
 * How one connection to a host is encrypted; undefined for plaintext. Files are read each time, so that replaced ones are used
 * from the next connection on.
 * @throws Error that names the setting and the file.
 */
export async function tlsOptions(settings: ConnectionSettings, host: string): Promise<ConnectionOptions | undefined> {
  if (!settings.tls) return undefined;
  const { caCertFile, certFile, certKeyFile, insecureSkipVerify = false } = settings;
  const [ca, key, cert] = await Promise.all([
    pem("CACertFile", caCertFile),
    pem("CertKeyFile", certKeyFile),
    pem("CertFile", certFile),
  ]);
  try {
    return {
      secureContext: createSecureContext({ ca, key, cert }),
      rejectUnauthorized: !insecureSkipVerify,
      // The name to ask for (SNI); an IP address may not be asked for (RFC 6066).
      ...(isIP(host) === 0 && { servername: host }),
      checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    };
  } catch (error) {
    const files = [caCertFile, certFile, certKeyFile].filter(Boolean).join(", ");
    throw new Error(`the TLS files ${files} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

async function pem(setting: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`Etcd.${setting} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
