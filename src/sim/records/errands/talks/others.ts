// Errands of how holds, WebSockets and pages end, and of what a page is refused in the midst of a session. Written from
// spec/grip.md, "Response holds" and "Stream holds", and spec/websocket-over-http.md, "Requests", "Closing" and "SockJS".

import type { Header } from '../../scenes/scene.ts';
import { asks, type Errand } from '../errand.ts';
import { end, page } from '../links.ts';
import { accepts, closes, control, opens, slow, subscribes, turns } from './events.ts';
import { session, shown } from './pages.ts';

const missing = '404 Not Found | content-type: text/plain Not Found\n';
const message = (content: string): object => ({ 'ws-message': { content } });
const takes = (bytes: number, body = ''): ReturnType<typeof accepts> =>
  accepts(body, [['Content-Bytes-Accepted', String(bytes)]]);

/** A hold whose origin wants to hear of its end. */
function parts(
  name: string,
  mode: 'response' | 'stream',
  format: object,
  answer: string,
  more: readonly Header[] = [],
): Errand {
  const headers: readonly Header[] = [
    ['Grip-Hold', mode],
    ['Grip-Channel', name],
    ['Grip-Link', `<${name}?gone>; rel=gone`],
    ...more,
  ];
  // Somebody may have all origins asked anew: then a poll is paused.
  const paused = `POST /e/${name} / POST /e/${name}\\?gone`;
  return asks(
    name,
    {
      host: 'ed.test',
      method: 'POST',
      body: 'asked',
      said: page('first\n', headers),
      items: [{ channel: `e-${name}`, formats: format }],
      isOverheard: true,
    },
    new RegExp(`^${answer} // ${paused}(?: / ${paused})*$`),
  );
}

export const otherErrands: readonly Errand[] = [
  // [GRIP-HOLD-9]
  parts(
    'gone-from-a-poll',
    'response',
    { 'http-response': { body: 'x' } },
    String.raw`200 OK \|\| x`,
  ),
  parts('gone-from-a-stream', 'stream', end, String.raw`200 OK \|\| first\n`),
  parts(
    'gone-for-a-mistake',
    'response',
    { 'http-response': { code: 0, body: 'x' } },
    String.raw`502 Bad Gateway \| content-type: text/plain \|\| no answer has the status 0\n`,
  ),
  // [WOH-CLOSE-1] [WOH-REQ-9]
  turns(
    'closed-and-taken-in-part',
    {
      laters: [slow(accepts(''), 500), takes(2), takes(6, closes(4100, 'so'))],
      words: ['text one', 'text abc', 'close 4000 bye'],
    },
    ['upgraded', 'close 4100 so'],
    [
      'OPEN',
      'TEXT one',
      'TEXT abc, CLOSE 4000 bye',
      'TEXT c, CLOSE 4000 bye | content-bytes-replayed: 1',
    ],
  ),
  turns(
    'closed-and-not-taken',
    {
      laters: [slow(accepts(''), 500), takes(0)],
      words: ['text one', 'text abc', 'close 4000 bye'],
    },
    ['upgraded', 'cut'],
    ['OPEN', 'TEXT one', 'TEXT abc, CLOSE 4000 bye'],
  ),
  turns(
    'closed-and-taken-by-half',
    {
      laters: [slow(accepts(''), 500), takes(5, closes(4100, 'so'))],
      words: ['text one', 'text abc', 'close 4000 bye'],
    },
    ['upgraded', 'cut'],
    ['OPEN', 'TEXT one', 'TEXT abc, CLOSE 4000 bye'],
  ),
  // [WOH-PUB-4] [WOH-FILTER-1] A close that its filter leaves out is none.
  ...(
    [
      ['second', ['upgraded', 'close 4005 so'], ['OPEN', 'CLOSE']],
      ['dropping', ['upgraded'], ['OPEN']],
      ['broken', ['upgraded'], ['OPEN']],
    ] as const
  ).map(([url, heard, told]) =>
    turns(
      `closed-behind-a-check-${url}`,
      {
        said: opens(
          control({ type: 'set-meta', name: 'url', value: url }),
          subscribes(`e-closed-behind-a-check-${url}`, { filters: ['http-check'] }),
        ),
        words: [],
        items: [
          {
            channel: `e-closed-behind-a-check-${url}`,
            formats: { 'ws-message': { action: 'close', code: 4005, reason: 'so' } },
          },
        ],
      },
      heard,
      told,
    ),
  ),
  turns(
    'closed-behind-words-to-be-filled',
    {
      said: opens(
        control({ type: 'set-meta', name: 'user', value: 'ann' }),
        subscribes('e-closed-behind-words', { filters: ['var-subst'] }),
      ),
      words: [],
      items: [
        [
          { channel: 'e-closed-behind-words', formats: message('for %(user)s') },
          {
            channel: 'e-closed-behind-words',
            formats: { 'ws-message': { action: 'close', code: 4005, reason: 'so' } },
          },
          { channel: 'e-closed-behind-words', formats: message('no') },
        ],
      ],
    },
    ['upgraded', 'text for ann', 'close 4005 so'],
    ['OPEN', 'CLOSE'],
  ),
  // [SOCKJS-10] [SOCKJS-12] Of those that wait for their origin one goes, and the others wait on.
  session(
    'page-that-is-held-and-left',
    { laters: [{ ...accepts(''), afterMs: 2_500 }] },
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_send ["a"]', 'ok'],
      [`POST ~/xhr_send ["${'b'.repeat(99_000)}"]`, 'ok'],
      [`POST ~/xhr_send ["${'c'.repeat(99_000)}"]`, 'ok'],
      [`POST ~/xhr_send ["${'d'.repeat(9_000)}"]`, 'ok'],
      ['POST ~/xhr_send ["e"]'],
      ['POST ~/xhr_send ["f"]', 'late ok'],
      ['leave one', 'left'],
      ['POST ~/xhr'],
      ['wait'],
      ['POST ~/xhr_send ["g"]', 'ok'],
    ],
    ...['OPEN', 'TEXT a', `${shown('b', 99_000)}, ${shown('c', 99_000)}`],
    ...[`${shown('d', 9_000)}, TEXT e, TEXT f`, 'TEXT g'],
  ),
  // [GRIP-HEAD-1] [GRIP-HEAD-4] [GRIP-REWRITE-6] What begins alike is another name.
  asks(
    'named-alike',
    {
      host: 'e.test',
      headers: [
        ['Grape', '1'],
        ['Grip', '2'],
        ['GRIP-', 'no'],
        ['gRIP-Sig', 'no'],
        ['Eb9bf0f6-X', '3'],
        ['EB9BF0F5-X', 'no'],
        ['Pushpin-Routes', '4'],
      ],
    },
    `200 OK || ${[
      'GET /e/named-alike',
      ...['cdn-loop: us', 'eb9bf0f6-x: 3', 'grape: 1', 'grip: 2', 'grip-feature: all'],
      ...['pushpin-routes: 4', 'x-forwarded-for: it', ''],
    ].join('\n')}`,
  ),
  asks(
    'answered-alike',
    {
      host: 'e.test',
      said: page('as it is\n', [
        ['Grape', '1'],
        ['Grip', '2'],
        ['Gripe-Hold', 'stream'],
      ]),
    },
    '200 OK | grape: 1 | grip: 2 | gripe-hold: stream || as it is\n',
  ),
  // [SOCKJS-5]
  session(
    'page-that-asks-in-other-ways',
    {},
    [
      ['POST ~/xhr', 'o\n'],
      ['POST ~/xhr_streaming', missing],
      ['GET ~/xhr', missing],
      ['GET ~/eventsource', missing],
      ['GET ~/htmlfile?c=x', missing],
      ['POST ~/jsonp?c=x', missing],
      ['GET ~/xhr_send', missing],
      ['PUT ~/xhr_send ["no"]', missing],
      ['GET ~/websocket', missing],
      ['POST /info', missing],
      ['GET /info/0', missing],
      ['GET /0/info', missing],
      ['GET /iframe.htm', missing],
      ['GET /iframe.html/0', missing],
      ['POST ~/xhr_send ["a"]', 'ok'],
    ],
    ...['OPEN', 'TEXT a'],
  ),
];
