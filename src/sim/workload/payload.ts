// What simulated publishers publish: data that says which topic it was meant for, who published it and as which of
// their publications, so that whoever receives it can judge it alone. Its bytes are named when they are sent, and
// named again wherever they arrive. Refuses to know how they travel.

import type { Prng } from '../../actors/runtime/prng.ts';

/** What data says of itself. */
export interface Said {
  readonly topic: string;
  readonly from: number;
  readonly n: number;
}

/** One JSON text of about `bytes` bytes; spacing, escapes, code points and numbers that must survive untouched. */
export function writeData(said: Said, bytes: number, chance: Prng): string {
  const { topic, from, n } = said;
  const spice = SPICES[chance.next() % SPICES.length] as string;
  const head = `{"topic":${JSON.stringify(topic)},"from":${from},"n":${n},"price":170.50,"text":"${spice}"`;
  const padding = Math.max(0, bytes - head.length - 9);
  return `${head},"pad":"${PADDING.slice(0, Math.min(padding, PADDING.length))}"}`;
}

/** Undefined when the value is none of ours. */
export function readSaid(value: unknown): Said | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { topic, from, n } = value as {
    readonly topic?: unknown;
    readonly from?: unknown;
    readonly n?: unknown;
  };
  if (typeof topic !== 'string' || typeof from !== 'number' || typeof n !== 'number')
    return undefined;
  return { topic, from, n };
}

const SPICES = [
  '',
  ' two  blanks ',
  'käse 🧀 \\u00e9',
  '\\"data\\":{',
  '\\n\\r\\u2028',
  'ﷺ',
  ']}],[{',
];
const PADDING = 'the quick brown fox jumps over the lazy dog 0123456789 '.repeat(1_200);
