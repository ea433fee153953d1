import { formatAddress, isWildcardHost, parseAddress } from "../address.js";
import type { Instance } from "../instance.js";
import { checkNames, refuse } from "../target/given.js";
import { chooseAddress } from "./advertise.js";
import type { Bound } from "./bound.js";

/** What others are told of a server. */
export type InstanceToRegister = Omit<Instance, "address"> &
  (
    | {
        /** The port that is listened on; the address is that of this machine, chosen as `Advertise` says. */
        readonly port: number;
        /**
         * The host that is listened on: default all interfaces, over IPv4 and IPv6. "0.0.0.0" says that it is IPv4 alone, so
         * that no IPv6 address is registered.
         */
        readonly host?: string | undefined;
        /**
         * What to register instead: an address, a host, the name of a network interface or a CIDR, as `Advertise` in
         * docs/configuration.md.
         */
        readonly advertise?: string | undefined;
        readonly address?: undefined;
      }
    | {
        /** `host:port` as clients reach it. It is registered as it is, whatever addresses the machine has. */
        readonly address: string;
        readonly port?: undefined;
      }
  );

const FACTS = ["port", "host", "advertise", "address", "weight", "zone", "metadata"];

/** @throws TypeError when something in it cannot be obeyed. */
export function boundAs(given: InstanceToRegister): Bound {
  const facts = checkedFacts(given);
  if (given.address === undefined) return onThisMachine(given, facts);
  if (given.port !== undefined) throw new TypeError("give either port or address; address has its port in it");
  const { host } = parseAddress(given.address);
  if (isWildcardHost(host))
    refuse("address", given.address, "one that others can reach; give port alone to have it chosen");
  return { instance: { address: given.address, ...facts } };
}

type Facts = Omit<Instance, "address">;

function checkedFacts(given: InstanceToRegister): Facts {
  checkNames("an instance", given, FACTS);
  const { weight, zone, metadata } = given;
  if (weight !== undefined && !(Number.isFinite(weight) && weight > 0)) refuse("weight", weight, "a number above 0");
  for (const name of ["address", "host", "advertise", "zone"] as const) {
    const text = (given as Partial<Record<string, unknown>>)[name];
    if (text !== undefined && typeof text !== "string") refuse(name, text, "a text");
  }
  if (metadata !== undefined && !isTexts(metadata)) refuse("metadata", metadata, "names with texts");
  return {
    ...(weight !== undefined && { weight }),
    ...(zone !== undefined && { zone }),
    ...(metadata !== undefined && { metadata }),
  };
}

function onThisMachine(given: Extract<InstanceToRegister, { readonly port: number }>, facts: Facts): Bound {
  const { port, host = "", advertise } = given;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    refuse("port", port, "the port that the server listens on, from 1 to 65535: register it after it listens");
  }
  const advertised = chooseAddress({ listenHost: host, boundPort: port, advertise });
  return { instance: { address: formatAddress(advertised), ...facts }, advertised };
}

function isTexts(metadata: object): boolean {
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return false;
  return Object.values(metadata).every((value) => typeof value === "string");
}
