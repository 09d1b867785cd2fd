// Reads the cases of spec/vectors/: a text or bytes may be given in parts, and a part may be repeated.
// Knows the format that spec/README.md describes, and no codec.

import { readFileSync } from 'node:fs';

import { hex } from './websocket-reading.ts';

type Part = string | { readonly repeat: string; readonly times: number };
export type Text = string | readonly Part[];

/** What every case has; the id of its requirement is part of the test's name. */
export interface Case {
  readonly name: string;
  readonly spec: string;
}

/** An input: a text, or bytes that are none. */
export interface Input extends Case {
  readonly in?: Text;
  readonly hex?: Text;
}

/** A file of cases; whoever asks says what its lists hold. */
export function vectorsOf(file: string): unknown {
  const url = new URL(`../../../spec/vectors/${file}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8'));
}

/** The requirements that have a case, in the form in which tests name them. */
export function requirementsOf(...lists: readonly (readonly Case[])[]): string[] {
  return [...new Set(lists.flat().map(({ spec }) => `[${spec}]`))].toSorted();
}

/** Cases as rows for `test.each`: the name first. */
export function rows<C extends Case>(cases: readonly C[]): (readonly [string, C])[] {
  return cases.map((one) => [`[${one.spec}] ${one.name}`, one]);
}

export function textOf(text: Text): string {
  if (typeof text === 'string') return text;
  const parts = text.map((part) =>
    typeof part === 'string' ? part : part.repeat.repeat(part.times),
  );
  return parts.join('');
}

export function hexOf(text: Text): Uint8Array {
  if (typeof text === 'string') return hex(text);
  const parts = text.map((part) =>
    typeof part === 'string' ? part : `${part.repeat} `.repeat(part.times),
  );
  return hex(parts.join(' '));
}

/** The bytes of a case that has `in` or `hex`. */
export function inputOf({ in: text, hex: bytes }: Input): Uint8Array {
  return bytes === undefined ? new TextEncoder().encode(textOf(text ?? '')) : hexOf(bytes);
}
