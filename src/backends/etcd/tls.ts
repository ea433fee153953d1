import { readFile } from "node:fs/promises";
import { ChannelCredentials } from "@grpc/grpc-js";
import { type EtcdSettings, usesTls } from "./settings.js";

/**
 * The credentials of one connection. Files are read each time, so that replaced ones are used from the next connection on.
 * @throws Error that names the setting and the file.
 */
export async function credentialsOf(settings: EtcdSettings): Promise<ChannelCredentials> {
  if (!usesTls(settings)) return ChannelCredentials.createInsecure();
  const { caCertFile, certFile, certKeyFile, insecureSkipVerify = false } = settings;
  const [ca, key, cert] = await Promise.all([
    pem("CACertFile", caCertFile),
    pem("CertKeyFile", certKeyFile),
    pem("CertFile", certFile),
  ]);
  try {
    return ChannelCredentials.createSsl(ca, key, cert, { rejectUnauthorized: !insecureSkipVerify });
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
