// MurmurHash3_x64_128 (Austin Appleby, public domain), seed 0, of which the first 64 bits are kept: what go-zero's core/hash
// gives. A 64-bit number is two halves of 32 bits here, because BigInt would cost ten times as much.

/** The halves of the last product, sum or rotation, and of the last hash. */
let hi = 0;
let lo = 0;

const utf8 = new TextEncoder();
let bytes = new Uint8Array(256);

/** A 64-bit hash in halves, each an unsigned 32-bit number. */
export interface Hash64 {
  hi: number;
  lo: number;
}

/** Hashes a text's UTF-8 bytes into `out`, which is returned. */
export function murmur3(text: string, out: Hash64 = { hi: 0, lo: 0 }): Hash64 {
  if (text.length * 3 + 16 > bytes.length) bytes = new Uint8Array(text.length * 6 + 16);
  const length = utf8.encodeInto(text, bytes).written;
  let h1hi = 0;
  let h1lo = 0;
  let h2hi = 0;
  let h2lo = 0;
  const whole = length - (length % 16);
  for (let at = 0; at < whole; at += 16) {
    mixK1(word(at + 4), word(at));
    h1hi ^= hi;
    h1lo ^= lo;
    rotate(h1hi, h1lo, 27);
    add(hi, lo, h2hi, h2lo);
    timesFive(0x52dce729);
    h1hi = hi;
    h1lo = lo;
    mixK2(word(at + 12), word(at + 8));
    h2hi ^= hi;
    h2lo ^= lo;
    rotate(h2hi, h2lo, 31);
    add(hi, lo, h1hi, h1lo);
    timesFive(0x38495ab5);
    h2hi = hi;
    h2lo = lo;
  }
  bytes.fill(0, length, whole + 16);
  if (length > whole + 8) {
    mixK2(word(whole + 12), word(whole + 8));
    h2hi ^= hi;
    h2lo ^= lo;
  }
  if (length > whole) {
    mixK1(word(whole + 4), word(whole));
    h1hi ^= hi;
    h1lo ^= lo;
  }
  h1lo ^= length;
  h2lo ^= length;
  add(h1hi, h1lo, h2hi, h2lo);
  h1hi = hi;
  h1lo = lo;
  add(h2hi, h2lo, h1hi, h1lo);
  h2hi = hi;
  h2lo = lo;
  finish(h1hi, h1lo);
  h1hi = hi;
  h1lo = lo;
  finish(h2hi, h2lo);
  add(h1hi, h1lo, hi, lo);
  out.hi = hi >>> 0;
  out.lo = lo >>> 0;
  return out;
}

/** Little-endian; there is always room for it, see bytes.fill above. */
function word(at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function mixK1(khi: number, klo: number): void {
  multiply(khi, klo, 0x87c37b91, 0x114253d5);
  rotate(hi, lo, 31);
  multiply(hi, lo, 0x4cf5ad43, 0x2745937f);
}

function mixK2(khi: number, klo: number): void {
  multiply(khi, klo, 0x4cf5ad43, 0x2745937f);
  rotate(hi, lo, 33);
  multiply(hi, lo, 0x87c37b91, 0x114253d5);
}

/** The finalizer, fmix64. */
function finish(ahi: number, alo: number): void {
  // x ^ (x >>> 33)
  multiply(ahi, alo ^ (ahi >>> 1), 0xff51afd7, 0xed558ccd);
  multiply(hi, lo ^ (hi >>> 1), 0xc4ceb9fe, 0x1a85ec53);
  lo ^= hi >>> 1;
}

function timesFive(plus: number): void {
  multiply(hi, lo, 0, 5);
  add(hi, lo, 0, plus);
}

function add(ahi: number, alo: number, bhi: number, blo: number): void {
  const low = (alo >>> 0) + (blo >>> 0);
  hi = (ahi + bhi + (low > 0xffffffff ? 1 : 0)) | 0;
  lo = low | 0;
}

function rotate(ahi: number, alo: number, by: number): void {
  // By 32 or more the halves change places first.
  const high = by < 32 ? ahi : alo;
  const low = by < 32 ? alo : ahi;
  const rest = by & 31;
  hi = (high << rest) | (low >>> (32 - rest));
  lo = (low << rest) | (high >>> (32 - rest));
}

/** The lower 64 bits of a product, by pieces of 16 bits. */
function multiply(ahi: number, alo: number, bhi: number, blo: number): void {
  const a1 = alo >>> 16;
  const a0 = alo & 0xffff;
  const b1 = blo >>> 16;
  const b0 = blo & 0xffff;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carry = a0 * b1 + (middle & 0xffff);
  const top = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
  hi = (top + Math.imul(alo, bhi) + Math.imul(ahi, blo)) | 0;
  lo = Math.imul(alo, blo);
}
