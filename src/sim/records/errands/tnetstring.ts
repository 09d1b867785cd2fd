// Tnetstrings, written from the format's own text, apart from the gateway's codec: for publishers, for whoever commands,
// and for the replies that are expected. Refuses to read any.

import { joined } from '../../../actors/codecs/joined.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';

/** Members of an object keep their order. */
export function tnetstring(value: unknown): Uint8Array {
  if (typeof value === 'string') return framed(encodeText(value), ',');
  if (value instanceof Uint8Array) return framed(value, ',');
  if (typeof value === 'number')
    return framed(encodeText(String(value)), Number.isInteger(value) ? '#' : '^');
  if (typeof value === 'boolean') return framed(encodeText(String(value)), '!');
  if (value === null || value === undefined) return framed(new Uint8Array(0), '~');
  if (Array.isArray(value)) return framed(joined(value.map(tnetstring)), ']');
  const pairs = Object.entries(value).flatMap(([name, of]) => [tnetstring(name), tnetstring(of)]);
  return framed(joined(pairs), '}');
}

function framed(content: Uint8Array, kind: string): Uint8Array {
  return joined([encodeText(`${content.byteLength}:`), content, encodeText(kind)]);
}
