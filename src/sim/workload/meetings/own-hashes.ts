// SHA-256 with a key, and the digest of what a node owns, written from their standards and from spec/hp-peer.md apart from
// the product: an error that both shared would hide. Refuses to know what is hashed.

import { encoder } from '../chat/hp-lines.ts';

/** [HP-PEER-4] In base64url without padding. */
export function signed(secret: string, lines: readonly string[]): string {
  const key = new Uint8Array(BLOCK);
  const own = encoder.encode(secret);
  key.set(own.length > BLOCK ? sha256(own) : own);
  const inner = sha256(joined(xored(key, 0x36), encoder.encode(lines.join('\n'))));
  return base64Url(sha256(joined(xored(key, 0x5c), inner)));
}

function sha256(bytes: Uint8Array): Uint8Array {
  const length = Math.ceil((bytes.length + 9) / BLOCK) * BLOCK;
  const whole = new Uint8Array(length);
  whole.set(bytes);
  whole[bytes.length] = 0x80;
  const view = new DataView(whole.buffer);
  view.setUint32(length - 8, Math.floor(bytes.length / 0x2000_0000));
  view.setUint32(length - 4, bytes.length * 8);
  const state = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  const w = new Uint32Array(64);
  for (let at = 0; at < length; at += BLOCK) {
    for (let i = 0; i < 16; i += 1) w[i] = view.getUint32(at + i * 4);
    for (let i = 16; i < 64; i += 1) {
      const [a = 0, b = 0, c = 0, d = 0] = [w[i - 15], w[i - 2], w[i - 16], w[i - 7]];
      const first = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
      w[i] = c + d + first + (turned(b, 17) ^ turned(b, 19) ^ (b >>> 10));
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let i = 0; i < 64; i += 1) {
      const ends = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const one = (h + ends + ((e & f) ^ (~e & g)) + (ROUNDS[i] ?? 0) + (w[i] ?? 0)) | 0;
      const two =
        ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    for (const [i, one] of [a, b, c, d, e, f, g, h].entries()) state[i] = (state[i] ?? 0) + one;
  }
  const found = new Uint8Array(32);
  const out = new DataView(found.buffer);
  for (const [i, one] of state.entries()) out.setUint32(i * 4, one);
  return found;
}

function turned(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 0x1_0000_0000);
}

function xored(key: Uint8Array, by: number): Uint8Array {
  return key.map((byte) => byte ^ by);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const whole = new Uint8Array(one.length + other.length);
  whole.set(one);
  whole.set(other, one.length);
  return whole;
}

function base64Url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let i = 0; i < Math.min(4, left + 1); i += 1)
      text += DIGITS[(three >> (18 - 6 * i)) & 63] ?? '';
  }
  return text;
}

export interface Owned {
  readonly session: string;
  readonly user: string;
  readonly status: string;
  readonly note?: string | undefined;
  readonly lamport: number;
  readonly since?: number | undefined;
}

/** [HP-REPL-2] */
export function digestOf(sessions: Iterable<Owned>): string {
  let [first, second] = [0, 0];
  for (const one of sessions) {
    const blocks = [
      one.session,
      one.user,
      one.status,
      ...(one.note === undefined ? [] : [one.note]),
    ]
      .flatMap((text) => [...unitsOf(text), text.length])
      .concat(one.lamport, ...(one.since === undefined ? [] : [one.since]));
    first ^= murmur(blocks, 0x5bd1_e995);
    second ^= murmur(blocks, 0x9e37_79b9);
  }
  return hex(first) + hex(second);
}

function unitsOf(text: string): readonly number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** MurmurHash3 for 32 bits over whole blocks; without a length in the last step. */
function murmur(blocks: readonly number[], seed: number): number {
  let hash = seed;
  for (const block of blocks) {
    hash ^= Math.imul(turned(Math.imul(block, 0xcc9e_2d51), 17), 0x1b87_3593);
    hash = (Math.imul(turned(hash, 19), 5) + 0xe654_6b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

const BLOCK = 64;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PRIMES: readonly number[] = Array.from({ length: 310 }, (_, at) => at + 2).filter((one) => {
  for (let by = 2; by * by <= one; by += 1) if (one % by === 0) return false;
  return true;
});
const ROUNDS: readonly number[] = [
  ...[0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1],
  ...[0x923f_82a4, 0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
  ...[0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786],
  ...[0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
  ...[0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147],
  ...[0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
  ...[0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b],
  ...[0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
  ...[0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a],
  ...[0x5b9c_ca4f, 0x682e_6ff3, 0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
  ...[0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];
