// Errands of SockJS sessions, request by request: how they open, what is sent and heard in them, what is refused, and how
// they end. Written from spec/websocket-over-http.md, "SockJS". `esp.test` leads to an origin over HTTP, `esd.test` to one
// that speaks WebSocket itself.

import type { Header } from '../../scenes/scene.ts';
import { type Errand, type Line, type Said, turns } from '../errand.ts';
import { EVENTS } from './sockets.ts';

const GRIP: Header = ['Sec-WebSocket-Extensions', 'grip'];

export function event(type: string, content: string): string {
  return `${type} ${content.length.toString(16)}\r\n${content}\r\n`;
}

export const text = (words: string): string => event('TEXT', `m:${words}`);
export const control = (fields: object): string => event('TEXT', `c:${JSON.stringify(fields)}`);
export const accepts = (body: string): Said => ({ status: 200, headers: [EVENTS, GRIP], body });
export const opens = (...events: readonly string[]): Said => accepts(`OPEN\r\n${events.join('')}`);
export const closes = (code: number, reason: string): string =>
  event('CLOSE', String.fromCharCode(code >> 8, code & 255) + reason);

interface Session {
  readonly host?: string;
  readonly said?: Said;
  readonly laters?: readonly Said[];
  readonly items?: readonly (object | readonly object[])[];
  readonly line?: Line;
}

/** Each turn, with what it is answered; and what the origin is told. */
export function session(
  name: string,
  what: Session,
  all: readonly (readonly [turn: string, answer?: string])[],
  ...told: readonly string[]
): Errand {
  const taken = all.map(([turn]) => turn.replace('~', `/0/${name}`));
  const heard = all.flatMap(([turn, answer = '-']) => (turn.startsWith('wait') ? [] : [answer]));
  const defined = { said: opens(), ...what, turns: taken, isOverheard: true };
  return turns(name, defined, `${heard.join(' / ')} // ${told.join(' / ')}`);
}

export const shown = (letter: string, length: number): string =>
  `TEXT ${letter.repeat(100)}… ${length} …${letter.repeat(100)}`;
const missing = '404 Not Found | content-type: text/plain Not Found\n';
const unexpected = '400 Bad Request | content-type: text/plain Payload expected\n';
const tooLarge = '400 Bad Request | content-type: text/plain Request too large.\n';
const another = 'c[2010,"Another connection still open"]\n';
const long = (channel: string): object => ({
  channel,
  formats: { 'ws-message': { content: 'x'.repeat(90_000) } },
});

export const pageErrands: readonly Errand[] = [
  // [SOCKJS-6] [SOCKJS-8] [SOCKJS-9] [SOCKJS-10]
  session(
    'page',
    {
      said: opens(text('at once'), event('BINARY', 'm:bytes'), event('PING', 'p')),
      laters: [accepts(text('one')), accepts(text('two')), accepts('')],
    },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr', 'a["at once","bytes"]\n'],
      ['POST ~/xhr_send ["a","b"]', 'ok'],
      ['POST ~/xhr_send ["c"]', 'ok'],
      ['POST ~/xhr', 'a["one","two"]\n'],
      ['POST ~/xhr_send []', 'ok'],
      ['POST ~/xhr_send', unexpected],
      ['POST ~/xhr_send ["a",1]', unexpected],
      ['POST ~/xhr_send {"a":"b"}', unexpected],
      ['POST ~/xhr_send "a"', unexpected],
      ['POST ~/xhr_send d=["a"]', unexpected],
    ],
    ...['OPEN', 'TEXT a', 'TEXT b', 'TEXT c'],
  ),
  // [SOCKJS-15] [SOCKJS-16]
  session(
    'page-of-scripts',
    { laters: [accepts(text('"</script>"'))] },
    [
      ['GET ~/jsonp?c=a.b$c_1', '/**/a.b$c_1("o");\n'],
      ['POST ~/jsonp_send d=%5B%22a+b%22%5D&d=no', 'ok'],
      ['POST ~/jsonp_send ["c"]', 'ok'],
      ['POST ~/jsonp_send x=["c"]', unexpected],
      ['POST ~/jsonp_send d=', unexpected],
      ['GET ~/jsonp?c=', '400 Bad Request | content-type: text/plain Bad Request\n'],
      ['GET ~/jsonp?c=x', String.raw`/**/x("a[\"\\\"</script>\\\"\"]");` + '\n'],
      ['POST ~/xhr_send ["d"]', 'ok'],
    ],
    ...['OPEN', 'TEXT a b', 'TEXT c', 'TEXT d'],
  ),
  // [SOCKJS-10]
  session(
    'page-that-says-much',
    {},
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_send  *100001', tooLarge],
      [`POST ~/xhr_send [${'"",'.repeat(8_192)}""]`, tooLarge],
      [`POST ~/xhr_send ["${'x'.repeat(99_996)}"]`, 'ok'],
      ['POST ~/xhr_send ["a"]', 'ok'],
    ],
    'OPEN',
    `TEXT ${'x'.repeat(100)}… 99996 …${'x'.repeat(100)}`,
    'TEXT a',
  ),
  // [SOCKJS-11]
  session(
    'page-that-waits-twice',
    { laters: [accepts(text('well'))] },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr', 'a["well"]\n'],
      ['POST ~/xhr', another],
      ['GET ~/jsonp?c=x', `/**/x(${JSON.stringify(another.trim())});\n`],
      ['POST ~/xhr_send ["a"]', 'ok'],
      ['POST ~/xhr'],
    ],
    ...['OPEN', 'TEXT a'],
  ),
  // [SOCKJS-7]
  session(
    'page-refused',
    { said: { status: 403, headers: [['X-A', '1']], body: 'not you\n' } },
    [
      ['GET ~/jsonp?c=x', '403 Somehow | x-a: 1 not you\n'],
      ['POST ~/xhr_send ["a"]', missing],
      ['POST ~/xhr', '403 Somehow | x-a: 1 not you\n'],
    ],
    ...['OPEN', 'OPEN'],
  ),
  session(
    'page-that-sends-too-soon',
    { said: { ...opens(), afterMs: 700 } },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_send ["a"]', missing],
      ['POST ~/xhr', another],
      ['POST ~/xhr_send ["b"]', 'ok'],
    ],
    ...['OPEN', 'TEXT b'],
  ),
  // [SOCKJS-13]
  session(
    'page-sent-away',
    { laters: [accepts(`${text('last')}${closes(4100, 'so')}${text('no')}`)] },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_send ["a"]', 'ok'],
      ['POST ~/xhr_send ["b"]', missing],
      ['POST ~/xhr', 'a["last"]\n'],
      ['POST ~/xhr', 'c[4100,"so"]\n'],
      ['GET ~/jsonp?c=x', `/**/x(${JSON.stringify('c[4100,"so"]')});\n`],
    ],
    ...['OPEN', 'TEXT a', 'CLOSE'],
  ),
  session(
    'page-sent-away-while-it-waits',
    {
      said: opens(control({ type: 'subscribe', channel: 'page-sent-away' })),
      items: [{ channel: 'e-page-sent-away', formats: { 'ws-message': { action: 'close' } } }],
    },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr', 'c[0,"Connection closed"]\n'],
      ['POST ~/xhr', 'c[0,"Connection closed"]\n'],
    ],
    ...['OPEN', 'CLOSE'],
  ),
  session(
    'page-cut-by-its-origin',
    { laters: [accepts(`${text('lost')}DISCONNECT\r\n`)] },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_send ["a"]', 'ok'],
      ['POST ~/xhr', 'o\n'],
    ],
    ...['OPEN', 'TEXT a', 'OPEN'],
  ),
  // [SOCKJS-12]
  session(
    'page-gone',
    {},
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr'],
      ['leave', 'left'],
      ['wait'],
      ['wait'],
      ['POST ~/xhr_send ["a"]', 'ok'],
      ['wait'],
      ['POST ~/xhr_send ["b"]', missing],
      ['POST ~/xhr', 'o\n'],
    ],
    ...['OPEN', 'TEXT a', 'DISCONNECT', 'OPEN'],
  ),
  session(
    'page-cut-while-it-waits',
    { laters: [accepts('DISCONNECT\r\n')] },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr', 'reset'],
      ['POST ~/xhr_send ["a"]', 'ok'],
    ],
    ...['OPEN', 'TEXT a'],
  ),
  session(
    'page-gone-too-soon',
    { laters: [{ ...accepts(''), afterMs: 1_800 }] },
    [
      ['POST ~/xhr', 'o\n'],
      ['wait'],
      ['wait'],
      ['wait'],
      ['POST ~/xhr', 'reset'],
      ['POST ~/xhr_send ["a"]', missing],
      ['wait'],
      ['POST ~/xhr', 'o\n'],
    ],
    ...['OPEN', 'DISCONNECT', 'OPEN'],
  ),
  // What an origin has not taken yet makes the page wait.
  session(
    'page-that-is-held',
    { laters: [{ ...accepts(''), afterMs: 1_500 }] },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_send ["a"]', 'ok'],
      [`POST ~/xhr_send ["${'b'.repeat(99_000)}"]`, 'ok'],
      [`POST ~/xhr_send ["${'c'.repeat(99_000)}"]`, 'ok'],
      [`POST ~/xhr_send ["${'d'.repeat(9_000)}"]`, 'ok'],
      ['POST ~/xhr_send ["e"]', 'late ok'],
      ['wait'],
      ['POST ~/xhr_send ["f"]', 'ok'],
    ],
    ...['OPEN', 'TEXT a', `${shown('b', 99_000)}, ${shown('c', 99_000)}`],
    ...[`${shown('d', 9_000)}, TEXT e`, 'TEXT f'],
  ),
  // What was fetched makes room for more.
  session(
    'page-that-hears-much',
    { laters: Array.from({ length: 18 }, () => accepts(text('x'.repeat(12_000)))) },
    [
      ['POST ~/xhr', 'o\n'],
      ...Array.from({ length: 18 }).flatMap(
        (_, at) =>
          [
            [`POST ~/xhr_send ["${at}"]`, 'ok'],
            ['POST ~/xhr', `a["${'x'.repeat(97)}… 12006 …${'x'.repeat(97)}"]\n`],
          ] as const,
      ),
    ],
    ...['OPEN', ...Array.from({ length: 18 }, (_, at) => `TEXT ${at}`)],
  ),
  // [SOCKJS-19]
  session(
    'page-that-follows',
    {
      said: opens(
        control({ type: 'subscribe', channel: 'page-one' }),
        control({ type: 'set-meta', name: 'user', value: 'ann' }),
        control({ type: 'subscribe', channel: 'page-two', filters: ['var-subst'] }),
        control({ type: 'send-delayed', content: 'later', timeout: 1 }),
      ),
      items: [
        [
          { channel: 'e-page-one', formats: { 'ws-message': { content: 'one' } } },
          { channel: 'e-page-two', formats: { 'ws-message': { content: 'for %(user)s' } } },
          { channel: 'e-page-one', formats: { 'ws-message': { 'content-bin': 'w6Q=' } } },
          { channel: 'e-page-one', formats: { 'ws-message': { type: 'ping' } } },
        ],
        { channel: 'e-page-one', formats: { 'ws-message': { action: 'refresh' } } },
        { errand: 'command-check-one' },
        { errand: 'command-refresh-one' },
      ],
    },
    [['POST ~/xhr', 'o\n'], ['wait'], ['POST ~/xhr', 'a["one","for ann","ä","later"]\n']],
    ...['OPEN', '', ''],
  ),
  turns(
    'page-kept-alive',
    {
      said: opens(
        control({ type: 'keep-alive', content: 'alive', timeout: 1, mode: 'interval' }),
        control({ type: 'keep-alive', content: 'x', timeout: 1, 'message-type': 'song' }),
      ),
      turns: ['POST /0/page-kept-alive/xhr', 'wait', 'POST /0/page-kept-alive/xhr'],
    },
    /^o\n \/ a\["alive"(?:,"alive")*\]\n$/,
  ),
  // What is more than may wait for it.
  session(
    'page-that-does-not-ask',
    {
      said: opens(control({ type: 'subscribe', channel: 'page-flood' })),
      items: [Array.from({ length: 13 }, () => long('e-page-flood'))],
    },
    [['POST ~/xhr', 'o\n'], ['wait'], ['POST ~/xhr', 'o\n']],
    ...['OPEN', 'DISCONNECT', 'OPEN'],
  ),
  session(
    'page-of-a-direct-origin',
    {
      host: 'esd.test',
      line: {
        headers: [GRIP],
        says: [['text m:hi', 'binary m:b'], ['text m:heard'], ['close 4003 x']],
      },
    },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr', 'a["hi","b"]\n'],
      ['POST ~/xhr_send ["a","b"]', 'ok'],
      ['POST ~/xhr', 'a["heard"]\n'],
      ['POST ~/xhr', 'c[4003,"x"]\n'],
    ],
    ...['text a', 'text b', 'close 1005'],
  ),
];
