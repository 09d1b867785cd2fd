// Errands of WebSockets: what becomes of a handshake, of what its origin says at once, and of what the client says then.
// Written from spec/websocket-over-http.md, "Opening" to "Control messages". `ew.test` leads to an origin over HTTP,
// `et.test` to the one that is built in.

import type { Header } from '../../scenes/scene.ts';
import { type Errand, type Said, talks } from '../errand.ts';

export const EVENTS: Header = ['Content-Type', 'application/websocket-events'];
const GRIP: Header = ['Sec-WebSocket-Extensions', 'grip'];

/** An acceptance, and what is said at once: lines of events without content, or texts. */
function opens(...texts: readonly string[]): Said {
  return accepts(['OPEN\r\n', ...texts.map((text) => event('TEXT', text))].join(''));
}

function accepts(body: string, headers: readonly Header[] = [EVENTS, GRIP]): Said {
  return { status: 200, headers, body };
}

/** Of letters alone. */
function event(type: string, content: string): string {
  return `${type} ${content.length.toString(16)}\r\n${content}\r\n`;
}

function closes(code: number, reason: string): string {
  return event('CLOSE', String.fromCharCode(code >> 8, code & 255) + reason);
}

const control = (fields: object): string => `c:${JSON.stringify(fields)}`;
const message = (text: string): object => ({ 'ws-message': { content: text } });
const FAILED = '502 Bad Gateway || Error while proxying to origin.\n';
/** What is still on its way is lost with the connection. */
const CUT = /^(?:upgraded \/ )?cut$/;
const LONG = 100_000;

/** Whether something is said before it is over, by its time. */
function delays(name: string, timeout: unknown, isSoon: boolean): Errand {
  const said = opens(control({ type: 'send-delayed', content: 'later', timeout }));
  return talks(name, { said }, 'upgraded', ...(isSoon ? ['text later'] : []));
}

/** One item goes to whoever asks its origin about it, and one, at once, to the others. */
export function checks(
  name: string,
  filter: string,
  url: string,
  ...heard: readonly string[]
): Errand {
  const said = opens(
    control({ type: 'subscribe', channel: `plain-${name}` }),
    control({ type: 'set-meta', name: 'url', value: url }),
    control({ type: 'subscribe', channel: `asked-${name}`, filters: [filter] }),
  );
  const items = [
    [
      { channel: `asked-${name}`, formats: message('one') },
      { channel: `plain-${name}`, formats: message('two') },
    ],
  ];
  return talks(name, { said, items }, 'upgraded', ...heard, 'text two');
}

export const socketErrands: readonly Errand[] = [
  talks(
    'ws-refused',
    { said: { status: 403, headers: [['X-A', '1']], body: 'r'.repeat(LONG) } },
    `403 Somehow | x-a: 1 || ${'r'.repeat(100)}… ${LONG} …${'r'.repeat(100)}`,
  ),
  talks(
    'ws-refused-at-length',
    { said: { status: 403, headers: [], body: 'r'.repeat(LONG + 1) } },
    `403 Somehow || ${'r'.repeat(100)}… ${LONG} …${'r'.repeat(100)}`,
  ),
  talks(
    'ws-of-another-type',
    { said: accepts('OPEN\r\n', [['Content-Type', 'application/websocket-events; a=b'], GRIP]) },
    '200 OK | content-type: application/websocket-events; a=b || OPEN\r\n',
  ),
  talks('ws-without-open', { said: accepts('TEXT\r\n') }, FAILED),
  talks('ws-without-anything', { said: accepts('') }, FAILED),
  talks('ws-half-an-event', { said: accepts('OPEN') }, FAILED),
  talks('ws-of-no-length', { said: accepts('OPEN\r\nTEXT x\r\n') }, FAILED),
  talks(
    'ws-events',
    {
      said: accepts('OPEN\r\nSONG 3\r\nabc\r\nTEXT 00A\r\nm:12345678\r\nTEXT 0\r\n\r\nPONG 1\r\np'),
    },
    'upgraded',
    'text 12345678',
    'pong p',
  ),
  talks(
    'ws-without-grip',
    { said: accepts(`OPEN\r\n${event('TEXT', 'c:{}')}${event('TEXT', 'm:x')}`, [EVENTS]) },
    'upgraded',
    'text c:{}',
    'text m:x',
  ),
  talks(
    'ws-six-filters',
    { said: opens(control({ type: 'subscribe', channel: 'a', filters: '123456'.split('') })) },
    'upgraded',
    'close 1011',
  ),
  talks(
    'ws-five-filters',
    {
      said: opens(control({ type: 'subscribe', channel: 'ws-five', filters: '12345'.split('') })),
      items: [
        { channel: 'ws-five', formats: message('one') },
        { channel: 'ws-six', formats: message('not this') },
      ],
    },
    'upgraded',
    'text one',
  ),
  talks(
    'ws-behind-a-check',
    {
      said: opens(
        control({ type: 'set-meta', name: 'url', value: 'dropping' }),
        control({ type: 'set-meta', name: 'user', value: 'ann' }),
        control({ type: 'subscribe', channel: 'ws-checked', filters: ['http-check'] }),
        control({ type: 'subscribe', channel: 'ws-filled', filters: ['var-subst'] }),
      ),
      items: [
        [
          { channel: 'ws-checked', formats: message('kept away') },
          ...['one', 'two'].map((text) => ({
            channel: 'ws-filled',
            formats: message(`${text} for %(user)s`),
          })),
        ],
      ],
    },
    'upgraded',
    'text one for ann',
    'text two for ann',
  ),
  // [WOH-GRIP-9]
  delays('ws-soon-in-digits', '1', true),
  delays('ws-late-in-digits', '2', false),
  delays('ws-soon-in-part', 1.4, true),
  delays('ws-late-in-part', 1.6, false),
  delays('ws-soon-by-a-truth', true, true),
  delays('ws-soon-by-an-untruth', false, true),
  delays('ws-soon-in-words', 'x', true),
  delays('ws-never-before-now', -1, false),
  delays('ws-never-in-a-list', [1], false),
  talks(
    'ws-flushed',
    {
      said: opens(
        control({ type: 'flush-delayed' }),
        control({ type: 'send-delayed', content: 'one', timeout: 9 }),
        control({ type: 'send-delayed', 'content-bin': 'dHdv', content: 'x', timeout: 9 }),
        control({ type: 'send-delayed', 'message-type': 'binary', timeout: 9 }),
        control({ type: 'flush-delayed' }),
        'm:end',
      ),
    },
    'upgraded',
    'text one',
    'text two',
    'binary',
    'text end',
  ),
  talks(
    'ws-kept-alive',
    {
      said: opens(
        control({
          ...{ type: 'keep-alive', 'content-bin': 'eHk=', 'message-type': 'ping' },
          ...{ timeout: 1, mode: 'interval' },
        }),
        control({ type: 'keep-alive', content: 1 }),
        control({ type: 'keep-alive', content: 'x', mode: 1 }),
        control({ type: 'keep-alive', content: 'x', 'message-type': 'song' }),
        control({ type: 'keep-alive', content: 'x', 'content-bin': 1 }),
        control({ type: 'keep-alive', content: 'x', timeout: -1 }),
      ),
    },
    /^upgraded(?: \/ ping xy){1,4}$/,
  ),
  talks(
    'ws-kept-alive-no-more',
    {
      said: opens(
        control({ type: 'keep-alive', content: 'x', timeout: 1, mode: 'interval' }),
        control({ type: 'keep-alive' }),
      ),
    },
    'upgraded',
  ),
  talks(
    'ws-wrong-instructions',
    {
      said: opens(
        control({ type: 'set-meta', name: 'user', value: 'ann' }),
        control({ type: 'set-meta', name: 'user', value: 1 }),
        control({ type: 'set-meta', value: 'bob' }),
        control({ type: 'subscribe', channel: 'ws-wrong', filters: ['var-subst'] }),
        control({ type: 'subscribe', channel: 'ws-wrong', filters: [1] }),
        control({ type: 'unsubscribe' }),
        control({ type: 'unsubscribe', channel: 1 }),
        'c:{"type":"subscribe","channel":"ws\twrong"}',
      ),
      items: [
        { channel: 'ws-wrong', formats: message('%(nobody)s') },
        { channel: 'ws-wrong', formats: message('for %(user)s') },
        { channel: 'ws\twrong', formats: message('that') },
      ],
    },
    'upgraded',
    'text for ann',
    'text that',
  ),
  talks(
    'ws-without-meta',
    {
      said: opens(
        control({ type: 'set-meta', name: 'user', value: 'ann' }),
        control({ type: 'set-meta', name: 'user' }),
        control({ type: 'subscribe', channel: 'ws-bare', filters: ['var-subst'] }),
      ),
      items: [
        { channel: 'ws-bare', formats: message('for %(user)s') },
        { channel: 'ws-bare', formats: message('all') },
      ],
    },
    'upgraded',
    'text all',
  ),
  talks(
    'ws-refreshed',
    {
      said: opens(control({ type: 'subscribe', channel: 'ws-refreshed' })),
      later: accepts(event('TEXT', 'm:asked'), [EVENTS]),
      items: [{ channel: 'ws-refreshed', formats: { 'ws-message': { action: 'refresh' } } }],
    },
    'upgraded',
    'text asked',
  ),
  // [WOH-PUB-9] Somebody else may give the same order.
  talks(
    'ws-told-to-refresh',
    {
      said: opens(control({ type: 'subscribe', channel: 'ws-ordered' })),
      later: accepts(event('TEXT', 'm:asked'), [EVENTS]),
      items: [{ errand: 'command-refresh-followed' }],
    },
    /^upgraded(?: \/ text asked){1,2}$/,
  ),
  talks(
    'ws-pulled',
    {
      said: opens(control({ type: 'subscribe', channel: 'ws-pulled' })),
      items: [
        { pull: { channel: 'ws-pulled', formats: { 'ws-message': { 'content-bin': 'x' } } } },
        { pull: { channel: 'ws-pulled', formats: { 'ws-message': { type: 'ping' } } } },
        { pull: { channel: 'ws-pulled', formats: { 'ws-message': {} } } },
        { pull: { channel: 'ws-pulled', 'ws-message': { action: 'close', reason: 'no' } } },
      ],
    },
    'upgraded',
    'binary x',
    'ping',
    'close 1000',
  ),
  checks('ws-check-passes', 'http-check', 'second', 'text one'),
  checks('ws-check-drops', 'http-check', 'dropping'),
  checks('ws-check-breaks', 'http-check', 'broken'),
  checks('ws-check-nowhere', 'http-check', 'http://origin-f/e/none'),
  checks('ws-check-no-way', 'http-check', 'ftp://origin-e/'),
  checks('ws-check-without-a-way', 'http-check', ''),
  checks('ws-modified', 'http-modify', 'second', 'text second'),
  checks('ws-modified-to-nothing', 'http-modify', 'silent', 'text one'),
  talks(
    'ws-no-instructions',
    {
      said: opens(
        control({ type: 'subscribe', channel: '' }),
        control({ type: 'subscribe' }),
        control({ type: 'session', id: 'x' }),
        control({ type: 'subscribe', channel: 'ws-none', filters: 'x' }),
        'c:[]',
        'c:{"type"',
        `c: ${JSON.stringify({ type: 'subscribe', channel: 'ws-some' })} `,
      ),
      items: [
        { channel: 'ws-none', formats: message('not this') },
        { channel: 'ws-some', formats: message('this') },
      ],
    },
    'upgraded',
    'text this',
  ),
  talks(
    'ws-detached',
    {
      said: opens(control({ type: 'detach' }), 'm:behind'),
      words: ['text unheard', 'close 4000 bye'],
    },
    'upgraded',
    'text behind',
    'close 1000',
  ),
  talks(
    'ws-closed-at-length',
    { said: accepts(`OPEN\r\n${closes(3072, 'x'.repeat(130))}`) },
    'upgraded',
    `close 3072 ${'x'.repeat(123)}`,
  ),
  talks('ws-closed-so', { said: accepts(`OPEN\r\n${closes(16, 'x')}`) }, 'upgraded', 'close 1000'),
  talks(
    'ws-closed-with-little',
    { said: accepts('OPEN\r\nCLOSE 1\r\nx\r\n') },
    'upgraded',
    'close 1000',
  ),
  talks('ws-disconnected', { said: accepts('OPEN\r\nDISCONNECT\r\n') }, CUT),
  talks('ws-opened-twice', { said: accepts('OPEN\r\nOPEN\r\n') }, CUT),
  talks('ws-closed-by-itself', { said: opens(), words: ['close 4000 bye'] }, 'upgraded', 'cut'),
  talks(
    'ws-of-itself',
    {
      ...{ host: 'et.test', path: '/t/ws', search: '?channel=ws-own&channel=' },
      words: ['text hello', 'binary c:{}', 'ping p', 'pong q', 'close 4001 bye'],
      items: [
        { channel: 'ws-own', formats: message('one') },
        { channel: 'test', formats: message('not this') },
      ],
    },
    // What is published and what is echoed come on two ways.
    /^upgraded \/ text hello \/ (?:binary c:\{\} \/ text one|text one \/ binary c:\{\}) \/ pong p \/ pong q \/ close 4001 bye$/,
  ),
  talks(
    'ws-of-nothing',
    { host: 'et.test', path: '/t/wss' },
    '404 Not Found | content-type: text/plain || no such test resource\n',
  ),
  talks(
    'ws-elsewhere',
    { host: 'e.test', said: { status: 404, headers: [['X-A', '1']], body: 'none\n' } },
    '404 Somehow | x-a: 1 || none\n',
  ),
  talks(
    'ws-to-nobody',
    { host: 'ef.test' },
    '502 Bad Gateway || Unable to connect to any targets. Tried: origin-f:80, origin-f:81\n',
  ),
];
