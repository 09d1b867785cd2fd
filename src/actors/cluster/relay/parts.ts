// Bodies that are too long for one line go in parts, which follow each other, and are put together where they arrive.
// Refuses to know what a body says. Obeys spec/hp-peer.md, section "Forwarding".

import type { Forward } from './outgoing.ts';

export interface Parted {
  /** What came of a body that is sent in parts. */
  parts: string[];
  partsLength: number;
}

/** [HP-RELAY-10] */
export function partsOf(
  text: string,
): readonly { readonly part: string; readonly more: boolean }[] {
  const parts: { readonly part: string; readonly more: boolean }[] = [];
  for (let at = 0; at < text.length; at += PART_LENGTH)
    parts.push({ part: text.slice(at, at + PART_LENGTH), more: at + PART_LENGTH < text.length });
  return parts;
}

/** Undefined while parts are missing. */
export function wholeOf(
  peer: Parted,
  { data }: Pick<Forward, 'data'>,
): { readonly data: unknown } | undefined {
  const { part, more } = (typeof data === 'object' && data !== null ? data : {}) as {
    readonly part?: unknown;
    readonly more?: unknown;
  };
  if (typeof part !== 'string' || typeof more !== 'boolean') return { data };
  peer.partsLength += part.length;
  if (peer.partsLength <= PARTS_LENGTH_MAX) peer.parts.push(part);
  if (more) return undefined;
  const text = peer.parts.join('');
  peer.parts = [];
  peer.partsLength = 0;
  try {
    return { data: JSON.parse(text) as unknown };
  } catch {
    return { data: undefined };
  }
}

/** UTF-16 units of one part: at worst six bytes each in a line. */
export const PART_LENGTH = 150_000;
const PARTS_LENGTH_MAX = 67_108_864;
