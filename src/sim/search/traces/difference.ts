// The first difference between two runs, in words. Refuses to look for it: simulate.ts does.

import type { Difference } from '../../simulate.ts';

/** Where two runs part, and both messages around the first character that is not the same. */
export function differenceInWords({ place, one, other }: Difference): {
  readonly where: string;
  readonly at: number;
  readonly sentence: string;
} {
  const seen = one ?? other;
  if (seen === undefined) {
    const sentence = `two runs differ after message ${place}, and each time elsewhere`;
    return { where: '', at: 0, sentence };
  }
  const [first, second] = excerpts(one?.said, other?.said);
  const sentence = `two runs differ at message ${place}: ${first} and ${second}`;
  return { where: seen.address, at: seen.at, sentence };
}

/** Parts of two texts that show how they differ. */
export function excerpts(one: string | undefined, other: string | undefined): [string, string] {
  let parted = 0;
  if (one !== undefined && other !== undefined)
    while (parted < one.length && one[parted] === other[parted]) parted += 1;
  return [excerpt(one, parted), excerpt(other, parted)];
}

function excerpt(text: string | undefined, around: number): string {
  if (text === undefined) return 'nothing any more';
  const from = Math.max(0, around - EXCERPT / 2);
  const part = text.slice(from, from + EXCERPT);
  return `${from === 0 ? '' : '…'}${part}${from + EXCERPT < text.length ? '…' : ''}`;
}

const EXCERPT = 240;
