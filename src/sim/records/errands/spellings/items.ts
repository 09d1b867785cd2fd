// Errands of publishers: what is published in every form that an item may have, by every way, and what becomes of what is
// none. Written from spec/grip.md, "Items" to "Commands".

import { joined } from '../../../../actors/codecs/joined.ts';
import { encodeText } from '../../../../actors/codecs/utf8-text.ts';
import { uris } from '../commands.ts';
import { asks, type Errand } from '../errand.ts';
import { failure, holds, patches, unfilled, wrong } from '../holds.ts';
import { end } from '../links.ts';
import { tnetstring } from '../tnetstring.ts';

type Items = Extract<Errand, { readonly to: 'door' }>['items'];

/** What a stream hears of all that is published to its channel. */
function hears(name: string, items: Items, heard: string): Errand {
  const headers = [
    ['Grip-Hold', 'stream'],
    ['Grip-Channel', name],
  ] as const;
  const said = { status: 200, headers, body: '' };
  const last = { channel: `e-${name}`, formats: end };
  return asks(name, { host: 'ed.test', said, items: [...items, last] }, `200 OK || ${heard}`);
}

function answers(name: string, format: object, answer: string): Errand {
  return holds(name, {}, format, answer);
}

const item = (name: string, content: unknown, more: object = {}): object => ({
  channel: `e-${name}`,
  formats: { 'http-stream': { content } },
  ...more,
});
const bytes = (...all: readonly number[]): Uint8Array => new Uint8Array(all);
const framed = (...frames: readonly (string | Uint8Array)[]): object => ({ input: 'pull', frames });
const frame = (letter: string, value: object): Uint8Array => {
  const text = tnetstring(value);
  return joined([encodeText(letter), text]);
};
const subbed = (
  channel: string | Uint8Array,
  value: object,
  ...more: readonly string[]
): object => ({
  input: 'sub',
  frames: [channel, `J${JSON.stringify(value)}`, ...more],
});

function unread(name: string, text: string): Errand {
  return {
    ...{ name: `command-${name}`, to: 'command', fields: text },
    answer: { success: false, condition: 'bad-request' },
  };
}

const deep = (levels: number): string => {
  let text = '0:~';
  for (let level = 0; level < levels; level += 1) text = `${text.length}:${text}]`;
  return text;
};

export const itemErrands: readonly Errand[] = [
  // [GRIP-ORDER-5]
  hears(
    'published-again',
    [
      item('published-again', 'a', { id: '1' }),
      item('published-again', 'no', { id: '1' }),
      { pull: item('published-again', 'no', { id: '1', 'no-seq': true }) },
      { pull: item('published-again', 'b', { id: bytes(255) }) },
      { pull: item('published-again', 'no', { id: bytes(255) }) },
      { pull: item('published-again', 'c', { id: bytes(255, 254) }) },
      item('published-elsewhere', 'no', { id: '2' }),
      item('published-again', 'd', { id: '2' }),
      item('published-again', 'e'),
      item('published-again', 'f'),
    ],
    'abcdef',
  ),
  // [GRIP-ZMQ-1] [GRIP-ZMQ-2]
  hears(
    'pulled-in-frames',
    [
      framed(''),
      framed('J{'),
      framed('J[]'),
      framed('T5:a'),
      framed(),
      framed(frame('', item('pulled-in-frames', 'no')), 'x'),
      framed(`J${JSON.stringify(item('pulled-in-frames', 'a'))}`),
      framed(frame('T', item('pulled-in-frames', 'b'))),
      framed(frame('', item('pulled-in-frames', bytes(0xc3, 0xa4)))),
      framed(frame('', item('pulled-in-frames', 'no', { channel: bytes(255) }))),
      framed(frame('', item('pulled-in-frames', 7))),
      framed(frame('', item('pulled-in-frames', 'no', { meta: { a: 1 } }))),
      framed(frame('', item('pulled-in-frames', 'no', { size: -1 }))),
      framed(frame('', { channel: 'e-pulled-in-frames', 'http-stream': { content: 'c' } })),
      framed(
        frame('', {
          ...{
            channel: 'e-pulled-in-frames',
            id: null,
            'prev-id': null,
            meta: null,
            formats: null,
          },
          'http-stream': { action: null, content: 'd', 'content-filters': null },
        }),
      ),
    ],
    'abäcd',
  ),
  // [GRIP-ZMQ-3]
  hears(
    'subscribed',
    [
      { input: 'sub', frames: ['e-subscribed'] },
      subbed('e-subscribed', item('never', 'a')),
      subbed('e-subscribed', { 'http-stream': { content: 'b' } }),
      subbed('e-subscribed-not', item('subscribed', 'no')),
      subbed('e-subscribed', item('subscribed', 'no'), 'x'),
      subbed(bytes(101, 45, 255), item('subscribed', 'no')),
    ],
    'ab',
  ),
  // [GRIP-PUB-4]
  hears(
    'members-of-all-kinds',
    [
      item('members-of-all-kinds', 'a', { size: '12', else: 1, 'no-seq': false, meta: {} }),
      item('members-of-all-kinds', 'b', { size: true }),
      item('members-of-all-kinds', 'c', { size: 'many' }),
      { channel: 'e-members-of-all-kinds', formats: { else: 1, 'http-stream': { content: 'd' } } },
      { channel: 'e-members-of-all-kinds', formats: { else: 1 } },
      {
        ...{ channel: 'e-members-of-all-kinds', 'http-stream': { content: 'no' } },
        formats: { 'http-stream': { content: 'e' } },
      },
      item('members-of-all-kinds', '', {}),
    ],
    'abcde',
  ),
  // [GRIP-PUB-2]
  hears(
    'all-or-none',
    [
      { errand: 'command-that-publishes-half' },
      [item('all-or-none', 'a'), item('all-or-none', 'b')],
    ],
    'ab',
  ),
  // [GRIP-PUB-3] [GRIP-STREAM-4]
  hears(
    'in-base64',
    [
      {
        channel: 'e-in-base64',
        formats: { 'http-stream': { content: 'no', 'content-bin': 'w\u00e46Q=' } },
      },
      { channel: 'e-in-base64', formats: { 'http-stream': { 'content-bin': '' } } },
      { channel: 'e-in-base64', formats: { 'http-stream': { 'content-bin': 'eHk' } } },
    ],
    'äxy',
  ),
  // [GRIP-ORDER-1] [GRIP-ORDER-3]
  hears(
    'out-of-order',
    [
      item('out-of-order', 'a', { id: '1' }),
      [
        item('out-of-order', 'c', { id: '3', 'prev-id': '2' }),
        item('out-of-order', 'no', { id: '4', 'prev-id': '2' }),
        item('out-of-order', 'x', { id: '5', 'prev-id': '4', 'no-seq': true }),
        item('out-of-order', 'b', { id: '2', 'prev-id': '1' }),
      ],
    ],
    'axbc',
  ),
  answers(
    'headers-that-none-can-have',
    {
      headers: { 'X A': 'no', 'X-B': '1\r\nX-C: 2', 'x-ä': 'no', 'X-D': 'ä' },
      reason: 'So\nIt',
      body: '',
    },
    '200 So It | x-b: 1 X-C: 2 | x-d: \u00c3\u00a4 || ',
  ),
  answers(
    'headers-in-their-order',
    {
      headers: [
        ['X-B', '1'],
        ['X-A', '2'],
        ['x-b', '3'],
      ],
      body: '',
    },
    '200 OK | x-a: 2 | x-b: 1 | x-b: 3 || ',
  ),
  answers('status-in-words', { code: 'ok', body: '' }, failure('no answer has the status 0')),
  answers('status-of-an-untruth', { code: false, body: '' }, failure('no answer has the status 0')),
  answers('status-of-the-least', { code: 200.4, body: 'x' }, '200 OK || x'),
  // [GRIP-PUB-13]
  holds(
    'answered-behind-a-close',
    {},
    { action: 'close' },
    '200 OK || {"a":1,"b":[1,2],"c":{"d":"e","f~/g":null}}\n',
  ),
  // [GRIP-PATCH-1]
  patches('patch-in-order', [], '{"A":1,"a":2,"b":{"x":1,"y":2}}', {
    body: '{ "b": {"y":2, "x":1}, "a":2, "A":1 }\n',
  }),
  patches(
    'patch-moved-within',
    [
      { op: 'move', from: '/b/0', path: '/b/-' },
      { op: 'move', from: '/a', path: '/c' },
    ],
    '{"b":[2,1],"c":1}',
    { body: '{"a":1,"b":[1,2]}\n' },
  ),
  patches(
    'patch-to-its-own-place',
    [
      { op: 'move', from: '/a', path: '/a' },
      { op: 'copy', from: '/ab', path: '/abc' },
    ],
    '{"a":1,"ab":2,"abc":2}',
    { body: '{"a":1,"ab":2}\n' },
  ),
  // A tilde is written before what it makes of others.
  patches(
    'patch-of-tildes',
    [
      { op: 'replace', path: '/~01', value: 3 },
      { op: 'replace', path: '/a~1b', value: 4 },
    ],
    '{"/":1,"a/b":4,"~1":3}',
    { body: '{"~1":1,"/":1,"a/b":2}\n' },
  ),
  // [GRIP-PATCH-3]
  wrong('patch-too-far', { op: 'add', path: '/a'.repeat(600), value: 1 }),
  holds(
    'patch-too-deep',
    { body: '{"a":{}}' },
    {
      'body-patch': Array.from({ length: 10 }, (_, at) => ({
        ...{ op: 'copy', from: '/a' },
        path: `/a${'/a'.repeat(2 ** at)}`,
      })),
    },
    failure('failed to apply body-patch'),
  ),
  holds(
    'patch-too-many',
    { body: '[[0,0,0,0,0,0,0,0]]' },
    { 'body-patch': Array.from({ length: 16 }, () => ({ op: 'copy', from: '/0', path: '/0/-' })) },
    failure('failed to apply body-patch'),
  ),
  holds(
    'patch-too-long',
    { body: `[["${'x'.repeat(1_800)}"]]` },
    { 'body-patch': Array.from({ length: 13 }, () => ({ op: 'copy', from: '/0', path: '/0/-' })) },
    failure('failed to apply body-patch'),
  ),
  holds(
    'patch-of-no-text',
    {},
    { 'body-patch': [{ op: 'replace', path: '/a', value: bytes(255) }] },
    failure('failed to apply body-patch'),
    true,
  ),
  unfilled(
    'ids-of-nobody',
    { filters: ['build-id'], meta: { id_format: '%(zz)s' } },
    'x',
    "build-id: failed to render ID: No such variable 'zz' at position 5",
  ),
  holds(
    'fill-escaped',
    { body: 'never', filters: ['var-subst'], meta: { 'a)b': 'x', ä: 'y' } },
    { body: String.raw`%(a\)b)s%(ä)s` },
    '200 OK || xy',
  ),
  unfilled(
    'fill-of-another-letter',
    { filters: ['var-subst'], meta: { user: 'ann' } },
    '%(user)ä',
    "var-subst: Unknown directive '\ufffd' at position 7",
  ),
  unread('with-a-long-size', '1234567890:x,'),
  unread('of-half-a-size', '12'),
  unread('of-a-number-in-words', '27:6:method,5:dance,4:args,1:x#}'),
  unread('of-a-part-in-words', '32:6:method,5:dance,4:args,1:x^}'),
  unread('of-a-truth-in-words', '32:6:method,5:dance,4:args,1:x!}'),
  unread('of-a-list-that-breaks', '35:6:method,5:dance,4:args,4:1:x?]}'),
  unread('of-a-key-cut-off', '30:6:method,5:dance,2:ar,1:x,4:id'),
  unread('of-a-key-of-a-truth', '7:4:true!}'),
  {
    ...{ name: 'command-of-two-parts', to: 'command' },
    fields: { id: 'a', method: 'get-zmq-uris', args: { part: -1.5e-7, none: [0.1] } },
    answer: { id: 'a', success: true, value: uris },
  },
  unread('too-deep', deep(33)),
  {
    ...{ name: 'command-that-publishes-half', to: 'command', isPart: true },
    fields: {
      ...{ id: '1', method: 'publish' },
      args: { items: [item('all-or-none', 'no'), { channel: 'e-all-or-none' }] },
    },
    answer: {
      ...{ id: '1', success: false, condition: 'bad-request' },
      value: 'Invalid format: no formats specified',
    },
  },
  hears('published-by-command', [{ errand: 'command-that-publishes' }], 'by command'),
  {
    ...{ name: 'command-that-publishes', to: 'command', isPart: true },
    fields: {
      id: '',
      method: 'publish',
      args: { items: [item('published-by-command', 'by command')] },
    },
    answer: { id: '', success: true, value: null },
  },
];
