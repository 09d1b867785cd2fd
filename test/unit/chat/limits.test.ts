// The limits in the spec, in the settings and in what clients are told are the same ones; and what one client may ask for is
// bounded by them.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { chatDefaults, limitsTold } from '../../../src/actors/chat/chat-options.ts';
import { HpClient } from '../../support/hp-client.ts';
import { Stage } from '../../support/stage.ts';

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

describe('what one client may make the node do', () => {
  test.each([
    ['ROOM_LIST', {}],
    ['ROOM_MEMBERS', { room: 'r' }],
    ['HISTORY', { room: 'r' }],
  ])('[HP-LIM-3] who asks %s again and again is answered later, and always', (type, payload) => {
    const stage = new Stage({ chat: {} });
    const alice = HpClient.in(stage, 'alice');
    alice.ask('JOIN', { room: 'r' });
    alice.take();
    for (let at = 0; at < 100; at += 1) alice.ask(type, payload);
    const answers = (): number => alice.take().filter((line) => line.type === `${type}_OK`).length;
    const first = answers();
    expect(first).toBeLessThan(40);
    stage.pass(1_000);
    const second = answers();
    expect(second).toBeLessThan(10);
    stage.pass(20_000);
    expect(first + second + answers()).toBe(100);
  });

  test('[HP-TYPE-2] signs of typing that come faster than messages may are dropped', () => {
    const stage = new Stage({ chat: {} });
    const [alice, bob] = ['alice', 'bob'].map((user) => HpClient.in(stage, user));
    for (const one of [alice, bob]) one?.ask('JOIN', { room: 'r' });
    bob?.take();
    for (const place of [{ room: 'r' }, { to: 'bob' }]) {
      for (let at = 0; at < 100; at += 1) alice?.ask('TYPING', { ...place, on: true });
      const heard = bob?.take().filter(({ type }) => type === 'TYPING').length;
      expect(heard).toBeGreaterThanOrEqual(chatDefaults.messagesBurstMax);
      expect(heard).toBeLessThan(chatDefaults.messagesBurstMax + 5);
      stage.pass(10_000);
    }
    expect(alice?.take().filter(({ type }) => type === 'ERROR')).toEqual([]);
  });
});
