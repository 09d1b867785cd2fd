// What people type, and what becomes of it.

import { describe, expect, test } from 'vitest';
import { HELP, commandNames, readTyped, readWords } from '../../../src/client/typed.ts';

const ask = (type: string, payload: object) => ({ kind: 'ask', type, payload });

describe('in the room kitchen', () => {
  test.each<[string, object]>([
    ['hello', ask('ROOM_MESSAGE', { room: 'kitchen', body: 'hello' })],
    ['  two  spaces ', ask('ROOM_MESSAGE', { room: 'kitchen', body: '  two  spaces ' })],
    ['//etc/passwd', ask('ROOM_MESSAGE', { room: 'kitchen', body: '/etc/passwd' })],
    ['', { kind: 'nothing' }],
    ['   ', { kind: 'nothing' }],
    ['/join hall', { kind: 'join', room: 'hall' }],
    ['/leave', ask('LEAVE', { room: 'kitchen' })],
    ['/leave hall', ask('LEAVE', { room: 'hall' })],
    ['/to @bob', { kind: 'turn', place: '@bob' }],
    ['/to hall', { kind: 'turn', place: 'hall' }],
    ['/msg bob  how  are you', ask('DIRECT_MESSAGE', { to: 'bob', body: 'how  are you' })],
    ['/msg @bob bob', ask('DIRECT_MESSAGE', { to: 'bob', body: 'bob' })],
    ['/who', ask('ROOM_MEMBERS', { room: 'kitchen' })],
    ['/rooms', ask('ROOM_LIST', {})],
    ['/rooms ki', ask('ROOM_LIST', { prefix: 'ki' })],
    ['/history', ask('HISTORY', { room: 'kitchen', limit: 20 })],
    ['/history 5', ask('HISTORY', { room: 'kitchen', limit: 5 })],
    ['/history @bob 7', ask('HISTORY', { with: 'bob', limit: 7 })],
    ['/presence bob @carol', ask('PRESENCE_SUBSCRIBE', { users: ['bob', 'carol'] })],
    ['/away at tea', ask('PRESENCE_SET', { status: 'away', note: 'at tea' })],
    ['/back', ask('PRESENCE_SET', { status: 'online' })],
    ['/help', { kind: 'help' }],
    ['/quit', { kind: 'quit' }],
  ])('%j', (line, typed) => {
    expect(readTyped(line, 'kitchen')).toEqual(typed);
  });

  test.each<[string, RegExp]>([
    ['/join Hall', /small letters/],
    ['/join', /ROOM/],
    ['/msg bob', /no text/],
    ['/msg b/b hi', /letters/],
    ['/history 0', /from 1 to 100/],
    ['/history 101', /from 1 to 100/],
    ['/presence', /USER/],
    ['/jion hall', /did you mean \/join\?/],
    ['/frobnicate', /\/help lists them/],
    ['/constructor', /\/help lists them/],
  ])('%j is a mistake', (line, text) => {
    const typed = readTyped(line, 'kitchen');
    expect(typed).toMatchObject({ kind: 'mistake', text: expect.stringMatching(text) });
  });
});

test('who is nowhere is told how to get somewhere', () => {
  expect(readTyped('hello', undefined)).toMatchObject({ kind: 'mistake' });
  expect(readTyped('/who', undefined)).toMatchObject({ kind: 'mistake' });
  expect(readTyped('/who hall', undefined)).toEqual(ask('ROOM_MEMBERS', { room: 'hall' }));
});

test('words that look like a command are words where no commands are wanted', () => {
  const said = ask('DIRECT_MESSAGE', { to: 'bob', body: '/etc/passwd' });
  expect(readWords('/etc/passwd', '@bob')).toEqual(said);
});

test('the help names every command', () => {
  for (const name of commandNames) expect(HELP).toMatch(new RegExp(String.raw`${name}\b`));
});
