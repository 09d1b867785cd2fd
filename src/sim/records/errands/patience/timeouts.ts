// Errands that wait for what comes when nothing else does: answers of holds whose time is up, words that keep streams and
// WebSockets alive, heartbeats of pages, and what is remembered for a time. Written from spec/grip.md, "Response holds" to
// "Order", and spec/websocket-over-http.md, "Control messages" and "SockJS".

import type { Header } from '../../scenes/scene.ts';
import { asks, type Errand, type Said, talks } from '../errand.ts';
import { end, page, stream } from '../links.ts';
import { accepts, control, opens } from '../talks/events.ts';
import { closes, session, text } from '../talks/pages.ts';
import { timed } from './timed.ts';

/** A poll that is answered with what its origin said first. */
function ends(
  name: string,
  seconds: number,
  headers: readonly Header[],
  more: Partial<Extract<Errand, { readonly to: 'door' }>> = {},
): Errand {
  const said = page('in the end\n', [['X-A', '1'], ['Grip-Hold', 'response'], ...headers]);
  const answer = timed([[seconds, '200 OK | x-a: 1 || in the end\n', seconds + 1]]);
  return asks(name, { host: 'ed.test', said, isTimed: true, ...more }, answer);
}

function json(hold: object): Said {
  return page(JSON.stringify({ hold: { channels: [], ...hold }, response: { body: 'json\n' } }), [
    ['Content-Type', 'application/grip-instruct'],
  ]);
}

function endsJson(name: string, seconds: number, hold: object): Errand {
  const answer = timed([[seconds, '200 OK || json\n', seconds + 1]]);
  return asks(name, { host: 'ed.test', said: json(hold), isTimed: true }, answer);
}

/** Two items, and what is heard between them and until the end. */
function keeps(name: string, headers: readonly Header[], heard: string): Errand {
  return asks(
    name,
    {
      host: 'ed.test',
      said: page('', [['Grip-Hold', 'stream'], ['Grip-Channel', name], ...headers]),
      items: [
        { seconds: 30 },
        { channel: `e-${name}`, formats: stream('a') },
        { seconds: 39 },
        { channel: `e-${name}`, formats: stream('b') },
        { seconds: 58 },
        { channel: `e-${name}`, formats: end },
      ],
    },
    `200 OK || ${heard}`,
  );
}

const item = (channel: string, content: string, more: object = {}): object => ({
  channel: `e-${channel}`,
  formats: { 'http-stream': { content } },
  ...more,
});

/** What a stream hears of items with pauses between them. */
function hears(name: string, items: readonly object[], heard: string): Errand {
  const said = page('', [
    ['Grip-Hold', 'stream'],
    ['Grip-Channel', name],
  ]);
  const last = { channel: `e-${name}`, formats: end };
  return asks(name, { host: 'ed.test', said, items: [...items, last] }, `200 OK || ${heard}`);
}

export const timeoutErrands: readonly Errand[] = [
  // [GRIP-HOLD-3] [GRIP-HOLD-4]
  ends('poll-of-its-own-time', 55, []),
  ends('poll-of-little-time', 5, [['Grip-Timeout', '1']]),
  ends('poll-of-much-time', 90, [['Grip-Timeout', '90']]),
  endsJson('poll-json-of-its-own-time', 55, {}),
  endsJson('poll-json-of-some-time', 20, { timeout: '20' }),
  // Its time begins when its origin has said so.
  asks(
    'poll-of-other-time',
    {
      host: 'ed.test',
      said: page('first\n', [
        ['Grip-Hold', 'response'],
        ['Grip-Channel', 'poll-of-other-time'],
        ['Grip-Timeout', '90'],
      ]),
      later: page('second\n', [
        ['Grip-Hold', 'response'],
        ['Grip-Timeout', '6'],
        ['Grip-Status', '404'],
      ]),
      ...{ isOverheard: true, isTimed: true },
    },
    timed(
      [[7, '404 Not Found || second\n', 8]],
      [
        [0, 'GET /e/poll-of-other-time'],
        [1, 'GET /e/poll-of-other-time', 2],
      ],
    ),
  ),
  // [GRIP-KEEP-1] [GRIP-KEEP-2] [GRIP-KEEP-4]
  keeps('keep-of-its-own-time', [['Grip-Keep-Alive', 'x']], 'abx'),
  keeps('keep-in-intervals', [['Grip-Keep-Alive', 'x; mode=interval']], 'axbx'),
  keeps('keep-put-off', [['Grip-Keep-Alive', 'x; timeout=25']], 'xaxbxx'),
  // [WOH-GRIP-9] [WOH-GRIP-11]
  talks(
    'ws-kept-alive-for-long',
    {
      said: opens(control({ type: 'keep-alive', content: 'x', timeout: 0 })),
      laters: [accepts('PONG\r\n')],
      words: ['wait 30', 'text one', 'wait 100'],
      isTimed: true,
    },
    timed([
      [0, 'upgraded'],
      [30, 'pong'],
      [54, 'text x', 55],
    ]),
  ),
  talks(
    'ws-kept-alive-in-intervals',
    {
      said: opens(
        control({ type: 'keep-alive', content: 'x', mode: 'interval', 'message-type': 'binary' }),
        control({ type: 'send-delayed', content: 'later', timeout: 20 }),
      ),
      laters: [accepts('PONG\r\n')],
      words: ['wait 30', 'text one', 'wait 70'],
      isTimed: true,
    },
    timed([
      [0, 'upgraded'],
      [20, 'text later'],
      [10, 'pong'],
      [23, 'binary x', 25],
    ]),
  ),
  // [SOCKJS-14]
  session(
    'page-with-a-heart',
    {},
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr'],
      ['wait 24'],
      ['leave', 'left'],
      ['POST ~/xhr', 'h\n'],
      ['wait 26'],
      ['GET ~/jsonp?c=x', '/**/x("h");\n'],
      ['wait 26'],
      ['POST ~/xhr_send ["a"]', 'ok'],
    ],
    ...['OPEN', 'TEXT a'],
  ),
  // [SOCKJS-13]
  session(
    'page-told-late',
    {
      laters: [
        {
          status: 200,
          headers: [['Content-Type', 'application/websocket-events']],
          body: `${text('last')}${closes(4100, 'so')}`,
        },
      ],
    },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_send ["a"]', 'ok'],
      ['POST ~/xhr', 'a["last"]\n'],
      ['wait 4'],
      ['POST ~/xhr', 'c[4100,"so"]\n'],
      ['wait 4'],
      ['POST ~/xhr', 'o\n'],
    ],
    ...['OPEN', 'TEXT a', 'CLOSE', 'OPEN'],
  ),
  // [GRIP-ORDER-5]
  hears(
    'published-a-minute-later',
    [
      item('published-a-minute-later', 'a', { id: '1' }),
      { seconds: 50 },
      item('published-a-minute-later', 'no', { id: '1' }),
      { seconds: 10 },
      item('published-a-minute-later', 'b', { id: '1' }),
      item('published-a-minute-later', 'no', { id: '1' }),
    ],
    'ab',
  ),
  // [GRIP-ORDER-1] [GRIP-ORDER-2]
  hears(
    'published-without-the-one-before',
    [
      item('published-without-the-one-before', 'a', { id: '1' }),
      item('published-without-the-one-before', 'c', { id: '3', 'prev-id': '2' }),
      item('published-without-the-one-before', 'd', { id: '4', 'prev-id': '3' }),
      item('published-without-the-one-before', 'no', { id: '5', 'prev-id': '2' }),
      { seconds: 7 },
      item('published-without-the-one-before', 'e', { id: '6', 'prev-id': '4' }),
    ],
    'acde',
  ),
];
