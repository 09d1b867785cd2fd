// Values of actors as JSON and back: bytes become text where they are UTF-8, else base64url; what is undefined is left
// out; what nests deep becomes a text of its own, so that no line is deeper than a line may be.
// Refuses to know what a value means: whoever unpacks one looks at it before he believes it.
// Obeys spec/hp-peer.md, section "Forwarding".

import { encodeText } from '../utf8-text.ts';
import { base64Url, fromBase64Url } from './sha256.ts';

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Deeper than this a value becomes a text. */
const DEPTH_MAX = 12;

/** [HP-RELAY-9] Plain values and bytes, as JSON can carry them. */
export function packed(value: unknown, depth = 0): unknown {
  if (value instanceof Uint8Array) return packedBytes(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return { $j: JSON.stringify(value) };
  if (Array.isArray(value)) return value.map((inner: unknown) => packed(inner, depth + 1));
  const found: Record<string, unknown> = {};
  let isMistakable = false;
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    isMistakable ||= key.startsWith('$');
    define(found, key, packed(inner, depth + 1));
  }
  return isMistakable ? { $o: found } : found;
}

function packedBytes(bytes: Uint8Array): unknown {
  try {
    return { $t: strictDecoder.decode(bytes) };
  } catch {
    return { $b: base64Url(bytes) };
  }
}

/** Undefined inside of what is not well packed. */
export function unpacked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: unknown) => unpacked(inner));
  const { $t: text, $b: base64, $j: json, $o: object } = value as Record<string, unknown>;
  if (typeof text === 'string') return encodeText(text);
  if (typeof base64 === 'string') return fromBase64Url(base64);
  if (typeof json === 'string') return parsed(json);
  if (typeof object === 'object' && object !== null) return members(object);
  return members(value);
}

function members(value: object): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) define(found, key, unpacked(inner));
  return found;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** `__proto__` is a key like any other. */
function define(into: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(into, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else into[key] = value;
}
