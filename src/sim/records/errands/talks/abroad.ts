// Errands that are run at one node of a cluster, and told what is published at another: items of every kind, in their
// order, and once. Written from spec/hp-peer.md, "Relay", and spec/grip.md, "Order" to "Published answers".

import type { Header } from '../../scenes/scene.ts';
import { asks, type Errand, talks } from '../errand.ts';
import { page, stream } from '../links.ts';
import { accepts, control, opens, subscribes, text } from './events.ts';

interface Item {
  readonly channel?: string;
  readonly id?: string;
  readonly 'prev-id'?: string;
  readonly 'no-seq'?: boolean;
  readonly size?: number;
  readonly meta?: Readonly<Record<string, string>>;
}

const at = (name: string, formats: object, more: Item = {}): object => ({
  channel: `e-${name}`,
  ...more,
  formats,
});
const abroad = (...all: readonly object[]): object => ({ elsewhere: all });
const closing = { 'http-stream': { action: 'close' } };

/** What a stream hears of items from everywhere. */
function hears(
  name: string,
  items: readonly object[],
  heard: string,
  more: readonly Header[] = [],
  first: readonly object[] = FIRST,
): Errand {
  const said = page('', [['Grip-Hold', 'stream'], ['Grip-Channel', name], ...more]);
  const last = abroad(at(name, closing, { size: 1 }));
  return asks(
    name,
    { host: 'ed.test', said, items: [...first, ...items, last] },
    `200 OK || ${heard}`,
  );
}

/** A poll that is answered from another node. */
function answers(name: string, format: object, answer: string): Errand {
  const said = page('{"a":1}\n', [
    ['Grip-Hold', 'response'],
    ['Grip-Channel', name],
    ['X-A', '1'],
  ]);
  const items = [...FIRST, abroad(at(name, { 'http-response': format }))];
  return asks(name, { host: 'ed.test', said, items }, answer);
}

/** Others know by then what is wanted here, and no origin is asked about it any more. */
const FIRST: readonly object[] = [{ seconds: 2 }];
const followsBoth: readonly Header[] = [
  ['Grip-Hold', 'stream'],
  ['Grip-Channel', 'followed-in-both'],
  ['Grip-Link', '<followed-there?on>; rel=next'],
];
const LONG = 'ä'.repeat(200_000);

export const abroadErrands: readonly Errand[] = [
  // [HP-RELAY-6] [HP-RELAY-7] [GRIP-ORDER-5]
  hears(
    'from-abroad',
    [
      abroad(at('from-abroad', stream('a'), { id: '1' })),
      abroad(at('from-abroad', stream('no'), { id: '1' })),
      at('from-abroad', stream('no'), { id: '1' }),
      at('from-abroad', stream('b'), { id: '2' }),
      abroad(at('from-abroad', stream('no'), { id: '2' })),
      abroad(at('from-abroad', stream('c')), at('from-abroad', stream('d'))),
      abroad(at('from-abroad', { 'http-response': { body: 'no' } }, { id: '5' })),
      abroad(at('from-elsewhere', stream('no'))),
      abroad(at('from-abroad', { 'http-stream': { 'content-bin': '/wA=' } })),
      abroad(at('from-abroad', { 'http-stream': { action: 'hint' } })),
    ],
    'abcd\ufffd\0',
  ),
  // [GRIP-ORDER-1] [GRIP-ORDER-3] They are put in order where they are published.
  hears(
    'from-abroad-in-order',
    [
      abroad(
        at('from-abroad-in-order', stream('a'), { id: '1' }),
        at('from-abroad-in-order', stream('c'), { id: '3', 'prev-id': '2' }),
        at('from-abroad-in-order', stream('x'), { id: '9', 'prev-id': '8', 'no-seq': true }),
        at('from-abroad-in-order', stream('b'), { id: '2', 'prev-id': '1' }),
      ),
      abroad(at('from-abroad-in-order', stream('d'), { id: '4', 'prev-id': '3' })),
    ],
    'axbcd',
  ),
  // [HP-RELAY-10]
  hears(
    'from-abroad-at-length',
    [
      abroad(at('from-abroad-at-length', stream(LONG))),
      abroad(at('from-abroad-at-length', stream('end'))),
    ],
    `${'ä'.repeat(100)}… 200003 …${'ä'.repeat(97)}end`,
  ),
  // [GRIP-FILTER-1] [GRIP-FILTER-4]
  ...(['var-subst', 'skip-self'] as const).map((filter) =>
    asks(
      `from-abroad-by-${filter}`,
      {
        host: 'ed.test',
        said: page('', [
          ['Grip-Hold', 'stream'],
          ['Grip-Channel', `from-abroad-by-${filter}; filter=${filter}`],
          ['Grip-Set-Meta', 'user=ann'],
        ]),
        items: [
          ...FIRST,
          abroad(at(`from-abroad-by-${filter}`, stream('one '), { meta: { sender: 'ann' } })),
          abroad(at(`from-abroad-by-${filter}`, stream('two '), { meta: { sender: 'bob' } })),
          abroad(
            at(`from-abroad-by-${filter}`, {
              'http-stream': { content: 'for %(user)s', 'content-filters': ['var-subst'] },
            }),
          ),
          abroad(at(`from-abroad-by-${filter}`, closing)),
        ],
      },
      filter === 'var-subst'
        ? '200 OK || one two for ann'
        : '200 OK || two \n\ncontent filter mismatch: subscription= message=var-subst\n',
    ),
  ),
  // [GRIP-PUB-10] [GRIP-PUB-11] [GRIP-PUB-12]
  answers(
    'answered-from-abroad',
    {
      ...{ code: 201, reason: 'So', 'body-bin': '/wA=' },
      headers: [
        ['X-B', '1'],
        ['X-C', '2'],
        ['x-b', '3'],
        ['Grip-Expose-Headers', 'x-c'],
      ],
    },
    '201 So | x-a: 1 | x-b: 1 | x-b: 3 || \ufffd\0',
  ),
  answers(
    'patched-from-abroad',
    { 'body-patch': [{ op: 'add', path: '/b', value: [null, { $t: 'x' }] }] },
    '200 OK | x-a: 1 || {"a":1,"b":[null,{"$t":"x"}]}\n',
  ),
  answers('answered-from-abroad-with-nothing', { body: '' }, '200 OK | x-a: 1 || '),
  // [WOH-PUB-1] [WOH-PUB-4]
  talks(
    'ws-from-abroad',
    {
      said: opens(subscribes('e-ws-from-abroad')),
      words: [...['wait 2', ...Array.from({ length: 12 }, () => 'none')]],
      items: [
        ...FIRST,
        abroad(
          at('ws-from-abroad', { 'ws-message': { content: 'text' } }, { id: '1' }),
          at('ws-from-abroad', { 'ws-message': { content: 'no' } }, { id: '1' }),
          at('ws-from-abroad', { 'ws-message': { 'content-bin': 'eA==' } }),
          at('ws-from-abroad', { 'ws-message': { type: 'ping' } }),
          at('ws-from-abroad', { 'ws-message': { type: 'pong', content: 'p' } }),
          at('ws-from-abroad', stream('no')),
        ),
        at('ws-from-abroad', { 'ws-message': { content: 'from here' } }),
        abroad(
          at('ws-from-abroad', {
            'ws-message': { action: 'close', code: 4005, reason: 'enough' },
          }),
          at('ws-from-abroad', { 'ws-message': { content: 'no' } }),
        ),
      ],
    },
    ...([
      'upgraded',
      'text text',
      'binary x',
      'ping',
      'pong p',
      'text from here',
      'close 4005 enough',
    ] as const),
  ),
  // [WOH-PUB-6]
  talks(
    'ws-asked-from-abroad',
    {
      said: opens(
        subscribes('e-ws-asked-from-abroad'),
        control({ type: 'set-meta', name: 'user', value: 'ann' }),
        subscribes('e-ws-filled-from-abroad', { filters: ['var-subst'] }),
      ),
      laters: [accepts(text('asked'))],
      words: ['wait 2', 'none', 'none', 'none', 'none'],
      items: [
        ...FIRST,
        abroad(at('ws-asked-from-abroad', { 'ws-message': { action: 'refresh' } })),
        abroad(at('ws-filled-from-abroad', { 'ws-message': { content: 'for %(user)s' } })),
      ],
    },
    ...(['upgraded', 'text asked', 'text for ann'] as const),
  ),
  // [HP-RELAY-7] [GRIP-NEXT-5] Who follows here hears it once, and who follows there, too; the first one there asks anew.
  hears(
    'followed-in-both',
    [
      abroad(at('followed-in-both', stream('a'))),
      at('followed-in-both', stream('b')),
      abroad(at('followed-in-both', stream('c'), { id: '1' })),
      at('followed-in-both', stream('d'), { id: '2' }),
      abroad(at('followed-in-both', stream('no'), { id: '2' })),
    ],
    'abcd',
    [],
    [{ errand: 'followed-there' }, { seconds: 3 }],
  ),
  {
    ...asks(
      'followed-there',
      {
        host: 'ed.test',
        said: page('', followsBoth),
        later: page('asked\n', followsBoth),
        isOverheard: true,
      },
      '200 OK || asked\nabcd // GET /e/followed-there / GET /e/followed-there?on',
    ),
    ...{ isPart: true, isAbroad: true },
  },
  // [GRIP-STATS-1] [GRIP-STATS-2] A node tells of those who follow there.
  {
    ...hears(
      'noticed-from-abroad',
      [
        abroad(at('noticed-from-abroad', stream('a'), { id: '1', size: 11 })),
        at('noticed-from-abroad', stream('b'), { id: '2', size: 10 }),
      ],
      'ab',
    ),
    noticed: [
      'follows stream 1',
      'http-stream 1 to 1 in 2 blocks',
      'http-stream 2 to 1 in 1 blocks',
      'http-stream no id to 1 in 1 blocks',
      'follows stream 0',
    ],
  },
];
