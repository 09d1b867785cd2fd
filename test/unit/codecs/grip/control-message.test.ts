// Control messages: each kind with its fields and defaults, what is ignored, and no text that throws.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type ControlMessage,
  parseControl,
} from '../../../../src/actors/codecs/grip/control-message.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (fields: object): ControlMessage | undefined =>
  parseControl(`c:${JSON.stringify(fields)}`);

const keepAlive = {
  type: 'keep-alive',
  content: bytesOf('x'),
  kind: 'text',
  timeoutMs: 55_000,
  mode: 'idle',
} as const;
const delayed = {
  type: 'send-delayed',
  content: bytesOf('x'),
  kind: 'text',
  timeoutMs: 1_000,
} as const;

describe('are understood', () => {
  test.each<[object, ControlMessage]>([
    [
      { type: 'subscribe', channel: 'a' },
      { type: 'subscribe', channel: 'a', filters: [] },
    ],
    [
      { type: 'subscribe', channel: 'a', filters: ['skip-self', 'unheard-of'], more: 1 },
      { type: 'subscribe', channel: 'a', filters: ['skip-self', 'unheard-of'] },
    ],
    [
      { type: 'unsubscribe', channel: 'ä' },
      { type: 'unsubscribe', channel: 'ä' },
    ],
    [{ type: 'detach' }, { type: 'detach' }],
    [{ type: 'session' }, { type: 'session', id: undefined }],
    [
      { type: 'session', id: 's' },
      { type: 'session', id: 's' },
    ],
    [
      { type: 'set-meta', name: 'n', value: 'v' },
      { type: 'set-meta', name: 'n', value: 'v' },
    ],
    [
      { type: 'set-meta', name: 'n', value: '' },
      { type: 'set-meta', name: 'n', value: '' },
    ],
    [
      { type: 'set-meta', name: 'n' },
      { type: 'set-meta', name: 'n', value: undefined },
    ],
    [{ type: 'flush-delayed' }, { type: 'flush-delayed' }],
    [{ type: 'keep-alive', content: 'x' }, keepAlive],
    [{ type: 'keep-alive' }, { ...keepAlive, content: undefined }],
    [
      { type: 'keep-alive', content: '' },
      { ...keepAlive, content: bytesOf('') },
    ],
    [
      { type: 'keep-alive', content: 'x', mode: 'interval' },
      { ...keepAlive, mode: 'interval' },
    ],
    [{ type: 'keep-alive', content: 'x', mode: 'often' }, keepAlive],
    [
      { type: 'keep-alive', content: 'x', 'message-type': 'ping', timeout: 2 },
      { ...keepAlive, kind: 'ping', timeoutMs: 2_000 },
    ],
    [{ type: 'send-delayed', content: 'x' }, delayed],
    [{ type: 'send-delayed' }, { ...delayed, content: bytesOf('') }],
    [
      { type: 'send-delayed', content: 'x', timeout: 3 },
      { ...delayed, timeoutMs: 3_000 },
    ],
  ])('%j', (fields, message) => {
    expect(parse(fields)).toEqual(message);
  });

  test('with and without the prefix', () => {
    expect(parseControl('{"type":"detach"}')).toEqual({ type: 'detach' });
    expect(parseControl('c: {"type":"detach"} ')).toEqual({ type: 'detach' });
  });

  test.each(['text', 'binary', 'ping', 'pong'] as const)('as a message of kind %s', (kind) => {
    const fields = { content: 'x', 'message-type': kind };
    expect(parse({ type: 'keep-alive', ...fields })).toEqual({ ...keepAlive, kind });
    expect(parse({ type: 'send-delayed', ...fields })).toEqual({ ...delayed, kind });
  });

  test('bytes come in base64, win over text, and stay a text message', () => {
    const fields = { 'content-bin': '/wA=', content: 'x' };
    const content = Uint8Array.from([255, 0]);
    expect(parse({ type: 'keep-alive', ...fields })).toEqual({ ...keepAlive, content });
    expect(parse({ type: 'send-delayed', ...fields })).toEqual({ ...delayed, content });
    expect(parse({ type: 'keep-alive', 'content-bin': 'e-A *==' })).toEqual({
      ...keepAlive,
      content: bytesOf('x'),
    });
  });

  test.each<[unknown, number]>([
    [0, 55_000],
    [0.4, 55_000],
    [1.5, 2_000],
    ['7', 7_000],
    [' +7 ', 7_000],
    ['soon', 55_000],
    [true, 1_000],
    [false, 55_000],
    [1e12, 2_147_483_000],
  ])('with a timeout of %j', (timeout, timeoutMs) => {
    const message = parse({ type: 'keep-alive', content: 'x', timeout });
    expect(message).toEqual({ ...keepAlive, timeoutMs });
  });

  test('whatever the timeout, where nothing is to be sent', () => {
    const message = parse({ type: 'keep-alive', timeout: [] });
    expect(message).toEqual({ ...keepAlive, content: undefined });
  });
});

test('[GRIP-PUB-6] controls may stand in strings as they are', () => {
  expect(parseControl('c:{"type":"set-meta",\n"name":"n","value":"a\n\tb"}')).toEqual({
    type: 'set-meta',
    name: 'n',
    value: 'a\n\tb',
  });
});

describe('are ignored', () => {
  test.each([
    '',
    'c:',
    'c:{',
    'c:[]',
    'c:null',
    'c:"detach"',
    'c:c:{"type":"detach"}',
    '[{"type":"detach"}]',
  ])('%j, which is no object', (text) => {
    expect(parseControl(text)).toBeUndefined();
  });

  test.each<object>([
    {},
    { type: 1 },
    { type: null },
    { type: 'Detach' },
    { type: 'constructor' },
    { type: 'ack' },
    { type: 'close' },
    { type: 'subscribe' },
    { type: 'subscribe', channel: '' },
    { type: 'subscribe', channel: 1 },
    { type: 'subscribe', channel: null },
    { type: 'subscribe', channel: 'a', filters: 'skip-self' },
    { type: 'subscribe', channel: 'a', filters: null },
    { type: 'subscribe', channel: 'a', filters: ['skip-self', 1] },
    { type: 'unsubscribe', channel: '' },
    { type: 'session', id: null },
    { type: 'set-meta', name: '' },
    { type: 'set-meta', value: 'v' },
    { type: 'set-meta', name: 'n', value: null },
    { type: 'keep-alive', content: null },
    { type: 'keep-alive', 'content-bin': 1, content: 'x' },
    { type: 'keep-alive', content: 'x', 'message-type': 'close' },
    { type: 'keep-alive', content: 'x', mode: 1 },
    { type: 'keep-alive', content: 'x', timeout: -1 },
    { type: 'keep-alive', content: 'x', timeout: null },
    { type: 'keep-alive', content: 'x', timeout: [1] },
    { type: 'send-delayed', content: 'x', timeout: '-1' },
    { type: 'send-delayed', 'message-type': 'shout' },
  ])('%j', (fields) => {
    expect(parse(fields)).toBeUndefined();
  });

  test('inherited fields are no fields', () => {
    expect(parseControl('{"__proto__":{"type":"detach"}}')).toBeUndefined();
  });
});

test('no object makes it throw, and what is sent later has a time', () => {
  const value = fc.oneof(
    fc.constantFrom('subscribe', 'keep-alive', 'send-delayed', 'set-meta', 'ping', ''),
    fc.jsonValue({ maxDepth: 1 }),
  );
  const keys = ['type', 'channel', 'filters', 'id', 'name', 'value', 'content', 'content-bin'];
  const key = fc.constantFrom(...keys, 'message-type', 'timeout', 'mode');
  fc.assert(
    fc.property(
      fc.dictionary(key, value),
      fc.constantFrom('keep-alive', 'send-delayed'),
      (fields, type) => {
        parse(fields);
        const message = parse({ ...fields, type });
        if (message === undefined || !('timeoutMs' in message)) return;
        expect(message.timeoutMs).toBeGreaterThanOrEqual(1_000);
        expect(message.timeoutMs).toBeLessThanOrEqual(2_147_483_000);
      },
    ),
    { numRuns: 1_000 },
  );
});
