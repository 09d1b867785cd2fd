// Errands at a gateway of which little is allowed: who comes when it is full, and when there is room again; items that wait
// for their turn, and those that find no room to wait; and what pages hear where no route says how they are served.
// Written from spec/grip.md, "Limits" and "Pages of other sites", and spec/websocket-over-http.md, "SockJS".

import type { GatewayOptions } from '../../../../actors/gateway/gateway-options.ts';
import { asks, type Errand, talks } from '../errand.ts';
import { end, page, stream } from '../links.ts';
import { opens, subscribes } from '../talks/events.ts';
import { session } from '../talks/pages.ts';

export const narrowOptions = {
  connectionsMax: 2,
  messageRate: 1,
  messageHwm: 3,
  isCrossOrigin: true,
  queueBytesMax: 16_384,
} as const satisfies Partial<GatewayOptions>;

const CORS =
  'access-control-allow-credentials: true | access-control-allow-methods: ' +
  'OPTIONS, HEAD, GET, POST, PUT, DELETE | access-control-allow-origin: * | access-control-max-age: 3600';
const FULL = '503 Service Unavailable | content-type: text/plain || Too many connections.\n';

const item = (name: string, size: number, format: object): object => ({
  channel: `e-${name}`,
  size,
  formats: format,
});

/** What a stream hears of items that come at once, and after how long it ends. */
function hears(
  name: string,
  items: readonly (object | readonly object[])[],
  heard: string,
): Errand {
  const said = page('', [
    ['Grip-Hold', 'stream'],
    ['Grip-Channel', name],
  ]);
  return asks(name, { host: 'ed.test', said, items, isTimed: true }, heard);
}

const held = page('', [
  ['Grip-Hold', 'response'],
  ['Grip-Channel', 'too-many'],
]);

/** More than waits for whoever does not read; one each second. */
const flood = (name: string, count: number, bytes: number): readonly object[] => [
  Array.from({ length: count }, () => ({
    ...{ channel: `e-${name}`, 'no-seq': true, size: 0 },
    formats: { 'ws-message': { content: 'x'.repeat(bytes) } },
  })),
];

export const narrowErrands: readonly Errand[] = [
  // [GRIP-LIMIT-4] What was quiet for a quarter of a second has saved that up.
  hears(
    'paced',
    [
      [
        item('paced', 1, stream('a')),
        item('paced', 10, stream('b')),
        item('paced', 1, stream('c')),
        item('paced', 1, end),
      ],
    ],
    `+3 200 OK | ${CORS} || abc`,
  ),
  hears(
    'paced-by-blocks',
    [
      [
        item('paced-by-blocks', 41, stream('a')),
        item('paced-by-blocks', 11, stream('b')),
        item('paced-by-blocks', 1, end),
      ],
    ],
    `+7 200 OK | ${CORS} || ab`,
  ),
  hears(
    'paced-and-dropped',
    [
      [
        item('paced-and-dropped', 1, stream('a')),
        item('paced-and-dropped', 11, stream('b')),
        item('paced-and-dropped', 1, stream('c')),
        item('paced-and-dropped', 1, stream('no')),
        item('paced-and-dropped', 1, stream('no')),
      ],
      { seconds: 6 },
      item('paced-and-dropped', 1, end),
    ],
    `+6 200 OK | ${CORS} || abc`,
  ),
  // One that is more than may wait waits alone.
  hears(
    'paced-alone',
    [
      [
        item('paced-alone', 1, stream('a')),
        item('paced-alone', 50, stream('b')),
        item('paced-alone', 1, stream('no')),
      ],
      { seconds: 9 },
      item('paced-alone', 1, end),
    ],
    `+9 200 OK | ${CORS} || ab`,
  ),
  asks(
    'too-many',
    {
      ...{ host: 'ed.test', times: 5, said: held, again: held },
      items: [
        { errand: 'one-more' },
        { errand: 'one-more-socket' },
        { errand: 'one-more-page' },
        item('too-many', 1, { 'http-response': { body: 'x' } }),
        { seconds: 1 },
        { errand: 'room-again' },
      ],
    },
    `3 times ${FULL} / 2 times 200 OK | ${CORS} || x`,
  ),
  { ...asks('one-more', { host: 'ed.test' }, FULL), isPart: true },
  {
    ...talks(
      'one-more-socket',
      { host: 'ew.test' },
      '503 Service Unavailable || Too many connections.\n',
    ),
    isPart: true,
  },
  {
    ...asks('one-more-page', { host: 'nowhere.test', path: '/none', search: '?callback=cb' }, FULL),
    isPart: true,
  },
  {
    ...asks(
      'room-again',
      { host: 'ed.test', said: page('well\n', []) },
      `200 OK | ${CORS} || well\n`,
    ),
    isPart: true,
  },
  // [SOCKJS-17] Nothing is dropped: who does not read is let go.
  talks(
    'page-framed-that-does-not-read',
    {
      ...{ host: 'esp.test', path: '/sock/0/1/websocket' },
      ...{ search: '?e=page-framed-that-does-not-read', deafMs: 5_000, isOverheard: true },
      said: opens(subscribes('page-framed-that-does-not-read')),
      words: ['wait 8'],
      items: flood('page-framed-that-does-not-read', 4, 99_000),
    },
    /^upgraded \/ text o(?: \/ text a\["x+… 99005 …x+"\])* \/ cut \/\/ OPEN \/ DISCONNECT$/,
  ),
  talks(
    'too-many-sockets',
    {
      ...{ host: 'ew.test', said: opens(), words: ['wait 2', 'cut'] },
      items: [
        { errand: 'another-socket' },
        { errand: 'one-more' },
        { seconds: 4 },
        { errand: 'room-again' },
      ],
    },
    'upgraded',
  ),
  {
    ...talks('another-socket', { host: 'ew.test', said: opens(), words: ['wait 2'] }, 'upgraded'),
    isPart: true,
  },
  // [SOCKJS-6]
  session(
    'too-many-sessions',
    {},
    [
      ['POST /0/one/xhr', 'o\n'],
      ['POST /0/two/xhr', 'o\n'],
      [
        'POST /0/three/xhr',
        '503 Service Unavailable | content-type: text/plain Too many connections.\n',
      ],
      ['POST /0/two/xhr_send ["a"]', 'ok'],
      [
        'GET /0/three/jsonp?c=x',
        '503 Service Unavailable | content-type: text/plain Too many connections.\n',
      ],
      ['wait 6'],
      ['POST /0/three/xhr', 'o\n'],
    ],
    ...['OPEN', 'OPEN', 'TEXT a', 'DISCONNECT', 'DISCONNECT', 'OPEN'],
  ),
  // There is no room for the fourth, and a hold that would wait in vain is none.
  ...(['response', 'stream'] as const).map((mode) =>
    asks(
      `too-many-channels-${mode}`,
      {
        host: 'ed.test',
        said: page('never\n', [
          ['Grip-Hold', mode],
          ['Grip-Channel', 'one, two, three, four'],
        ]),
        items: [{ errand: 'room-again' }],
      },
      `502 Bad Gateway | ${CORS} | content-type: text/plain || too many channels\n`,
    ),
  ),
  // [GRIP-CORS-5]
  asks(
    'no-route-for-pages',
    { host: 'nowhere.test', path: '/none', headers: [['Origin', 'http://a.test']] },
    `502 Bad Gateway | ${CORS.replace('origin: *', 'origin: http://a.test')} | content-type: text/plain || No route for host: nowhere.test\n`,
  ),
  asks(
    'no-route-for-scripts',
    { host: 'nowhere.test', path: '/none', search: '?callback=cb' },
    String.raw`200 OK | content-type: application/javascript || /**/cb({"code": 502, "reason": "Bad Gateway", "headers": {"Content-Length":"32","Content-Type":"text/plain"}, "body": "No route for host: nowhere.test\n"});` +
      '\n',
  ),
  asks(
    'page-of-any-route',
    { host: 'eu.test', headers: [['Origin', 'http://a.test']] },
    `502 Bad Gateway | ${CORS.replace('origin: *', 'origin: http://a.test')} | content-type: text/plain || Error: Origin host/IP blocked.\n`,
  ),
];
