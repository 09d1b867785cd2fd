// The limits in the spec, in the settings and in what clients are told are the same ones.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chatDefaults, limitsTold } from '../../../src/actors/chat/chat-options.ts';

const spec = readFileSync(new URL('../../../spec/hp.md', import.meta.url), 'utf8');

test('[HP-LIM-1] the table of limits is what clients are told, with its defaults', () => {
  const [, table = ''] = /\| limit \| default \|\n\|---\|---\|\n([\s\S]*?)\n\n/.exec(spec) ?? [];
  const rows = table.split('\n').flatMap((row) => {
    const [, names = '', values = ''] = row.split('|');
    const numbers = [...values.matchAll(/\d+/g)].map(Number);
    return [...names.matchAll(/`(\w+)`/g)].map(([, name = ''], at) => [name, numbers[at]] as const);
  });
  expect(Object.fromEntries(rows)).toEqual(limitsTold(chatDefaults));
});
