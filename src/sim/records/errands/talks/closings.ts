// Errands of WebSockets over HTTP that end: by their client, by their origin, by whoever publishes, or by none of them.
// Written from spec/websocket-over-http.md, "Closing" to "Publishing".

import type { Errand } from '../errand.ts';
import { accepts, closes, control, opens, slow, subscribes, text, turns } from './events.ts';

export const closingErrands: readonly Errand[] = [
  // [WOH-CLOSE-1] [WOH-CLOSE-2]
  turns(
    'closed-behind-words',
    {
      laters: [
        slow(accepts(''), 300),
        accepts(`${text('last')}${closes(4100, 'so')}${text('no')}`),
      ],
      words: ['text one', 'close 4000 bye', 'text never'],
    },
    ['upgraded', 'text last', 'close 4100 so'],
    ['OPEN', 'TEXT one', 'CLOSE 4000 bye'],
  ),
  turns(
    'closed-in-one-request',
    {
      laters: [slow(accepts(''), 500), accepts('CLOSE\r\n')],
      words: ['text one', 'text two', 'close 4000 bye'],
    },
    ['upgraded', 'close 1000'],
    ['OPEN', 'TEXT one', 'TEXT two, CLOSE 4000 bye'],
  ),
  turns(
    'closed-one-by-one',
    {
      host: 'ew1.test',
      laters: [slow(accepts(''), 500), accepts(''), accepts(closes(4100, ''))],
      words: ['text one', 'text two', 'close 4000'],
    },
    ['upgraded', 'close 4100'],
    ['OPEN', 'TEXT one', 'TEXT two', 'CLOSE 4000'],
  ),
  turns(
    'closed-without-a-code',
    { laters: [accepts(closes(4100, 'so'))], words: ['close 1005'] },
    ['upgraded', 'close 4100 so'],
    ['OPEN', 'CLOSE'],
  ),
  // [WOH-CLOSE-3]
  turns(
    'closed-and-not-answered',
    { laters: [accepts('')], words: ['close 4000 bye'] },
    ['upgraded', 'cut'],
    ['OPEN', 'CLOSE 4000 bye'],
  ),
  // [WOH-CLOSE-5]
  turns(
    'closed-by-its-origin',
    { laters: [accepts(`${text('last')}${closes(4100, 'so')}${text('no')}`)], words: ['text one'] },
    ['upgraded', 'text last', 'close 4100 so'],
    ['OPEN', 'TEXT one', 'CLOSE 4100 so'],
  ),
  // [WOH-CLOSE-7]
  turns(
    'cut-by-its-origin',
    {
      laters: [accepts(`DISCONNECT\r\n${text('no')}`)],
      words: ['text one', 'text two'],
    },
    ['upgraded', 'cut'],
    ['OPEN', 'TEXT one'],
  ),
  // [WOH-CLOSE-4] [WOH-REQ-11]
  turns(
    'gone-meanwhile',
    { laters: [slow(accepts(text('late')), 600)], words: ['text one', 'text two', 'cut'] },
    ['upgraded'],
    ['OPEN', 'TEXT one', 'DISCONNECT'],
  ),
  // [WOH-OPEN-13]
  turns(
    'gone-while-opening',
    { said: slow(opens(), 400), words: ['cut'], isHasty: true },
    [''],
    ['OPEN', 'DISCONNECT'],
  ),
  turns(
    'gone-while-refused',
    { said: slow({ status: 403, headers: [], body: 'no' }, 400), words: ['cut'], isHasty: true },
    [''],
    ['OPEN'],
  ),
  turns(
    'gone-while-sent-away',
    { said: slow(accepts('OPEN\r\nDISCONNECT\r\n'), 400), words: ['cut'], isHasty: true },
    [''],
    ['OPEN'],
  ),
  // [WOH-GRIP-13] [WOH-GRIP-14]
  turns(
    'given-up',
    {
      said: opens(subscribes('given-up')),
      laters: [
        accepts(`${control({ type: 'detach' })}${text('behind')}`),
        accepts(closes(4009, 'no')),
      ],
      words: ['text one', 'text unheard', 'ping unheard'],
      items: [
        { channel: 'given-up', formats: { 'ws-message': { content: 'still' } } },
        { channel: 'given-up', formats: { 'ws-message': { action: 'refresh' } } },
      ],
    },
    ['upgraded', 'text behind', 'text still'],
    ['OPEN', 'TEXT one', 'CLOSE'],
  ),
  // [WOH-PUB-4]
  turns(
    'closed-by-a-publisher',
    {
      said: opens(subscribes('closed-by-a-publisher')),
      words: ['text one'],
      items: [
        [
          {
            channel: 'closed-by-a-publisher',
            formats: { 'ws-message': { action: 'close', code: 4005, reason: 'enough' } },
          },
          { channel: 'closed-by-a-publisher', formats: { 'ws-message': { content: 'no' } } },
        ],
      ],
    },
    ['upgraded', 'close 4005 enough'],
    ['OPEN', 'TEXT one', 'CLOSE'],
  ),
  // [WOH-GRIP-17]
  turns(
    'closed-for-its-filters',
    {
      said: opens(text('first'), subscribes('six', { filters: '123456'.split('') }), text('no')),
      words: [],
    },
    ['upgraded', 'text first', 'close 1011'],
    ['OPEN', 'CLOSE'],
  ),
  // [WOH-PUB-4] A reason is as long as a frame lets it, and ends between two letters.
  turns(
    'closed-at-length',
    {
      said: opens(subscribes('closed-at-length')),
      words: [],
      items: [
        {
          channel: 'closed-at-length',
          formats: { 'ws-message': { action: 'close', code: 4100, reason: 'ä'.repeat(100) } },
        },
      ],
    },
    ['upgraded', `close 4100 ${'ä'.repeat(61)}`],
    ['OPEN', 'CLOSE'],
  ),
];
