// Errands of WebSockets whose origin speaks the protocol itself: what goes from one to the other, and how it ends in every
// phase. Written from spec/websocket-over-http.md, "Direct origins". `ewd.test` leads to one with GRIP, `ewg.test` to one
// without.

import type { Header } from '../../scenes/scene.ts';
import { type Errand, type Said, talks } from '../errand.ts';

const GRIP: Header = ['Sec-WebSocket-Extensions', 'grip'];
const control = (fields: object): string => `text c:${JSON.stringify(fields)}`;

interface Direct {
  readonly host?: string;
  readonly headers?: readonly Header[];
  /** Of its acceptance. */
  readonly accepts?: readonly Header[];
  readonly says?: readonly (readonly string[])[];
  readonly isMute?: boolean;
  readonly words?: readonly string[];
  readonly items?: readonly (object | string)[];
}

function directs(
  name: string,
  { accepts = [GRIP], says = [], isMute = false, words = [], ...what }: Direct,
  heard: readonly string[],
  told: readonly string[],
): Errand {
  const line = { headers: accepts, says, isMute };
  const isOver = /^(?:close|cut)/.test(heard.at(-1) ?? '') || words.includes('cut');
  const all = isOver ? told : [...told, 'cut'];
  const answer = `${heard.join(' / ')} // ${all.join(' / ')}`;
  return talks(name, { host: 'ewd.test', ...what, words, line, isOverheard: true }, answer);
}

function refuses(name: string, said: Said, answer: string): Errand {
  return talks(name, { host: 'ewd.test', said }, answer);
}

const FAILED = '502 Bad Gateway || Error while proxying to origin.\n';
const message = (content: string): object => ({ 'ws-message': { content } });
const subscribes = (channel: string, more: object = {}): string =>
  control({ type: 'subscribe', channel, ...more });

export const directErrands: readonly Errand[] = [
  // [WOH-DIRECT-2] [WOH-DIRECT-3] [WOH-DIRECT-7]
  directs(
    'direct',
    {
      accepts: [['Sec-WebSocket-Protocol', 'p'], ['X-A', '1'], ['Connection', 'x'], GRIP],
      says: [
        ['text m:hi', 'text bare', 'binary m:b', 'binary c:{}', 'ping p', 'pong m:q'],
        ['text m:heard', 'binary m:'],
      ],
      words: ['text one', 'binary two', 'ping three', 'pong', 'text'],
    },
    [
      'upgraded | sec-websocket-protocol: p | x-a: 1',
      ...['text hi', 'binary b', 'ping p', 'pong m:q', 'text heard', 'binary'],
    ],
    ['text one', 'binary two', 'ping three', 'pong', 'text'],
  ),
  directs(
    'direct-without-grip',
    { host: 'ewg.test', says: [['text c:{}', 'text m:hi', 'text']], words: ['text c:{}'] },
    ['upgraded', 'text c:{}', 'text m:hi', 'text'],
    ['text c:{}'],
  ),
  directs(
    'direct-that-wants-none',
    { accepts: [], says: [['text c:{}', 'text m:hi']] },
    ['upgraded', 'text c:{}', 'text m:hi'],
    [],
  ),
  // [WOH-TRUST-2]
  directs(
    'direct-for-a-gateway',
    {
      headers: [['Grip-Sig', 'upstream']],
      accepts: [['Sec-WebSocket-Extensions', 'other, grip; message-prefix="x"']],
      says: [['text m:hi', control({ type: 'detach' })]],
      words: ['text one'],
    },
    [
      'upgraded | sec-websocket-extensions: grip; message-prefix="x"',
      ...['text m:hi', 'text c:{"type":"detach"}'],
    ],
    ['text one'],
  ),
  directs(
    'direct-and-published',
    {
      says: [[subscribes('direct-one'), subscribes('direct-two', { filters: ['skip-self'] })]],
      items: [
        { channel: 'e-direct-one', formats: message('one') },
        { channel: 'direct-one', formats: message('no') },
        { channel: 'e-direct-two', formats: message('two') },
        { channel: 'e-direct-one', formats: { 'ws-message': { action: 'refresh' } } },
        { channel: 'e-direct-one', formats: { 'ws-message': { action: 'close', reason: 'no' } } },
      ],
    },
    ['upgraded', 'text one', 'text two', 'close 1000'],
    ['close 1005'],
  ),
  // [WOH-DIRECT-8]
  directs(
    'direct-closed-by-its-origin',
    { says: [[], ['text m:last', 'close 4001 so', 'text m:no']], words: ['text one', 'text no'] },
    ['upgraded', 'text last', 'close 4001 so'],
    ['text one', 'close 4001 so'],
  ),
  directs(
    'direct-closed-at-once',
    { says: [['close 1005']] },
    ['upgraded', 'close 1000'],
    ['close 1000'],
  ),
  directs(
    'direct-closed-by-its-client',
    {
      says: [[], ['text m:well'], ['text m:last', 'close 4009 then']],
      words: ['text one', 'close 4000 bye', 'text no'],
    },
    ['upgraded', 'text well', 'text last', 'close 4009 then'],
    ['text one', 'close 4000 bye'],
  ),
  directs(
    'direct-closed-without-a-code',
    { words: ['close 1005'] },
    ['upgraded', 'close 1000'],
    ['close 1005'],
  ),
  directs(
    'direct-closed-and-not-answered',
    { isMute: true, words: ['close 4000 bye', ...Array.from({ length: 11 }, () => 'none')] },
    ['upgraded', 'cut'],
    ['close 4000 bye', 'cut'],
  ),
  // [WOH-DIRECT-9]
  directs(
    'direct-cut-later',
    { says: [[], ['cut']], words: ['text one', 'text two'] },
    ['upgraded', 'cut'],
    ['text one'],
  ),
  directs(
    'direct-cut-at-a-close',
    { isMute: true, says: [[], ['cut']], words: ['close 4000 bye'] },
    ['upgraded', 'cut'],
    ['close 4000 bye'],
  ),
  directs('direct-gone', { words: ['text one', 'cut'] }, ['upgraded'], ['text one', 'cut']),
  // [WOH-DIRECT-10] [WOH-GRIP-13]
  directs(
    'direct-given-up',
    {
      isMute: true,
      says: [
        [subscribes('direct-given-up')],
        [control({ type: 'detach' }), 'text m:behind', 'text m:it', 'cut'],
      ],
      words: ['text one', 'text unheard', 'close 4000 bye'],
      items: [],
    },
    ['upgraded', 'close 1000'],
    ['text one'],
  ),
  directs(
    'direct-that-gives-up',
    {
      says: [[subscribes('direct-that-gives-up'), control({ type: 'detach' })]],
      items: [
        { channel: 'e-direct-that-gives-up', formats: message('still') },
        {
          channel: 'e-direct-that-gives-up',
          formats: { 'ws-message': { action: 'close', code: 4002 } },
        },
      ],
      words: ['text unheard'],
    },
    ['upgraded', 'text still', 'close 4002'],
    ['close 1005'],
  ),
  // [WOH-GRIP-17]
  directs(
    'direct-with-six-filters',
    { says: [[subscribes('six', { filters: '123456'.split('') })]] },
    ['upgraded', "close 1011 too many filters for channel 'six'"],
    ['close 1005'],
  ),
  // [WOH-DIRECT-4] [WOH-DIRECT-5] [WOH-DIRECT-6]
  refuses(
    'direct-refused',
    {
      status: 426,
      headers: [
        ['X-A', '1'],
        ['Upgrade', 'x'],
        ['Keep-Alive', 'x'],
      ],
      body: 'r'.repeat(10_000),
    },
    `426 Somehow | x-a: 1 || ${'r'.repeat(100)}… 10000 …${'r'.repeat(100)}`,
  ),
  refuses(
    'direct-refused-at-length',
    { status: 403, headers: [], body: 'r'.repeat(100_001) },
    `403 Somehow || ${'r'.repeat(100)}… 100000 …${'r'.repeat(100)}`,
  ),
  refuses(
    'direct-refused-and-broken-off',
    { status: 403, headers: [], body: 'half', isBroken: true },
    FAILED,
  ),
  refuses(
    'direct-not-answered',
    { status: 200, headers: [], body: '', fails: { why: 'broken', wasSent: true } },
    FAILED,
  ),
  refuses(
    'direct-not-answered-in-time',
    { status: 200, headers: [], body: '', fails: { why: 'timeout', wasSent: true } },
    FAILED,
  ),
  refuses(
    'direct-not-reached',
    { status: 200, headers: [], body: '', fails: { why: 'tls', wasSent: false } },
    '502 Bad Gateway || Unable to connect to any targets. Tried: origin-e:80\n',
  ),
];
