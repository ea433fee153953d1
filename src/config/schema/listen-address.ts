import { type HostPort, parseAddress, quote } from "../../address.js";

/**
 * Reads where a server listens: like an address, but the host may be empty (all interfaces) and the port may be 0
 * (any free one).
 * @throws TypeError that quotes the text and says what is wrong with it.
 */
export function parseListenAddress(text: string): HostPort {
  // parseAddress does the rest once the two liberties are filled in.
  const anyHost = text.startsWith(":") && text.indexOf(":", 1) < 0;
  const anyPort = /:0+$/.test(text);
  try {
    const { host, port } = parseAddress((anyHost ? `0.0.0.0${text}` : text).replace(/:0+$/, ":1"));
    return { host: anyHost ? "" : host, port: anyPort ? 0 : port };
  } catch (error) {
    const why = (error as Error).message.replace(/^.* is not an address: |; expected .*$/gs, "");
    const message = `${quote(text)} is not an address to listen on: ${why}; expected host:port, for example 0.0.0.0:8080`;
    throw new TypeError(message, { cause: error });
  }
}
