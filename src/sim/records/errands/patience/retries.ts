// Errands at origins that cannot be had: how often they are asked again and when, what waits meanwhile, and how it ends.
// Written from spec/grip.md, "Next links", and spec/websocket-over-http.md, "Keep-alive" to "Retries".

import type { Header } from '../../scenes/scene.ts';
import { asks, type Errand, type Said, talks } from '../errand.ts';
import { page, stream } from '../links.ts';
import { accepts, closes, event, opens, slow, text } from '../talks/events.ts';
import { timed, type TimedWords } from './timed.ts';

interface Vain {
  readonly said?: Said;
  readonly laters?: readonly Said[];
  readonly later?: Said;
  readonly words: readonly string[];
  readonly isMute?: boolean;
  readonly listensMs?: number;
}

function talksOn(
  name: string,
  what: Vain,
  heard: readonly TimedWords[],
  told: readonly TimedWords[],
): Errand {
  const defined = { said: opens(), ...what, isOverheard: true, isTimed: true };
  return talks(name, defined, timed(heard, told));
}

/** A stream that hears what its link leads to. */
function links(
  name: string,
  headers: readonly Header[],
  what: Partial<Extract<Errand, { readonly to: 'door' }>>,
  heard: TimedWords,
  told: readonly TimedWords[],
): Errand {
  const said = page('first\n', headers);
  return asks(
    name,
    { host: 'ed.test', said, ...what, isOverheard: true, isTimed: true },
    timed([heard], told),
  );
}

const refused: Said = { ...accepts(''), fails: { why: 'refused', wasSent: false } };
const unreachable: Said = { ...accepts(''), fails: { why: 'connectTimeout', wasSent: false } };
const broken: Said = { ...accepts(''), fails: { why: 'broken', wasSent: true } };
const failing: Said = { status: 500, headers: [], body: 'no\n' };
const every = (seconds: number | string, said: Said = accepts('')): Said => ({
  ...said,
  headers: [...said.headers, ['Keep-Alive-Interval', String(seconds)]],
});
/** Again and again, each time after so long. */
const again = (words: string, ...seconds: readonly number[]): readonly TimedWords[] =>
  seconds.map((one) => [one, words, one + 1]);

/** Follows its own channel, and the link leads to itself. */
const held = (name: string, ...more: readonly Header[]): readonly Header[] => [
  ['Grip-Hold', 'stream'],
  ['Grip-Channel', name],
  ...more,
];
const linkTo = (name: string, more = ''): Header => ['Grip-Link', `<${name}?on>; rel=next${more}`];

const VAIN = 'link-in-vain';
const LATE = 'link-that-comes-late';
const OFF = 'link-put-off';
const LONG = 'link-in-two-minutes';

export const retryErrands: readonly Errand[] = [
  // [GRIP-NEXT-7]
  links(
    VAIN,
    [linkTo(VAIN)],
    { later: failing },
    [31, '200 OK || first\n\n\nFailed to retrieve next link.\n', 36],
    [
      [0, `GET /e/${VAIN}`],
      [0, `GET /e/${VAIN}?on`],
      ...again(`GET /e/${VAIN}?on`, 1, 2, 4, 8, 16),
    ],
  ),
  // What is published while a link is asked for in vain waits for its answer, and each link has its own five times.
  links(
    LATE,
    held(LATE, linkTo(LATE, '; timeout=5')),
    {
      laters: [
        page('one\n', held(LATE, linkTo(LATE, '; timeout=5'))),
        failing,
        broken,
        refused,
        { ...page('half', []), isBroken: true },
        page('two\n', held(LATE, linkTo(LATE, '; timeout=5'))),
        failing,
        page('end\n', []),
      ],
      items: [{ seconds: 7 }, { channel: `e-${LATE}`, formats: stream('item\n') }],
    },
    [28, '200 OK || first\none\ntwo\nitem\nend\n', 35],
    [[0, `GET /e/${LATE}`], ...again(`GET /e/${LATE}?on`, 1, 5, 1, 2, 4, 8, 5, 1)],
  ),
  // [GRIP-NEXT-4]
  links(
    OFF,
    held(OFF, linkTo(OFF, '; timeout=4')),
    {
      laters: [
        page('one\n', held(OFF, linkTo(OFF, '; timeout=4'))),
        page('two\n', held(OFF, linkTo(OFF, '; timeout=3'))),
        page('end\n', []),
      ],
      items: [{ seconds: 3 }, { channel: `e-${OFF}`, formats: stream('item\n') }],
    },
    [10, '200 OK || first\none\nitem\ntwo\nend\n', 12],
    [
      [0, `GET /e/${OFF}`],
      [1, `GET /e/${OFF}?on`, 2],
      [5, `GET /e/${OFF}?on`, 7],
      [3, `GET /e/${OFF}?on`, 4],
    ],
  ),
  links(
    LONG,
    [['Grip-Hold', 'stream'], linkTo(LONG)],
    { later: page('end\n', []) },
    [120, '200 OK || first\nend\n', 121],
    [
      [0, `GET /e/${LONG}`],
      [120, `GET /e/${LONG}?on`, 121],
    ],
  ),
  // [WOH-RETRY-1] [WOH-RETRY-2]
  talksOn(
    'asked-in-vain',
    { later: refused, words: ['text one', 'wait 1', 'text two', 'wait 38'] },
    [
      [0, 'upgraded'],
      [31, 'cut', 37],
    ],
    [[0, 'OPEN'], [0, 'TEXT one'], ...again('TEXT one', 1, 2, 4, 8, 16)],
  ),
  talksOn(
    'asked-in-vain-twice',
    {
      laters: [refused, unreachable, accepts(text('one')), refused, accepts(text('two'))],
      words: ['text one', 'wait 6', 'text two', 'wait 3'],
    },
    [
      [0, 'upgraded'],
      [3, 'text one', 5],
      [2, 'text two', 6],
    ],
    [
      [0, 'OPEN'],
      [0, 'TEXT one'],
      ...again('TEXT one', 1, 2),
      [1, 'TEXT two', 4],
      ...again('TEXT two', 1),
      [0, 'DISCONNECT', 3],
    ],
  ),
  // [WOH-KEEP-1] [WOH-KEEP-2]
  talksOn(
    'asked-when-quiet',
    {
      said: every(5, opens()),
      laters: [accepts(''), every(25, accepts(text('well'))), accepts(''), every(0)],
      words: ['wait 10', 'text one', 'wait 100', 'text two'],
    },
    [
      [0, 'upgraded'],
      [30, 'text well', 31],
    ],
    [
      [0, 'OPEN'],
      [10, 'TEXT one'],
      [20, ''],
      [25, ''],
      [25, ''],
      [30, 'TEXT two', 31],
      [0, 'DISCONNECT', 1],
    ],
  ),
  talksOn(
    'asked-when-quiet-no-more',
    {
      said: every('some', opens()),
      laters: [every(-3), every('')],
      words: ['wait 25', 'text one', 'text two', 'wait 25'],
    },
    [[0, 'upgraded']],
    [
      [0, 'OPEN'],
      [25, 'TEXT one'],
      [0, 'TEXT two'],
      [25, 'DISCONNECT', 26],
    ],
  ),
  // [WOH-OPEN-10]
  talksOn(
    'opened-later',
    {
      said: every(1),
      laters: [accepts(''), opens(text('hi')), accepts('')],
      words: ['wait 42', 'text one', 'wait 25'],
    },
    [
      [40, 'upgraded', 41],
      [0, 'text hi'],
    ],
    [
      [0, 'OPEN'],
      [20, 'OPEN'],
      [20, 'OPEN'],
      [1, 'TEXT one', 2],
      [20, ''],
      [4, 'DISCONNECT', 6],
    ],
  ),
  // [WOH-KEEP-3]
  talksOn(
    'closed-later',
    {
      said: every(20, opens()),
      laters: [accepts(text('wait')), accepts(''), accepts(closes(4100, 'so'))],
      words: ['close 4000 bye', 'wait 45'],
    },
    [
      [0, 'upgraded'],
      [0, 'text wait'],
      [40, 'close 4100 so', 41],
    ],
    [
      [0, 'OPEN'],
      [0, 'CLOSE 4000 bye'],
      [20, 'CLOSE 4000 bye'],
      [20, 'CLOSE 4000 bye'],
    ],
  ),
  // [WOH-CLOSE-5]
  talksOn(
    'closed-and-not-heard',
    { laters: [accepts(closes(4100, 'so'))], words: ['text one', 'wait 5'], isMute: true },
    [
      [0, 'upgraded'],
      [0, 'close 4100 so'],
      [3, 'cut'],
    ],
    [
      [0, 'OPEN'],
      [0, 'TEXT one'],
      [3, 'CLOSE 4100 so'],
    ],
  ),
  // [WOH-CLOSE-4]
  talksOn(
    'gone-and-not-heard',
    {
      laters: [slow(accepts(''), 122_000)],
      words: ['text one', 'cut'],
      listensMs: 124_000,
    },
    [[0, 'upgraded']],
    [
      [0, 'OPEN'],
      [0, 'TEXT one'],
    ],
  ),
  talksOn(
    'gone-and-heard-late',
    {
      laters: [slow(accepts(''), 118_000)],
      words: ['text one', 'cut'],
      listensMs: 121_000,
    },
    [[0, 'upgraded']],
    [
      [0, 'OPEN'],
      [0, 'TEXT one'],
      [118, 'DISCONNECT'],
    ],
  ),
  // [WOH-REQ-9] [WOH-KEEP-1]
  talksOn(
    'taken-when-quiet',
    {
      said: every(20, opens()),
      laters: [accepts(event('PONG', 'p'), [['Content-Bytes-Accepted', '1']]), accepts('')],
      words: ['text one', 'wait 22'],
    },
    [
      [0, 'upgraded'],
      [0, 'pong p'],
    ],
    [
      [0, 'OPEN'],
      [0, 'TEXT one'],
      [20, 'TEXT ne | content-bytes-replayed: 2'],
      [1, 'DISCONNECT', 2],
    ],
  ),
];
