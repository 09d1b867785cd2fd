// The judges of scenes are judged: where a client hears what the spec says they say nothing, and each planted lie is
// found by the property that is there to find it. What is heard is written by hand.

import { describe, expect, test } from 'vitest';

import { sceneInvariants } from '../../src/sim/invariants/gateway/scenes/scenes.ts';
import {
  type Act,
  type ItemPlan,
  PATCHED_BODY,
  patches,
  type Scene,
  type Told,
} from '../../src/sim/records/scenes/scene.ts';
import { judgeTrace } from '../../src/sim/simulate.ts';
import type { TraceEvent, TraceRecord } from '../../src/sim/trace.ts';

type Written = Readonly<Record<string, unknown>> & { readonly kind: TraceRecord['kind'] };

const me = { node: 0, client: 1, connection: 11 };
const item: ItemPlan = {
  action: 'send',
  text: 'i1',
  isBinary: false,
  id: undefined,
  prevId: undefined,
  isNoSeq: false,
  meta: [],
  isForIt: true,
  code: 0,
  reason: '',
  headers: [],
  areHeadersListed: false,
  patch: undefined,
  kind: undefined,
  contentFilters: undefined,
};
const plain: Scene = {
  shape: 'plain',
  route: 'plain',
  asked: { method: 'GET', headers: [['X-A', '1']], bodyBytes: 0 },
  said: {
    status: undefined,
    reason: '',
    headers: [['X-B', '2']],
    exposed: [],
    body: '-b\n',
    padBytes: 0,
  },
  isJson: false,
  flaw: undefined,
  channels: 1,
  filters: [],
  meta: [],
  timeoutS: 5,
  alive: undefined,
  next: undefined,
  opening: [],
  wordPrefix: 'm:',
  way: 'http',
  acts: [],
  lastsMs: 600,
};
const publishes = (more: Partial<ItemPlan> = {}): Act => ({
  atMs: 310,
  deed: { does: 'publish', channel: 0, item: { ...item, ...more } },
});
const poll: Scene = { ...plain, shape: 'poll', acts: [publishes()] };
const stream: Scene = { ...plain, shape: 'stream', acts: [publishes()] };
const socket: Scene = {
  ...plain,
  shape: 'socket',
  opening: [{ tells: 'control', control: { type: 'subscribe', channel: 0, filters: [] } }],
  acts: [publishes()],
};

const set = (more: object = {}): Written => ({
  kind: 'stageSet',
  limits: {
    messageWaitMs: 500,
    subscriptionsMax: 20,
    keptBytesMax: 100,
    isUpdating: false,
    forwardedFor: [],
    ...more,
  },
});
const began = (scene: Scene): Written => ({ kind: 'sceneBegan', number: 0, scene, ...me });
const acted = (atMs: number, act = 0): Written => ({ kind: 'sceneActed', act, atMs, ...me });
const heard = (atMs: number, sound: string): Written => ({
  kind: 'sceneHeard',
  sound,
  atMs,
  ...me,
});
const asked = (atMs: number, words = QUESTION, purpose = 'request'): Written => ({
  kind: 'sceneAsked',
  purpose,
  words,
  atMs,
  ...me,
});
const ended = (atMs: number): Written => ({ kind: 'sceneEnded', atMs, ...me });

const FEATURES =
  'grip-feature: status, session, link:next, link:gone, filter:skip-self, filter:skip-users, filter:require-sub, ' +
  'filter:build-id, filter:var-subst, filter:http-check, filter:http-modify';
const QUESTION = `GET /scene?n=1&s=0, 0 bytes | ${FEATURES} | host: x.test | x-a: 1`;
const NEXT = 'GET /next, 0 bytes';
const EVENTS = 'application/websocket-events';
const events = (what: string, isFirst = false): string =>
  `${what} | accept: ${EVENTS} | content-type: ${EVENTS} | ${FEATURES}${isFirst ? '' : ' | meta-colour: red'} | x-a: 1`;

const answer = 'answer 200 OK | x-b: 2 || -b\n';
const published = 'answer 200 OK | x-b: 2 || i1\n';
const head = 'stream 200 OK | x-b: 2';
const begun = [heard(20, head), heard(21, 'line -b')];
const upgraded = [asked(5, events('OPEN', true), 'events'), heard(20, 'upgraded x-b: 2')];
const leaves: Scene = {
  ...socket,
  acts: [{ atMs: 310, deed: { does: 'leave', code: 4_003, reason: 'bye' } }],
};
const quiet = (atMs: number): Written => ({ kind: 'quiet', atMs });
const page: Scene = { ...socket, via: 'xhr' };
const come = [asked(5, events('OPEN', true), 'events'), heard(20, 'upgraded')];
const says = (...told: Told[]): Scene => ({
  ...socket,
  acts: [{ atMs: 310, deed: { does: 'say', kind: 'text', answer: told, isHalfTaken: false } }],
});
const next: Scene = {
  ...stream,
  acts: [],
  next: { timeoutS: 2, answers: [true, true], isBehind: false },
};
const placed: Scene = {
  ...{ ...poll, isPlaced: true },
  acts: [
    publishes({ id: '1', prevId: '0', isForIt: false }),
    publishes({ id: '2', prevId: '1', action: 'hint' }),
  ],
};
const LAST = 'grip-last: s1-0-0; last-id=2';
const forwarded: Scene = {
  ...plain,
  asked: { ...plain.asked, headers: [['X-Forwarded-For', '192.0.2.1, 192.0.2.2']] },
};
const alive: Scene = {
  ...stream,
  alive: { text: '~alive', format: 'raw', timeoutS: 2, isInterval: false },
};

/** What the origin says later, and an item that waits for another one in vain. */
const overdue: Scene = {
  ...socket,
  acts: [
    ...says({
      tells: 'control',
      control: { type: 'send-delayed', text: 'later', kind: 'ping', timeoutS: 1 },
    }).acts,
    publishes({ id: '1' }),
    publishes({ id: '3', prevId: '2', text: 'i3' }),
  ],
};
const overdueBegun = [
  ...[...upgraded, acted(310), asked(315, events('TEXT w0'), 'events')],
  ...[acted(620, 1), heard(630, 'text i1'), acted(930, 2), heard(1_315, 'ping later')],
];
const keepAlive = { type: 'keep-alive', isBinary: false, timeoutS: 2, isInterval: false } as const;
/** The same where nobody hears it, but for the keep-alive that it puts off. */
const unheard: Scene = {
  ...page,
  opening: [
    ...socket.opening,
    {
      tells: 'control',
      control: { ...keepAlive, text: '~a', kind: 'text' },
    },
  ],
  acts: [publishes({ kind: 'ping', id: '1' }), publishes({ kind: 'ping', id: '3', prevId: '2' })],
};
/** It is kept alive, and closed. */
const closed: Scene = { ...unheard, acts: [publishes({ action: 'close', code: 4_001 })] };
/** Its end waits for a link that cannot be had. */
const endsLater: Scene = {
  ...alive,
  acts: [publishes({ action: 'close' })],
  next: { timeoutS: 2, answers: [false, true], isBehind: false },
};

/** An origin that has encoded what it said, and a publisher that says something else, or changes it. */
const encoded = (more: Partial<ItemPlan> = {}): Scene => ({
  ...poll,
  said: { ...poll.said, headers: [['Content-Encoding', 'x']], body: PATCHED_BODY },
  acts: [publishes(more)],
});
const PATCHED = `answer 200 OK | content-encoding: x || ${patches[0]?.body ?? ''}`;
const unfollows: Told = { tells: 'control', control: { type: 'unsubscribe', channel: 0 } };
/** A reader who leaves, and comes back; what was published meanwhile is published again. */
const returning: Scene = {
  ...socket,
  acts: [
    ...says(unfollows).acts,
    publishes({ id: '1' }),
    ...says(...socket.opening).acts,
    publishes({ id: '1' }),
    publishes({ id: '3', prevId: '2', text: 'i3' }),
  ],
};
const returned = [
  ...[...upgraded, acted(310), asked(315, events('TEXT w0'), 'events'), acted(620, 1)],
  ...[acted(930, 2), asked(935, events('TEXT w2'), 'events'), acted(1_240, 3)],
];
const lastWords: Scene = {
  ...says(...['one', 'two'].map((text): Told => ({ tells: 'message', kind: 'text', text })), {
    tells: 'close',
    code: 4_002,
    reason: 'so',
  }),
  via: 'xhr',
};
const lastHeard = [...come, acted(310), asked(315, events('TEXT w0'), 'events')];
const chained: Scene = {
  ...poll,
  filters: ['var-subst', 'build-id', 'http-modify'],
  meta: [
    ['user', 'ann'],
    ['id_format', 'x'],
    ['url', '/filter'],
  ],
  acts: [publishes({ text: '%(user)s %%I' })],
};
/** It is no longer quiet. */
const refreshed: Scene = { ...next, acts: [publishes({ action: 'refresh' })] };

const history = (...records: Written[]): TraceEvent[] =>
  records.map((record, seq) => {
    const { atMs = 0 } = record as { readonly atMs?: number };
    return { cause: -1, ...record, seq, at: atMs * 1_000 } as unknown as TraceEvent;
  });

const clean: Readonly<Record<string, readonly Written[]>> = {
  'an answer': [set(), began(plain), asked(5), heard(10, answer), ended(11)],
  'a sign of life that was on its way as the end came': [
    ...[set(), began(closed), ...come, acted(310), heard(320, 'text ~a')],
    ...[heard(330, 'close 4001'), asked(335, events('CLOSE'), 'events'), ended(340)],
  ],
  'an answer of the gateway’s own': [
    ...[set(), began({ ...plain, flaw: 'no JSON' }), asked(5)],
    heard(
      10,
      'answer 502 Bad Gateway | content-type: text/plain || Error while proxying to origin.\n',
    ),
  ],
  'a poll that is answered by an item': [
    ...[set(), began(poll), asked(5), acted(310), heard(320, published), ended(321)],
  ],
  'a poll whose time is up, behind an item that closes': [
    ...[set(), began({ ...poll, acts: [publishes({ action: 'close' })] }), asked(5), acted(310)],
    ...[heard(5_010, answer), ended(5_011)],
  ],
  'a stream, and an item': [
    ...[set(), began(stream), asked(5), ...begun, acted(310), heard(320, 'line i1'), ended(900)],
  ],
  'items out of order': [
    set(),
    began({
      ...stream,
      acts: [
        publishes({ id: '1' }),
        publishes({ id: '3', prevId: '2', text: 'i3' }),
        publishes({ id: '2', prevId: '1', text: 'i2' }),
      ],
    }),
    ...[asked(5), ...begun, acted(310), heard(320, 'line i1'), acted(620, 1), acted(930, 2)],
    ...[heard(940, 'line i2'), heard(940, 'line i3'), ended(1_500)],
  ],
  'a stream that is kept alive': [
    ...[
      set(),
      began({ ...alive, acts: [] }),
      asked(5),
      ...begun,
      heard(1_800, 'alive'),
      ended(2_500),
    ],
  ],
  'a next link in time': [
    ...[
      set(),
      began(next),
      asked(5),
      ...begun,
      asked(2_030, NEXT, 'next'),
      heard(2_040, 'line next 0'),
    ],
    ended(2_500),
  ],
  '[GRIP-NEXT-3] links that are relative to the one before': [
    ...[set(), began(next), asked(5), ...begun, asked(2_030, NEXT, 'next')],
    ...[heard(2_040, 'line next 0'), asked(4_050, 'GET /deep/next, 0 bytes', 'next')],
    ...[heard(4_060, 'line next 1'), ended(4_500)],
  ],
  '[GRIP-SEQ-5] an origin that tells places, and is told them': [
    ...[set(), began(placed), asked(5), acted(310), acted(620, 1)],
    ...[asked(622, `GET /scene?n=1&s=0, 0 bytes | ${FEATURES} | ${LAST} | host: x.test | x-a: 1`)],
    ...[heard(625, 'answer 200 OK || -again\n'), ended(626)],
  ],
  '[GRIP-FWD-1] addresses that were told on the way': [
    ...[set({ forwardedFor: [{ kind: 'truncate', keep: 1 }, { kind: 'append' }] })],
    began(forwarded),
    asked(5, `${QUESTION.replace('| x-a: 1', '')}| x-forwarded-for: 192.0.2.2, 2001:db9::1`),
    ...[heard(10, answer), ended(11)],
  ],
  'a WebSocket, and an item': [
    ...[set(), began(socket), ...upgraded, acted(310), heard(320, 'text i1'), ended(900)],
  ],
  'a WebSocket that its origin closes': [
    ...[set(), began(says({ tells: 'close', code: 4_002, reason: 'so' })), ...upgraded, acted(310)],
    ...[asked(315, events('TEXT w0'), 'events'), heard(320, 'close 4002 so')],
    ...[asked(325, events('CLOSE 4002 so'), 'events'), ended(330)],
  ],
  'a WebSocket that its client closes': [
    ...[set(), began(leaves), ...upgraded, acted(310)],
    ...[asked(315, events('CLOSE 4003 bye'), 'events'), heard(320, 'close 4003 bye'), ended(321)],
    quiet(2_000),
  ],
  'a WebSocket whose client is gone': [
    ...[set(), began(socket), ...upgraded, ended(900), asked(905, events('DISCONNECT'), 'events')],
    quiet(2_000),
  ],
  'what is overdue, between what the origin says': [
    ...[set(), began(overdue), ...overdueBegun, heard(1_500, 'text i3'), ended(1_600)],
  ],
  'a page that is kept alive beside what it does not hear': [
    ...[set(), began(unheard), ...come, acted(310), acted(620, 1), heard(1_400, 'text ~a')],
    ended(1_500),
  ],
  'a stream that is kept alive until its end can be told': [
    ...[set(), began(endsLater), asked(5), ...begun, heard(1_500, 'alive')],
    ...[asked(2_030, NEXT, 'next'), acted(2_100), heard(3_500, 'alive')],
    ...[asked(3_900, NEXT, 'next'), heard(3_905, 'line next 1'), heard(3_906, 'end'), ended(3_907)],
  ],
  'a page that polls, and hears no pings': [
    ...[
      set(),
      began({ ...page, acts: [publishes({ kind: 'ping' }), publishes({ kind: 'binary' })] }),
    ],
    ...[...come, acted(310), acted(620, 1), heard(630, 'text i1'), ended(900)],
    ...[asked(5_905, events('DISCONNECT'), 'events'), quiet(9_000)],
  ],
  'a page that is told twice that its session is closed': [
    ...[set(), began({ ...says({ tells: 'close', code: 0, reason: '' }), via: 'jsonp' }), ...come],
    ...[acted(310), asked(315, events('TEXT w0'), 'events')],
    ...[heard(320, 'close 0 Connection closed'), asked(325, events('CLOSE'), 'events')],
    ...[heard(360, 'close 0 Connection closed'), ended(361), quiet(9_000)],
  ],
  'an origin that has to be asked twice': [
    ...[set(), began({ ...says({ tells: 'bare', text: '' }), isFlaky: true }), ...upgraded],
    ...[acted(310), asked(2_310, events('TEXT w0'), 'events'), ended(4_000)],
  ],
  '[GRIP-PUB-11] a body that its origin did not encode': [
    ...[set(), began(encoded()), asked(5), acted(310), heard(320, 'answer 200 OK || i1\n')],
  ],
  '[GRIP-PUB-11] a body that its origin did encode, patched': [
    ...[set(), began(encoded({ patch: 0 })), asked(5), acted(310), heard(320, PATCHED)],
  ],
  '[GRIP-ORDER-5] a reader who comes back, and hears what is new': [
    ...[set(), began(returning), ...returned, acted(1_550, 4), heard(1_560, 'text i3')],
    ended(1_900),
  ],
  '[SOCKJS-13] last words, and then the farewell': [
    ...[set(), began(lastWords), ...lastHeard, heard(320, 'text one'), heard(360, 'text two')],
    ...[asked(325, events('CLOSE'), 'events'), heard(390, 'close 4002 so')],
    ...[heard(420, 'close 4002 so'), ended(421), quiet(9_000)],
  ],
  '[GRIP-FILTER-8] filters that go on with what the one before has made': [
    ...[set(), began(chained), asked(5), acted(310)],
    ...[heard(320, 'answer 200 OK | x-b: 2 || <ann x>\n'), ended(321)],
  ],
  '[GRIP-FILTER-8] as much from a filter’s origin as may be': [
    ...[set({ keptBytesMax: 8 }), began(chained), asked(5), acted(310)],
    ...[heard(320, 'answer 200 OK | x-b: 2 || <ann x>\n'), ended(321)],
  ],
  '[GRIP-NEXT-4] a link that is not asked while items come, whatever they say': [
    ...[set(), began(refreshed), asked(5), ...begun, acted(1_500), asked(3_505, NEXT, 'next')],
    ...[heard(3_510, 'line next 0'), ended(3_900)],
  ],
  'what dies with its thread': [
    ...[set(), began(stream), asked(5), ...begun, acted(310)],
    { kind: 'shardCrashed', node: 0, shard: 0, atMs: 311 },
    ended(900),
  ],
};

const planted: readonly (readonly [property: string, lie: string, history: readonly Written[]])[] =
  [
    ['held-answers', 'a header is lost', [set(), began(plain), heard(10, 'answer 200 OK || -b\n')]],
    [
      'held-answers',
      'an instruction that is wrong is obeyed',
      [set(), began({ ...plain, flaw: 'another hold' }), heard(10, answer)],
    ],
    [
      'held-answers',
      'a poll is let go too soon',
      [set(), began(poll), asked(5), heard(4_000, answer)],
    ],
    [
      'held-answers',
      'an item is not heard',
      [set(), began(poll), asked(5), acted(310), ended(900)],
    ],
    [
      'held-answers',
      'what is as long as may be is too long',
      [
        set(),
        began({ ...poll, said: { ...poll.said, padBytes: 100 } }),
        asked(5),
        heard(
          10,
          'answer 502 Bad Gateway | content-type: text/plain || Error while proxying to origin.\n',
        ),
      ],
    ],
    ['held-streams', 'an item is lost', [set(), began(stream), ...begun, acted(310), ended(900)]],
    [
      'held-streams',
      'an item comes twice',
      [set(), began(stream), ...begun, acted(310), heard(320, 'line i1'), heard(321, 'line i1')],
    ],
    [
      'held-streams',
      'an item comes before the one that it follows',
      [
        set(),
        began({ ...stream, acts: [publishes({ id: '1' }), publishes({ id: '3', prevId: '2' })] }),
        ...[...begun, acted(310), heard(320, 'line i1'), acted(620, 1), heard(630, 'line i1')],
      ],
    ],
    [
      'sockets-hear',
      'a close has another code',
      [
        ...[set(), began({ ...socket, acts: [publishes({ action: 'close', code: 4_001 })] })],
        ...[...upgraded, acted(310), heard(320, 'close 1000')],
      ],
    ],
    [
      'sockets-hear',
      'what is not followed any more is heard',
      [
        set(),
        began({
          ...says({ tells: 'control', control: { type: 'unsubscribe', channel: 0 } }),
          acts: [
            ...says({ tells: 'control', control: { type: 'unsubscribe', channel: 0 } }).acts,
            publishes(),
          ],
        }),
        ...[...upgraded, acted(310), asked(315, events('TEXT w0'), 'events')],
        ...[acted(620, 1), heard(630, 'text i1')],
      ],
    ],
    ['origins-asked', 'a header too many', [set(), began(plain), asked(5, `${QUESTION} | x-z: 1`)]],
    [
      'origins-asked',
      'nobody is asked again for a hint',
      [
        ...[set(), began({ ...poll, acts: [publishes({ action: 'hint' })] }), asked(5), acted(310)],
        ended(2_000),
      ],
    ],
    [
      'origins-asked',
      'nobody is asked when a channel is new',
      [set({ isUpdating: true }), began({ ...poll, acts: [] }), asked(5), ended(2_000)],
    ],
    [
      'origins-asked',
      'a link is asked too soon',
      [set(), began(next), ...begun, asked(800, NEXT, 'next')],
    ],
    [
      'origins-asked',
      '[GRIP-NEXT-3] a link is asked beside the first one',
      [
        ...[set(), began(next), asked(5), ...begun, asked(2_030, NEXT, 'next')],
        ...[heard(2_040, 'line next 0'), asked(4_050, NEXT, 'next')],
      ],
    ],
    [
      'origins-asked',
      'the first link is asked beside the question',
      [set(), began(next), asked(5), ...begun, asked(2_030, 'GET /scene/next, 0 bytes', 'next')],
    ],
    [
      'origins-asked',
      '[GRIP-SEQ-1] an item for others is taken for one that is missing',
      [
        ...[set(), began({ ...placed, acts: placed.acts.slice(0, 1) }), asked(5), acted(310)],
        asked(622, `GET /scene?n=1&s=0, 0 bytes | ${FEATURES} | ${LAST} | host: x.test | x-a: 1`),
      ],
    ],
    [
      'origins-asked',
      '[GRIP-SEQ-5] an older place is told',
      [
        ...[set(), began(placed), asked(5), acted(310), acted(620, 1)],
        asked(
          622,
          `GET /scene?n=1&s=0, 0 bytes | ${FEATURES} | ${LAST.replace('2', '0')} | host: x.test | x-a: 1`,
        ),
      ],
    ],
    [
      'origins-asked',
      '[GRIP-FWD-1] what a client made up is passed on',
      [
        ...[set({ forwardedFor: [{ kind: 'truncate', keep: 0 }] }), began(forwarded)],
        asked(5, `${QUESTION.replace('| x-a: 1', '')}| x-forwarded-for: 192.0.2.1, 192.0.2.2`),
      ],
    ],
    [
      'origins-asked',
      '[GRIP-FWD-1] the client’s own address is not told',
      [
        ...[set({ forwardedFor: [{ kind: 'append' }] }), began(forwarded)],
        asked(5, `${QUESTION.replace('| x-a: 1', '')}| x-forwarded-for: 192.0.2.1, 192.0.2.2`),
      ],
    ],
    [
      'origins-asked',
      'an origin is not refreshed',
      [
        ...[set(), began({ ...socket, acts: [publishes({ action: 'refresh' })] })],
        ...[...upgraded, acted(310), ended(900)],
      ],
    ],
    [
      'origins-asked',
      'whoever has answered the close has vanished',
      [
        ...[set(), began(says({ tells: 'close', code: 4_002, reason: 'so' })), ...upgraded],
        ...[acted(310), asked(315, events('TEXT w0'), 'events'), heard(320, 'close 4002 so')],
        ...[ended(321), asked(325, events('DISCONNECT'), 'events'), quiet(2_000)],
      ],
    ],
    [
      'origins-asked',
      'nobody says that a client has gone',
      [set(), began(socket), ...upgraded, ended(900), quiet(2_000)],
    ],
    [
      'origins-asked',
      'a question waits for too long for its second time',
      [
        ...[set(), began({ ...says({ tells: 'bare', text: '' }), isFlaky: true }), ...upgraded],
        ...[acted(310), asked(3_310, events('TEXT w0'), 'events'), ended(4_000)],
      ],
    ],
    [
      'sockets-hear',
      'a page hears a ping',
      [
        ...[set(), began({ ...page, acts: [publishes({ kind: 'ping' })] }), ...come],
        ...[acted(310), heard(320, 'text i1')],
      ],
    ],
    [
      'sockets-hear',
      'a page that comes again is not told that its session is closed',
      [
        ...[
          set(),
          began({ ...says({ tells: 'close', code: 0, reason: '' }), via: 'xhr' }),
          ...come,
        ],
        ...[acted(310), asked(315, events('TEXT w0'), 'events')],
        ...[heard(320, 'close 0 Connection closed'), ended(900)],
      ],
    ],
    [
      'origins-asked',
      'a session of a page that is gone stays',
      [set(), began(page), ...come, ended(900), asked(7_000, events('DISCONNECT'), 'events')],
    ],
    [
      'sockets-hear',
      '[WOH-GRIP-11] what is to come later comes too soon',
      [set(), began(overdue), ...overdueBegun.slice(0, -1), heard(1_200, 'ping later')],
    ],
    [
      'sockets-hear',
      '[WOH-GRIP-11] what is to come later never comes',
      [set(), began(overdue), ...overdueBegun.slice(0, -1), heard(1_500, 'text i3'), ended(3_000)],
    ],
    [
      'sockets-hear',
      'what is overdue never comes',
      [set(), began(overdue), ...overdueBegun, ended(3_000)],
    ],
    [
      'kept-alive',
      'for long when it is over',
      [
        ...[set(), began(closed), ...come, acted(310)],
        ...[heard(330, 'close 4001'), heard(1_400, 'text ~a')],
      ],
    ],
    [
      'kept-alive',
      'never, behind what nobody hears',
      [set(), began(unheard), ...come, acted(310), acted(620, 1), ended(4_800)],
    ],
    [
      'kept-alive',
      'nor while its end waits',
      [
        ...[set(), began(endsLater), asked(5), ...begun, heard(1_500, 'alive')],
        ...[asked(2_030, NEXT, 'next'), acted(2_100), ended(4_500)],
      ],
    ],
    [
      'held-answers',
      '[GRIP-PUB-11] a body comes under the encoding of another one',
      [
        ...[set(), began(encoded()), asked(5), acted(310)],
        heard(320, 'answer 200 OK | content-encoding: x || i1\n'),
      ],
    ],
    [
      'held-answers',
      '[GRIP-PUB-11] a patched body loses its encoding',
      [
        ...[set(), began(encoded({ patch: 0 })), asked(5), acted(310)],
        heard(320, PATCHED.replace('| content-encoding: x ', '')),
      ],
    ],
    [
      'sockets-hear',
      '[GRIP-ORDER-5] what was published while nobody listened is heard the second time',
      [set(), began(returning), ...returned, heard(1_250, 'text i1')],
    ],
    [
      'sockets-hear',
      '[GRIP-ORDER-4] an item waits for one from before its reader came back',
      [set(), began(returning), ...returned, acted(1_550, 4), ended(1_900)],
    ],
    [
      'sockets-hear',
      '[SOCKJS-13] the farewell overtakes a last word',
      [
        ...[set(), began(lastWords), ...lastHeard, heard(320, 'text one')],
        ...[asked(325, events('CLOSE'), 'events'), heard(360, 'close 4002 so')],
      ],
    ],
    [
      'sockets-hear',
      '[SOCKJS-13] a last word comes behind the farewell',
      [
        ...[set(), began(lastWords), ...lastHeard, heard(320, 'text one')],
        ...[heard(390, 'close 4002 so'), heard(420, 'text two')],
      ],
    ],
    [
      'held-answers',
      '[GRIP-FILTER-8] a filter goes on with what was published',
      [
        ...[set(), began(chained), asked(5), acted(310)],
        heard(320, 'answer 200 OK | x-b: 2 || <%(user)s %%I>\n'),
      ],
    ],
    [
      'held-answers',
      '[GRIP-FILTER-5] the last filter makes nothing of it',
      [
        ...[set(), began(chained), asked(5), acted(310)],
        heard(320, 'answer 200 OK | x-b: 2 || <ann %I>\n'),
      ],
    ],
    [
      'held-answers',
      '[GRIP-FILTER-8] more is taken from a filter’s origin than may be',
      [
        ...[set({ keptBytesMax: 6 }), began(chained), asked(5), acted(310)],
        heard(320, 'answer 200 OK | x-b: 2 || <ann x>\n'),
      ],
    ],
    [
      'origins-asked',
      '[GRIP-NEXT-4] a link is asked though an item has come',
      [set(), began(refreshed), asked(5), ...begun, acted(1_500), asked(2_030, NEXT, 'next')],
    ],
    ['kept-alive', 'too soon', [set(), began(alive), ...begun, heard(700, 'alive')]],
    ['kept-alive', 'never', [set(), began({ ...alive, acts: [] }), ...begun, ended(2_600)]],
  ];

const broken = (records: readonly Written[]): string[] =>
  judgeTrace(history(...records), sceneInvariants).map(({ property }) => property);

describe('a scene in which all is well breaks nothing', () => {
  test.each(Object.entries(clean))('%s', (_, records) => {
    expect(judgeTrace(history(...records), sceneInvariants)).toEqual([]);
  });
});

describe('a planted lie is found', () => {
  test.each(planted)('by %s: %s', (property, _, records) => {
    expect(broken(records)).toContain(property);
  });

  test('by every property, and of each by two at least', () => {
    for (const { property } of sceneInvariants)
      expect(planted.filter(([found]) => found === property).length).toBeGreaterThan(1);
  });
});
