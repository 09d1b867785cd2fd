// Errands in whose midst a thread dies: the first of two, where all channels of the gateway have their home, or the other.
// What may have died with it is asked for, though somebody is just being asked; and a command is answered, though nobody
// knows. Whoever sits on the thread itself is cut, and no more is wanted then.
// Written from spec/grip.md, "Next links" to "Positions" and "Commands".

import type { Header } from '../../scenes/scene.ts';
import { asks, type Errand, type Said } from '../errand.ts';
import { page, stream } from '../links.ts';
import { slow } from '../talks/events.ts';
import { timed, type TimedWords } from './timed.ts';

const DIES = { death: 0 };

/** Of a hold on its own channel. */
function held(name: string, mode: 'response' | 'stream', filter = ''): readonly Header[] {
  return [
    ['Grip-Hold', mode],
    ['Grip-Channel', `${name}${filter}`],
    ['Grip-Timeout', '9'],
    ...(mode === 'stream' ? [['Grip-Link', `<${name}?on>; rel=next`] as const] : []),
    ['Grip-Set-Meta', `url="${name}?check"`],
  ];
}

interface Lives {
  readonly said: Said;
  readonly laters: readonly Said[];
  readonly items: readonly object[];
}

function lives(name: string, what: Lives, heard: TimedWords, told: readonly TimedWords[]): Errand {
  const all = { host: 'ed.test', ...what, isOverheard: true, isTimed: true };
  const { source } = timed([heard], told);
  return asks(name, all, new RegExp(String.raw`^\+\d reset \/\/ |${source}`));
}

const POLL = 'poll-that-asks-at-a-death';
const QUIET = 'poll-that-hears-of-a-death';
const STREAM = 'stream-that-hears-of-a-death';
const FILTER = 'stream-that-asks-at-a-death';
const hint = (name: string): object => ({
  channel: `e-${name}`,
  formats: { 'http-response': { action: 'hint' } },
});
const poll = (name: string): Said => page('not this\n', held(name, 'response'));
const last = page('at last\n', []);

export const mortalErrands: readonly Errand[] = [
  // [GRIP-LOAD-1] Its own question may have been answered before.
  lives(
    POLL,
    {
      said: poll(POLL),
      laters: [poll(POLL), slow(poll(POLL), 2_500), last],
      items: [{ seconds: 2 }, hint(POLL), DIES],
    },
    [4, '200 OK || at last\n', 5],
    [
      [0, `GET /e/${POLL}`],
      [1, `GET /e/${POLL}`, 2],
      [1, `GET /e/${POLL}`, 2],
      [2, `GET /e/${POLL}`],
    ],
  ),
  lives(
    QUIET,
    { said: poll(QUIET), laters: [poll(QUIET), last], items: [{ seconds: 3 }, DIES] },
    [3, '200 OK || at last\n'],
    [
      [0, `GET /e/${QUIET}`],
      [1, `GET /e/${QUIET}`, 2],
      [2, `GET /e/${QUIET}`],
    ],
  ),
  lives(
    STREAM,
    {
      said: page('first\n', held(STREAM, 'stream')),
      laters: [page('second\n', held(STREAM, 'stream')), last],
      items: [{ seconds: 3 }, DIES],
    },
    [3, '200 OK || first\nsecond\nat last\n'],
    [
      [0, `GET /e/${STREAM}`],
      [1, `GET /e/${STREAM}?on`, 2],
      [2, `GET /e/${STREAM}?on`],
    ],
  ),
  // [GRIP-FILTER-8] A filter asks meanwhile.
  lives(
    FILTER,
    {
      said: page('first\n', held(FILTER, 'stream', '; filter=http-check')),
      laters: [
        page('second\n', held(FILTER, 'stream', '; filter=http-check')),
        slow(page('', []), 2_500),
        last,
      ],
      items: [{ seconds: 2 }, { channel: `e-${FILTER}`, formats: stream('checked\n') }, DIES],
    },
    [4, '200 OK || first\nsecond\nchecked\nat last\n', 5],
    [
      [0, `GET /e/${FILTER}`],
      [1, `GET /e/${FILTER}?on`, 2],
      [1, `POST /e/${FILTER}?check`, 2],
      [2, `GET /e/${FILTER}?on`],
    ],
  ),
  // [GRIP-CMD-3] [GRIP-CMD-5] It comes last: a thread is away for long.
  asks(
    'command-nobody-hears',
    {
      host: 'ed.test',
      said: page('well\n', []),
      items: [
        { death: 1, ms: 14_000 },
        { errand: 'command-check-nobody-hears' },
        { errand: 'command-refresh-nobody-hears' },
      ],
    },
    '200 OK || well\n',
  ),
  {
    ...{ name: 'command-check-nobody-hears', to: 'command', isPart: true },
    fields: { id: '1', method: 'conncheck', args: { ids: ['0:1'] } },
    answer: { id: '1', success: false, condition: 'proxy-request-failed' },
  },
  {
    ...{ name: 'command-refresh-nobody-hears', to: 'command', isPart: true },
    fields: { id: '2', method: 'refresh', args: { cid: 'nobody' } },
    answer: { id: '2', success: false, condition: 'timeout' },
  },
];
