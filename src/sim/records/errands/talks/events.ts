// Errands of WebSockets over HTTP: what an origin is told, turn by turn, and what becomes of answers of every kind.
// Written from spec/websocket-over-http.md, "Opening" to "Publishing". `ew.test` leads to an origin over HTTP, `ew1.test`
// to one that wants one event in each request, `ewh.test` to one without GRIP.

import type { Header } from '../../scenes/scene.ts';
import { type Errand, type Said, talks } from '../errand.ts';
import { EVENTS } from './sockets.ts';
import { WHOSE } from '../ways.ts';

const GRIP: Header = ['Sec-WebSocket-Extensions', 'grip'];

export function accepts(body: string, headers: readonly Header[] = []): Said {
  return { status: 200, headers: [EVENTS, ...headers], body };
}

/** Of letters alone. */
export function event(type: string, content: string): string {
  return `${type} ${content.length.toString(16)}\r\n${content}\r\n`;
}

export const text = (words: string): string => event('TEXT', `m:${words}`);
export const control = (fields: object): string => event('TEXT', `c:${JSON.stringify(fields)}`);
export const opens = (...events: readonly string[]): Said =>
  accepts(`OPEN\r\n${events.join('')}`, [GRIP]);
const takes = (bytes: number | string, body = ''): Said =>
  accepts(body, [['Content-Bytes-Accepted', String(bytes)]]);
export const closes = (code: number, reason: string): string =>
  event('CLOSE', String.fromCharCode(code >> 8, code & 255) + reason);
export const slow = (said: Said, afterMs: number): Said => ({ ...said, afterMs });

interface Turns {
  readonly host?: string;
  readonly said?: Said;
  readonly laters?: readonly Said[];
  readonly words: readonly string[];
  readonly items?: readonly object[];
  readonly headers?: readonly Header[];
  readonly isHasty?: boolean;
}

/** What the client hears, and what its origin is told: in the end that its client is gone, if it was not over before. */
export function turns(
  name: string,
  what: Turns,
  heard: readonly string[],
  told: readonly string[],
): Errand {
  const { words } = what;
  const isOver = /^(?:close|cut)/.test(heard.at(-1) ?? '') || words.includes('cut');
  const isTold =
    isOver || told.at(-1)?.startsWith('DISCONNECT') === true || told.at(-1) === 'CLOSE';
  const all = isTold ? told : [...told, 'DISCONNECT'];
  const answer = `${heard.join(' / ')} // ${all.join(' / ')}`;
  return talks(name, { said: opens(), ...what, isOverheard: true }, answer);
}

/** An answer that ends it: its client is cut, and nothing more is asked. */
function ends(name: string, later: Said): Errand {
  const words = ['text one', 'text two'];
  return turns(name, { laters: [later], words }, ['upgraded', 'cut'], ['OPEN', 'TEXT one']);
}

export const subscribes = (channel: string, more: object = {}): string =>
  control({ type: 'subscribe', channel, ...more });

export const eventErrands: readonly Errand[] = [
  // [WOH-REQ-9]
  turns(
    'taken-in-part',
    {
      laters: [takes(2), takes('6', text('well')), takes(3)],
      words: ['text abcdef', 'binary gh', 'text ijk', 'text l'],
    },
    ['upgraded', 'text well'],
    [
      'OPEN',
      'TEXT abcdef',
      'TEXT cdef, BINARY gh | content-bytes-replayed: 4',
      'TEXT ijk',
      'TEXT l',
    ],
  ),
  turns(
    'not-taken',
    { laters: [takes(0, text('not yet')), takes('-1')], words: ['text ab', 'text c', 'text d'] },
    ['upgraded', 'text not yet'],
    ['OPEN', 'TEXT ab', 'TEXT ab, TEXT c | content-bytes-replayed: 2', 'TEXT d'],
  ),
  turns(
    'taken-in-words',
    { laters: [takes('some')], words: ['text ab', 'text c'] },
    ['upgraded'],
    ['OPEN', 'TEXT ab', 'TEXT c'],
  ),
  ends('taken-too-much', takes(4)),
  // [WOH-REQ-2] [WOH-REQ-9]
  turns(
    'not-taken-while-more-waits',
    {
      host: 'ew1.test',
      laters: [slow(takes(3), 400), takes(0)],
      words: ['text one', 'text two', 'text three'],
    },
    ['upgraded', 'cut'],
    ['OPEN', 'TEXT one', 'TEXT two'],
  ),
  // [WOH-REQ-1] [WOH-REQ-2]
  turns(
    'said-meanwhile',
    {
      laters: [slow(accepts(text('well')), 500)],
      words: ['text one', 'ping two', 'text', 'none', 'pong', 'binary four'],
    },
    ['upgraded', 'text well'],
    ['OPEN', 'TEXT one', 'PING two, TEXT', 'PONG', 'BINARY four'],
  ),
  turns(
    'said-meanwhile-one-by-one',
    { host: 'ew1.test', laters: [slow(accepts(''), 500)], words: ['text one', 'ping two', 'text'] },
    ['upgraded'],
    ['OPEN', 'TEXT one', 'PING two', 'TEXT'],
  ),
  turns(
    'more-than-one-request-holds',
    {
      laters: [slow(accepts(''), 500)],
      words: ['text one', 'text x*150000', 'text y*50000', 'text z'],
    },
    ['upgraded'],
    [
      'OPEN',
      'TEXT one',
      `TEXT ${'x'.repeat(100)}… 150000 …${'x'.repeat(100)}, TEXT ${'y'.repeat(100)}… 50000 …${'y'.repeat(100)}`,
      'TEXT z',
    ],
  ),
  // [WOH-REQ-6]
  turns(
    'more-than-one-message-holds',
    { words: ['text x*200001', 'text y'] },
    ['upgraded', 'close 1009 message too big'],
    ['OPEN', 'DISCONNECT'],
  ),
  // [WOH-EVENT-3]
  turns(
    'events-of-another-age',
    {
      laters: [
        accepts(`${event('FUTURE', 'TEXT 5\r\nm:not')}text 3\r\nm:n\r\nNOTHING\r\n${text('two')}`),
        accepts(text('three')),
      ],
      words: ['text one', 'text more'],
    },
    ['upgraded', 'text two', 'text three'],
    ['OPEN', 'TEXT one', 'TEXT more'],
  ),
  // [WOH-REQ-10]
  turns(
    'published-meanwhile',
    {
      said: opens(subscribes('published-meanwhile')),
      laters: [slow(accepts(text('late')), 700)],
      words: ['text one'],
      items: [{ channel: 'published-meanwhile', formats: { 'ws-message': { content: 'soon' } } }],
    },
    ['upgraded', 'text soon', 'text late'],
    ['OPEN', 'TEXT one'],
  ),
  // [WOH-REQ-5] [WOH-REQ-7]
  ends('answered-with-an-error', { ...accepts(''), status: 500 }),
  ends('answered-with-nothing', { ...accepts(''), status: 204 }),
  ends('answered-in-another-type', { ...accepts(''), headers: [['Content-Type', 'text/plain']] }),
  ends('answered-in-half-an-event', accepts('TEXT')),
  ends('answered-in-no-length', accepts(`${text('never')}TEXT 1g\r\nx\r\n`)),
  ends('answered-by-opening', accepts('OPEN\r\n')),
  ends('answered-at-length', accepts(event('TEXT', `m:${'x'.repeat(1_000_000)}`))),
  ends('answered-and-broken-off', { ...accepts(text('never')), isBroken: true }),
  // [WOH-RETRY-3]
  ends('not-answered', { ...accepts(''), fails: { why: 'broken', wasSent: true } }),
  ends('not-let-in', { ...accepts(''), fails: { why: 'blocked', wasSent: false } }),
  // [WOH-RETRY-1]
  turns(
    'asked-again-later',
    {
      laters: [
        { ...accepts(''), fails: { why: 'connectTimeout', wasSent: false } },
        accepts(text('well')),
      ],
      words: ['text one', 'text two', ...Array.from({ length: 11 }, () => 'none')],
    },
    ['upgraded', 'text well'],
    ['OPEN', 'TEXT one', 'TEXT one', 'TEXT two'],
  ),
  talks(
    'not-opened-but-heard',
    {
      ...{ host: 'ew.test', isOverheard: true },
      said: { ...opens(), fails: { why: 'timeout', wasSent: true } },
    },
    '502 Bad Gateway || Error while proxying to origin.\n // OPEN',
  ),
  talks(
    'opened-and-broken-off',
    {
      ...{ host: 'ew.test', isOverheard: true },
      said: { ...opens(), isBroken: true },
    },
    '502 Bad Gateway || Error while proxying to origin.\n // OPEN',
  ),
  talks(
    'refused-and-broken-off',
    {
      ...{ host: 'ew.test', isOverheard: true },
      said: { status: 403, headers: [], body: 'half', isBroken: true },
    },
    '502 Bad Gateway || Error while proxying to origin.\n // OPEN',
  ),
  // [WOH-HAND-5] [WOH-OPEN-3]
  turns(
    'handed-on',
    {
      headers: [
        ['Meta-A', 'theirs'],
        ['X-A', '1'],
        ['x-a', '2'],
        ['Content-Bytes-Replayed', '7'],
        ['Cookie', 'c'],
      ],
      said: accepts('OPEN\r\n', [
        ['Sec-WebSocket-Extensions', 'other, grip; message-prefix="x:"'],
        ['Sec-WebSocket-Protocol', 'p'],
        ['Set-Meta-B', '1'],
        ['X-B', '3'],
        ['Keep-Alive', 'x'],
        ['Keep-Alive-Interval', '0'],
      ]),
      laters: [accepts(`${text('no')}${event('TEXT', 'x:yes')}${event('BINARY', 'x:')}`)],
      words: ['text one'],
    },
    ['upgraded | sec-websocket-protocol: p | x-b: 3', 'text yes', 'binary'],
    [
      'OPEN | cookie: c | x-a: 1 | x-a: 2',
      'TEXT one | cookie: c | meta-b: 1 | x-a: 1 | x-a: 2',
      'DISCONNECT | cookie: c | meta-b: 1 | x-a: 1 | x-a: 2',
    ],
  ),
  // [WOH-META-1] [WOH-META-2] [WOH-META-3]
  turns(
    'reminded',
    {
      said: accepts('OPEN\r\n', [
        ['Set-Meta-Ab', '1'],
        ['set-meta-c', 'x'],
        ['Set-Meta-', 'no'],
        GRIP,
      ]),
      laters: [accepts('', [['SET-META-AB', '2']]), accepts('', [['Set-Meta-C', '']])],
      words: ['text one', 'text two', 'text three', 'cut'],
    },
    ['upgraded'],
    [
      'OPEN',
      'TEXT one | meta-ab: 1 | meta-c: x',
      'TEXT two | meta-ab: 2 | meta-c: x',
      'TEXT three | meta-ab: 2',
      'DISCONNECT | meta-ab: 2',
    ],
  ),
  // [WOH-OPEN-5]
  turns(
    'without-grip-at-all',
    {
      host: 'ewh.test',
      said: opens(control({ type: 'detach' }), text('as it is')),
      words: ['text one'],
    },
    ['upgraded', 'text c:{"type":"detach"}', 'text m:as it is'],
    ['OPEN | unsigned', 'TEXT one | unsigned', 'DISCONNECT | unsigned'],
  ),
  // [WOH-PUB-6] [WOH-PUB-9]
  turns(
    'asked-by-an-item',
    {
      said: opens(subscribes('asked-by-an-item')),
      laters: [takes(0), takes(2, text('both'))],
      words: ['text ab'],
      items: [{ channel: 'asked-by-an-item', formats: { 'ws-message': { action: 'refresh' } } }],
    },
    ['upgraded', 'text both'],
    ['OPEN', 'TEXT ab', 'TEXT ab | content-bytes-replayed: 2'],
  ),
  turns(
    'asked-by-its-name',
    {
      laters: [accepts(text('asked'))],
      words: [],
      items: [{ errand: 'command-check-one' }, { errand: 'command-refresh-one' }],
    },
    ['upgraded', 'text asked'],
    ['OPEN', ''],
  ),
  {
    ...{ name: 'command-refresh-one', to: 'command', isPart: true },
    fields: { id: '1', method: 'refresh', args: { cid: WHOSE } },
    answer: { id: '1', success: true, value: null },
  },
  {
    ...{ name: 'command-check-one', to: 'command', isPart: true },
    fields: { id: '1', method: 'conncheck', args: { ids: ['none', WHOSE, WHOSE, '-1'] } },
    answer: { id: '1', success: true, value: [WHOSE] },
  },
  // [WOH-EVENT-1] [WOH-EVENT-8]
  turns(
    'of-every-kind',
    {
      laters: [accepts(`PING\r\n${event('PONG', 'x'.repeat(130))}BINARY 0\r\n\r\nTEXT 2\r\nm:`)],
      words: ['text', 'binary', 'ping', `pong ${'p'.repeat(20)}`],
    },
    ['upgraded', 'ping', `pong ${'x'.repeat(125)}`, 'text'],
    ['OPEN', 'TEXT', 'BINARY', 'PING', `PONG ${'p'.repeat(20)}`],
  ),
];
