import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

/** What a DNS server may do with a question that a well-behaved server would not do on request. */
export type DnsReply =
  | "silence"
  | "garbage"
  | "SERVFAIL"
  | "NXDOMAIN"
  | "REFUSED"
  | { readonly addresses: readonly string[]; readonly ttl: number };

export interface DnsQuestion {
  readonly name: string;
  readonly type: "A" | "AAAA";
}

/** A DNS server over UDP that answers as it is told, and remembers what it was asked. */
export interface DnsResponder {
  /** `ip:port`. */
  readonly address: string;
  readonly questions: DnsQuestion[];
  close(): Promise<void>;
}

const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };
const TYPE_AAAA = 28;

/**
 * @param reply is asked for every question; addresses of the other family than the question's are not sent.
 * @param delayMs how long every answer takes, in milliseconds.
 */
export async function startDnsResponder(
  reply: (question: DnsQuestion) => DnsReply,
  delayMs = 0,
): Promise<DnsResponder> {
  const socket = createSocket("udp4");
  const questions: DnsQuestion[] = [];
  let closing = false;
  socket.on("message", (message, { port, address }) => {
    const { name, type, end } = questionOf(message);
    const question: DnsQuestion = { name, type: type === TYPE_AAAA ? "AAAA" : "A" };
    questions.push(question);
    const answer = encode(message, end, question, reply(question));
    if (answer) setTimeout(() => closing || socket.send(answer, port, address), delayMs);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    close: async () => {
      closing = true;
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

/** The one question of a query (RFC 1035, section 4.1.2), and where it ends. */
function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function encode(query: Buffer, end: number, { type }: DnsQuestion, reply: DnsReply): Buffer | undefined {
  if (reply === "silence") return undefined;
  if (reply === "garbage") return Buffer.from("this is no DNS message");
  const addresses = typeof reply === "string" ? [] : reply.addresses.filter((ip) => isIPv6(ip) === (type === "AAAA"));
  const head = Buffer.from(query.subarray(0, end));
  // Response, recursion desired and available; one question, the answers, nothing else.
  head.writeUInt16BE(0x8180 | (typeof reply === "string" ? RCODES[reply] : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...addresses.map((ip) => record(ip, typeof reply === "string" ? 0 : reply.ttl))]);
}

/** An address record whose name points back to the question. */
function record(ip: string, ttl: number): Buffer {
  const data = addressBytes(ip);
  const fixed = Buffer.alloc(12);
  fixed.writeUInt16BE(0xc00c, 0);
  fixed.writeUInt16BE(data.length === 16 ? TYPE_AAAA : 1, 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt32BE(ttl, 6);
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([fixed, data]);
}

function addressBytes(ip: string): Buffer {
  if (!isIPv6(ip)) return Buffer.from(ip.split(".").map(Number));
  const [left = "", right] = ip.split("::");
  const groups = (text: string | undefined) => (text ? text.split(":").map((group) => Number.parseInt(group, 16)) : []);
  const [before, after] = [groups(left), groups(right)];
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
