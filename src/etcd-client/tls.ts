import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import { type EtcdSettings, usesTls } from "./settings.js";

/**
 * The name to ask the server for (SNI). An IP address may not be asked for (RFC 6066), and Node warns of it; grpc-js has no
 * way to ask for nothing.
 */
export function serverNameOf(host: string): string {
  return isIP(host) ? "etcd" : host;
}

/**
 * The credentials of one connection to a host. Files are read each time, so that replaced ones are used from the next connection on.
 * @throws Error that names the setting and the file.
 */
export async function credentialsOf(settings: EtcdSettings, host: string): Promise<ChannelCredentials> {
  if (!usesTls(settings)) return ChannelCredentials.createInsecure();
  const { caCertFile, certFile, certKeyFile, insecureSkipVerify = false } = settings;
  const [ca, key, cert] = await Promise.all([
    pem("CACertFile", caCertFile),
    pem("CertKeyFile", certKeyFile),
    pem("CertFile", certFile),
  ]);
  try {
    return ChannelCredentials.createSsl(ca, key, cert, {
      rejectUnauthorized: !insecureSkipVerify,
      checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate), // whatever name was asked for
    });
  } catch (error) {
    const files = [caCertFile, certFile, certKeyFile].filter(Boolean).join(", ");
    throw new Error(`the TLS files ${files} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

async function pem(setting: string, file: string | undefined): Promise<Buffer | null> {
  if (file === undefined) return null;
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`Etcd.${setting} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
