// Errands of which an operator is told: who follows a channel, what goes to how many in how many blocks, who comes, speaks
// and goes. Written from spec/grip.md, "Stats"; the options count blocks of ten bytes.

import { asks, type Errand, talks } from '../errand.ts';
import { end, page, stream } from '../links.ts';
import { control, opens, subscribes } from '../talks/events.ts';

const item = (channel: string, more: object, formats: object): object => ({
  channel: `e-${channel}`,
  ...more,
  formats,
});

export const noticeErrands: readonly Errand[] = [
  // [GRIP-STATS-1] [GRIP-STATS-2] [GRIP-STATS-4]
  {
    ...asks(
      'noticed-stream',
      {
        host: 'ed.test',
        said: page('', [
          ['Grip-Hold', 'stream'],
          ['Grip-Channel', 'noticed-stream'],
        ]),
        items: [
          item('noticed-stream', { id: '1', size: 11 }, stream('a')),
          item('noticed-stream', { id: '1' }, stream('no')),
          item('noticed-stream', { size: 20 }, { ...stream('b'), 'http-response': { body: 'no' } }),
          item('noticed-stream', { id: '3', size: 21 }, stream('c')),
          item('noticed-stream', { id: '4', size: 0 }, stream('d')),
          item('noticed-stream', { size: 5 }, { 'ws-message': { content: 'no' } }),
          item('noticed-stream', { id: '6', size: 1 }, stream('e'.repeat(20))),
          item('noticed-stream', { id: '7', size: 10 }, end),
        ],
      },
      `200 OK || abcd${'e'.repeat(20)}`,
    ),
    noticed: [
      'follows stream 1',
      'http-stream 1 to 1 in 2 blocks',
      'http-stream no id to 1 in 2 blocks',
      'http-stream 3 to 1 in 3 blocks',
      'http-stream 4 to 1 in 1 blocks',
      'http-stream 6 to 1 in 1 blocks',
      'http-stream 7 to 1 in 1 blocks',
      'follows stream 0',
    ],
  },
  {
    ...asks(
      'noticed-poll',
      {
        host: 'ed.test',
        said: page('', [
          ['Grip-Hold', 'response'],
          ['Grip-Channel', 'noticed-poll'],
        ]),
        items: [
          item('noticed-poll', { id: '1', size: 11 }, { 'http-response': { body: 'x' } }),
          item('noticed-poll', { id: '2' }, { 'http-response': { body: 'no' } }),
        ],
      },
      '200 OK || x',
    ),
    noticed: ['follows response 1', 'http-response 1 to 1 in 2 blocks', 'follows response 0'],
  },
  {
    ...talks(
      'noticed-ws',
      {
        said: opens(
          control({ type: 'subscribe', channel: 'e-noticed-ws', filters: ['skip-self'] }),
          subscribes('e-noticed-ws'),
        ),
        words: ['none', 'none', 'none', 'none', 'cut'],
        items: [
          item('noticed-ws', { id: 'a', size: 10 }, { 'ws-message': { content: 'x' } }),
          item('noticed-ws', { id: 'a' }, { 'ws-message': { content: 'no' } }),
        ],
      },
      'upgraded',
      'text x',
    ),
    noticed: ['follows ws 1', 'ws-message a to 1 in 1 blocks', 'follows ws 0'],
  },
  // [GRIP-STATS-3]
  {
    ...asks('noticed-request', { host: 'n1.test' }, /^200 OK \|\| GET \/e\/noticed-request\n/),
    noticed: ['http comes', 'goes'],
  },
  {
    ...talks(
      'noticed-socket',
      {
        ...{ host: 'n2.test', headers: [['X-Forwarded-Proto', 'wss']] },
        said: opens(),
        words: ['text a', 'text b', 'cut'],
      },
      'upgraded',
    ),
    noticed: ['secure ws comes', 'goes'],
  },
];

/** [GRIP-STATS-7] Of each minute in which the client spoke. */
export const activityErrand: Errand = {
  ...talks(
    'noticed-activity',
    {
      host: 'n3.test',
      said: opens(),
      words: [
        ...['wait 30', 'text a', 'text b', 'wait 35', 'ping p', 'text c', 'wait 50', 'text d'],
        ...['wait 5', 'text e', 'cut'],
      ],
    },
    'upgraded',
  ),
  noticed: ['ws comes', 'is active 1', 'is active 1', 'goes'],
};
