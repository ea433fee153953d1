/**
 * Programs of the kernel's classic packet filter, which tc runs for each packet on a network interface. They lose packets
 * for real where the kernel has no netem.
 */

/** One instruction: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, operand: number];

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const RETURN = 0x06;
/** Where the kernel answers a load with a random word. */
const RANDOM = 0xfffff038;

const DROP: Instruction = [RETURN, 0, 0, 2];
/** Goes on as if there were no filter. */
const PASS: Instruction = [RETURN, 0, 0, 0xffffffff];

/** Offsets within an Ethernet frame that holds an IPv4 packet without options. */
const ETHER_TYPE = 12;
const IP_PROTOCOL = 23;
const SOURCE_PORT = 34;
const DESTINATION_PORT = 36;
const ARP = 0x0806;
const IPV4 = 0x0800;
const TCP = 6;

/** Drops everything but ARP: whoever sends is not told that the other is gone. */
export function dropAll(): string {
  return bytecode([[LOAD_HALF, 0, 0, ETHER_TYPE], [JUMP_EQUAL, 0, 1, ARP], PASS, DROP]);
}

/** Drops this share of all packets, each by chance. */
export function dropShare(share: number): string {
  return bytecode([[LOAD_WORD, 0, 0, RANDOM], [JUMP_AT_LEAST, 1, 0, Math.round(share * 2 ** 32)], DROP, PASS]);
}

/** Drops the packets of TCP connections that have one of these ports at either end. */
export function dropConnections(ports: readonly number[]): string {
  const tests: Instruction[] = [];
  // The end of the program is PASS and, after it, DROP.
  const left = (index: number) => 2 * ports.length + 1 - index;
  for (const offset of [SOURCE_PORT, DESTINATION_PORT]) {
    tests.push([LOAD_HALF, 0, 0, offset]);
    for (const port of ports) tests.push([JUMP_EQUAL, left(tests.length) + 1, 0, port]);
  }
  const toPass = tests.length;
  return bytecode([
    [LOAD_HALF, 0, 0, ETHER_TYPE],
    [JUMP_EQUAL, 0, toPass + 2, IPV4],
    [LOAD_BYTE, 0, 0, IP_PROTOCOL],
    [JUMP_EQUAL, 0, toPass, TCP],
    ...tests,
    PASS,
    DROP,
  ]);
}

/** As tc takes it. */
function bytecode(program: readonly Instruction[]): string {
  return [program.length, ...program.map((instruction) => instruction.join(" "))].join(",");
}
