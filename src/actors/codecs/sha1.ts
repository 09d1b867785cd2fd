// SHA-1 and Base64 of short byte strings, enough for the WebSocket accept hash (RFC 6455 §4.2.2).
// The platform's hashes are asynchronous or belong to Node, and the simulator must shake hands without either.
// Not for secrets: SHA-1 proves here only that the other side speaks WebSocket.
// FIPS 180-4 §6.1, RFC 4648 §4; spec: WS-SHAKE-2.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The 20 bytes of SHA-1 over a message of less than 512 MiB. */
export function sha1(message: Uint8Array): Uint8Array {
  const size = message.length;
  const blocks = new DataView(new ArrayBuffer(((size + 72) >>> 6) * 64));
  for (let i = 0; i < size; i += 1) blocks.setUint8(i, message[i] as number);
  blocks.setUint8(size, 0x80);
  blocks.setUint32(blocks.byteLength - 4, size * 8);
  const words = new Int32Array(80);
  let [h0, h1, h2, h3, h4] = [
    0x67452301,
    0xefcdab89 | 0,
    0x98badcfe | 0,
    0x10325476,
    0xc3d2e1f0 | 0,
  ];
  for (let start = 0; start < blocks.byteLength; start += 64) {
    for (let i = 0; i < 16; i += 1) words[i] = blocks.getInt32(start + i * 4);
    for (let i = 16; i < 80; i += 1)
      words[i] = rotated(word(i - 3) ^ word(i - 8) ^ word(i - 14) ^ word(i - 16), 1);
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4];
    for (let i = 0; i < 80; i += 1) {
      const mixed =
        i < 20
          ? ((b & c) | (~b & d)) + 0x5a827999
          : i < 40
            ? (b ^ c ^ d) + 0x6ed9eba1
            : i < 60
              ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
              : (b ^ c ^ d) + 0xca62c1d6;
      const next = (rotated(a, 5) + mixed + e + word(i)) | 0;
      e = d;
      d = c;
      c = rotated(b, 30);
      b = a;
      a = next;
    }
    h0 = (h0 + a) | 0;
    h1 = (h1 + b) | 0;
    h2 = (h2 + c) | 0;
    h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0;
  }
  const digest = new DataView(new ArrayBuffer(20));
  [h0, h1, h2, h3, h4].forEach((part, i) => digest.setInt32(i * 4, part));
  return new Uint8Array(digest.buffer);

  function word(i: number): number {
    return words[i] as number;
  }
}

/** Base64 with padding. */
export function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const three =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const left = bytes.length - at;
    text += alphabet.charAt(three >>> 18) + alphabet.charAt((three >>> 12) & 63);
    text += left > 1 ? alphabet.charAt((three >>> 6) & 63) : '=';
    text += left > 2 ? alphabet.charAt(three & 63) : '=';
  }
  return text;
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
