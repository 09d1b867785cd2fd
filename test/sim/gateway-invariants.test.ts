// The judges of the gateway are judged: on a clean history they say nothing, and each planted lie is found by the
// invariant that is there to find it. Histories are written by hand, so nothing of the product can excuse a judge.

import { describe, expect, test } from 'vitest';

import { gatewayInvariants } from '../../src/sim/invariants/gateway/all.ts';
import { sceneInvariants } from '../../src/sim/invariants/gateway/scenes/scenes.ts';
import { judgeTrace } from '../../src/sim/simulate.ts';
import type { TraceEvent, TraceRecord } from '../../src/sim/trace.ts';

type Written = Readonly<Record<string, unknown>> & { readonly kind: TraceRecord['kind'] };

const A = 'p1-a';
/** Without ids, and in order. */
const B = 'p1-b';
/** Without ids, and in any order. */
const C = 'p1-c';
const me = { node: 0, client: 1, connection: 11 };

const began: Written = {
  kind: 'gatewayBegan',
  channels: [
    { channel: A, hasIds: true, isOrdered: false },
    { channel: B, hasIds: false, isOrdered: true },
    { channel: C, hasIds: false, isOrdered: false },
  ],
};
const asked = (what: string, more: object = {}): Written => ({
  kind: 'holdAsked',
  what,
  channels: [A],
  seen: [0],
  isTooLarge: false,
  isInterval: false,
  ...me,
  ...more,
});
const said = (hold: string, more: object = {}): Written => ({
  kind: 'originSaid',
  status: 200,
  hold,
  lines: [],
  isLie: false,
  wantsParting: false,
  ...me,
  ...more,
});
const answered = (status: number, items: number[] = [], more: object = {}): Written => ({
  kind: 'holdAnswered',
  status,
  lines: items.length === 0 ? [] : [{ channel: A, items }],
  ...me,
  ...more,
});
const opened: Written = { kind: 'holdOpened', ...me };
const heard = (item: number, channel = A): Written => ({ kind: 'holdHeard', channel, item, ...me });
const ended = (by: string, isWhole = true, more: object = {}): Written => ({
  kind: 'holdEnded',
  by,
  isWhole,
  ...me,
  ...more,
});
const made = (item: number, isProbe = false, channel = A, more: object = {}): Written => ({
  kind: 'itemMade',
  channel,
  item,
  isProbe,
  ...more,
});
const ran = (errand: string): Written => ({ kind: 'errandRun', node: 0, client: 9, errand });
const answers = (errand: string, answer: string): Written => ({
  kind: 'errandAnswered',
  node: 0,
  errand,
  answer,
});
const noticed = (errand: string, ...words: readonly string[]): readonly Written[] =>
  words.map((one) => ({ kind: 'errandNoticed', node: 0, errand, words: one }));
const PUT = '405 Method not allowed: PUT.\n';
const page = { node: 0, client: 8, session: 1 };
const polls = (atMs: number, isOpen = true): Written => ({
  ...{ kind: 'idlerPolled', atMs, isOpen, ...page },
});
const pageHears = (words: string, atMs: number): Written => ({
  ...{ kind: 'idlerHeard', atMs, words, ...page },
});
const talks = (words: string, atMs: number): Written => ({
  ...{ kind: 'idlerSaid', atMs, word: 1, words, ...page },
});
const nodeGoes = (atMs: number): Written => ({ kind: 'gatewayDrains', atMs, node: 0, shard: 0 });
const crashes = (atMs: number): Written => ({ kind: 'shardCrashed', atMs, node: 0, shard: 0 });
const opensPage = [polls(10, false), pageHears('o', 20), polls(30)];
const ALONE = 'c[2010,"Another connection still open"]';
const at = (kind: Written['kind'], atMs: number): Written => ({ kind, atMs });
const client = (id: string, isThere: boolean, more: object = {}): Written => ({
  ...{ kind: 'clientTold', node: 0, shard: 0, id, route: 'one', isThere },
  ...more,
});
const written = (edition: number): Written => ({ kind: 'routesWritten', node: 0, edition });
const dropped = (channel: string): Written => ({
  ...{ kind: 'itemDropped', node: 0, channel, receivers: 1 },
});
const closeAnswered = (its: number, code: number, connection = 11): Written => ({
  ...{ kind: 'closeAnswered', said: its, code, ...me, connection },
});
const poisoned = (what: string, connection = 11): Written => ({
  ...{ kind: 'holderPoisoned', what, address: '0/gateway/request:1', ...me, connection },
});
const offered = (more: object): Written => ({
  ...{ kind: 'wordsAnswered', isPartial: false, replayedBytes: 0, knownBytes: 0, events: 1 },
  ...{ bytes: 200_000, isOneByOne: false, intervalS: 20, ...me, ...more },
});
const sends = (channel: string, transport: string, receivers = 1): Written => ({
  ...{ kind: 'sendingTold', node: 0, channel, transport, receivers },
});
/** Of each channel its operator has heard. */
const TOLD = [B, C].flatMap((channel) =>
  ['http-stream', 'ws-message'].map((way) => sends(channel, way)),
);
const staged = (scene: object = {}, limits: object = {}): Written[] => [
  { kind: 'stageSet', limits: { ...LIMITS, isLogged: true, ...limits } },
  { kind: 'sceneBegan', number: 0, scene: { ...PLAIN, ...scene }, ...me },
];
const LIMITS = {
  ...{ messageWaitMs: 500, subscriptionsMax: 20, keptBytesMax: 100, isUpdating: false },
  forwardedFor: [],
};
const PLAIN = {
  ...{ shape: 'plain', route: 'plain', isJson: false, flaw: undefined, channels: 1 },
  asked: { method: 'GET', headers: [], bodyBytes: 0 },
  said: { status: 404, reason: '', headers: [], exposed: [], body: '-b\n', padBytes: 0 },
};
const SEEN = {
  asked: {
    ...PLAIN.asked,
    headers: [
      ['Referer', 'r'],
      ['User-Agent', 'a'],
    ],
  },
};
const logged = (outcome: string, isRetry = false): Written => ({
  ...{ kind: 'requestLogged', node: 0, client: 1, number: 0, isRetry },
  words: `method=GET url=http://x.test/scene?n=1&s=0 target=origin-x:80 route=x ${outcome}`,
});

const drains: Written = { kind: 'gatewayDrains', node: 0, shard: 0, atMs: 7_000 };
const told = (purpose: string): Written => ({ kind: 'originHeard', purpose, ...me });
const word = (kind: 'wordSaid' | 'wordTaken' | 'wordEchoed', number: number): Written => ({
  kind,
  word: number,
  ...me,
});
const fetched = (question: number, more: object = {}): Written => ({
  kind: 'fetchBegan',
  node: 0,
  shard: 0,
  question,
  owner: '0/gateway/ws:1',
  isEvents: true,
  ...more,
});
const fetchEnded = (question: number, how = 'collected'): Written => ({
  kind: 'fetchEnded',
  node: 0,
  shard: 0,
  question,
  how,
});
const counted = (connections: number, followed: unknown[] = []): Written => ({
  kind: 'gatewayCounted',
  node: 0,
  shard: 0,
  connections,
  followed,
});
const shard = (actors: number): Written => ({
  kind: 'counted',
  node: 0,
  shard: 0,
  connections: 0,
  actors,
  actorsAlways: 6,
});
const handed = (item: number, atMs: number): Written => ({
  kind: 'itemSent',
  node: 0,
  channel: B,
  item,
  isRepeat: false,
  atMs,
});
const followedTold = (count: number, channel = B): Written => ({
  kind: 'followedTold',
  node: 0,
  shard: 0,
  followed: count === 0 ? [] : [[channel, 'stream', count]],
});
const died: Written = { kind: 'shardCrashed', node: 0, shard: 0 };
const plainStream = asked('stream', { channels: [B], seen: [0] });

function history(...records: Written[]): TraceEvent[] {
  return records.map((record, seq) => {
    const { atMs } = record;
    const instant = typeof atMs === 'number' ? atMs * 1_000 : seq;
    return { cause: -1, ...record, seq, at: instant } as unknown as TraceEvent;
  });
}

function broken(...records: Written[]): string[] {
  return judgeTrace(history(...records), gatewayInvariants).map(({ property }) => property);
}

const startsWith = { kind: 'began', shards: 1, faults: [] } as const;
const reads = (more: object = {}): Written => asked('stream', { channels: [B], ...more });
const after = (atMs: number, record: Written): Written => ({ ...record, atMs });
const kept: Written = { kind: 'holdKept', ...me };
const late = (number: number): Written => ({ kind: 'delayHeard', word: number, ...me });

/** A stream of a channel without ids, where two deliveries may be made in a second. */
const atRate: readonly Written[] = [
  ...[startsWith, { ...began, messageRate: 2 }, reads(), opened],
  handed(1, 1_000),
];
const hears = (...times: readonly number[]): Written[] =>
  times.map((atMs, place) => after(atMs, heard(place + 1, B)));

const clean: Readonly<Record<string, readonly Written[]>> = {
  'items at their rate, and what a quiet moment has saved up': [
    ...atRate,
    ...hears(1_010, 1_020, 1_510, 2_010, 2_510, 3_010),
  ],
  'faster behind the death of a thread': [
    ...[...atRate, died],
    ...hears(1_010, 1_020, 1_030, 1_040, 1_050),
  ],
  'what a filter lets pass': [
    began,
    reads({ filter: 'skip-self' }),
    ...[opened, heard(2, B), heard(3, B), heard(4, B), heard(6, B)],
  ],
  'a stream that is kept alive while nothing comes, and one in intervals': [
    ...[startsWith, began, reads(), opened, after(500, heard(1, B)), after(2_200, kept)],
    ...[reads({ isInterval: true, connection: 12 }), after(2_300, { ...opened, connection: 12 })],
    after(3_900, { ...heard(1, B), connection: 12 }),
    after(4_000, { ...kept, connection: 12 }),
  ],
  'what was promised comes, and is forgotten with its connection': [
    ...[began, asked('ws'), opened],
    ...[1, 2, 3, 4].flatMap((number) => [word('wordSaid', number), word('wordTaken', number)]),
    ...[1, 2, 3, 4].map((number) => word('wordEchoed', number)),
    ...[after(1_000, late(4)), ended('client'), at('holdersLeft', 30_000)],
  ],
  'a long-poll that is answered, and the next one': [
    began,
    asked('poll'),
    said('response'),
    answered(200, [1]),
    ended('server'),
    asked('poll', { seen: [1], connection: 12 }),
    answered(200, [2, 3], { connection: 12 }),
    ended('server', true, { connection: 12 }),
  ],
  'a stream that misses nothing': [
    began,
    asked('stream', { seen: [4] }),
    opened,
    heard(5),
    heard(6),
    ended('network', false),
  ],
  'a stream whose origin was wrong about what it had given': [
    began,
    asked('stream'),
    opened,
    heard(1),
    said('stream', { isLie: true }),
    heard(1),
  ],
  'who is not read for a while, and hears later of what failed': [
    ...[began, asked('stream', { naps: true }), opened, poisoned('stream'), at('sampled', 5_900)],
  ],
  'a plain stream that begins somewhere': [began, plainStream, opened, heard(7, B), heard(8, B)],
  'a plain stream after a death': [began, died, plainStream, opened, heard(7, B), heard(9, B)],
  'what comes in any order': [
    began,
    asked('stream', { channels: [C] }),
    opened,
    heard(2, C),
    heard(1, C),
  ],
  'errors while faults last': [began, asked('poll'), answered(502), at('healed', 10)],
  'errors for what is too large': [
    began,
    at('healed', 1),
    { ...asked('poll', { isTooLarge: true }), atMs: 9_000 },
    { ...answered(400), atMs: 9_001 },
  ],
  'questions one after the other': [fetched(1), fetchEnded(1), fetched(2), fetchEnded(2)],
  'a question that died with its shard': [fetched(1), died, at('quiet', 9_000)],
  'words that are taken in parts': [
    opened,
    word('wordSaid', 1),
    word('wordSaid', 2),
    word('wordTaken', 1),
    { kind: 'wordsAnswered', isPartial: true, replayedBytes: 1, knownBytes: 1, ...me },
    word('wordEchoed', 1),
    at('holdersLeft', 9_000),
  ],
  'an origin that is told of the end': [
    said('stream', { wantsParting: true }),
    opened,
    at('healed', 1),
    { ...ended('client'), atMs: 8_000 },
    told('gone'),
    at('quiet', 9_000),
  ],
  'an origin that is told of each of two holds': [
    ...[asked('poll'), said('response', { wantsParting: true }), told('gone')],
    ...[said('response', { wantsParting: true }), told('gone')],
  ],
  'an item before a stream stood': [
    began,
    plainStream,
    { ...opened, atMs: 1 },
    handed(1, 1_000),
    handed(2, 5_001),
    heard(2, B),
    followedTold(1),
    at('holdersLeft', 9_000),
  ],
  'an item of which an operator was told that it is dropped': [
    ...[began, plainStream, { ...opened, atMs: 1 }, handed(1, 5_000), heard(1, B)],
    ...[handed(2, 5_001), dropped(B), handed(3, 5_002), heard(3, B)],
    ...[followedTold(1), at('holdersLeft', 9_000)],
  ],
  'what waited for its turn since before somebody came, and a gap from when nobody was there': [
    ...[began, handed(1, 1), handed(2, 2), plainStream, opened],
    ...[handed(3, 3), heard(1, B), heard(3, B)],
  ],
  'clients who come by the routes of their time': [
    ...[client('0:1', true), written(1), client('0:2', true), at('healed', 1)],
    { ...client('0:3', true, { route: 'one.1' }), atMs: 9_000 },
    ...[client('0:3', false, { route: 'one.1' }), client('0:2', false), client('0:1', false)],
  ],
  'an item that died with its shard': [
    began,
    plainStream,
    { ...opened, atMs: 1 },
    handed(1, 5_000),
    died,
    followedTold(1),
    at('holdersLeft', 9_000),
  ],
  'followers who are as many as is told': [
    plainStream,
    opened,
    followedTold(1),
    at('holdersLeft', 9_000),
  ],
  'followers who have just come': [
    plainStream,
    { ...opened, atMs: 8_000 },
    followedTold(0),
    at('holdersLeft', 9_000),
  ],
  'everybody is there in the end': [
    began,
    made(1),
    asked('stream'),
    opened,
    heard(1),
    at('rested', 1_000),
    made(2, true, A, { atMs: 2_000 }),
    heard(2),
    followedTold(1, A),
    at('holdersLeft', 9_000),
    counted(0),
    shard(6),
  ],
  'a client who is gone is owed nothing': [
    began,
    asked('stream'),
    opened,
    { kind: 'left', node: 0, client: 1 },
    ended('client', false),
    made(1, true),
    at('rested', 1_000),
    at('holdersLeft', 9_000),
  ],
  'operators who are told the truth': [
    ...[began, client('0:1', true), client('0:1', false), client('0:1', true)],
    ...[asked('ws', { channels: [C] }), opened, sends(C, 'ws-message', 3), heard(1, C)],
    ...[asked('stream', { channels: [A] }), heard(1), sends('x-s1-0-0', 'http-stream')],
    client('0:1', false, { atMs: 8_000 }),
    at('quiet', 9_000),
  ],
  'clients who die with their thread': [
    client('0:1', true),
    { kind: 'shardCrashed', node: 0, shard: 0, isTold: true },
    client('0:1', true),
    client('0:1', false),
    at('quiet', 9_000),
  ],
  'what fails, and says so': [
    ...[poisoned('poll'), answered(500), ended('server'), poisoned('stream', 12)],
    ...[ended('network', false, { connection: 12 }), poisoned('ws', 13)],
    ...[closeAnswered(1_000, 1_011, 13), ended('server', true, { connection: 13 })],
    at('sampled', 9_000),
  ],
  'closes, and all that a request may hold': [
    ...[closeAnswered(1_005, 1_000), closeAnswered(4_001, 4_001), closeAnswered(1_000, 1_001)],
    ...[offered({ events: 3 }), offered({ isOneByOne: true })],
  ],
  'a log of who asked': [
    ...staged(SEEN, { isFromLogged: true, isAgentLogged: true }),
    logged('code=404 bytes=3 from=2001:db9::1 referer=r agent=a'),
  ],
  'a log of a plain request': [...staged(), logged('code=404 bytes=3'), at('quiet', 9_000)],
  'a log of a poll that is asked again': [
    ...staged({ shape: 'poll' }),
    ...[logged('isHeld=true'), logged('isHeld=true', true)],
    at('quiet', 9_000),
  ],
  errands: [
    ...[ran('post-list'), answers('post-list', '400 Invalid format.\n'), ran('put'), ran('put')],
    ...[answers('put', PUT), answers('put', PUT), ran('command-refresh'), ran('sock-info')],
    answers('command-refresh', '37:2:id,1:1,7:success,4:true!5:value,0:~}'),
    answers(
      'sock-info',
      '200 OK | access-control-allow-credentials: true | access-control-allow-origin: http://a.test | cache-control: no-store, no-cache, must-revalidate, max-age=0 | content-type: application/json; charset=UTF-8 || {"cookie_needed":false,"entropy":123,"origins":["*:*"],"websocket":true}\n',
    ),
    at('quiet', 9_000),
  ],
  'errands about somebody': [
    ...[ran('command-check-one'), ran('reminded'), ran('page-that-sends-too-soon')],
    answers(
      'command-check-one',
      '78:2:id,1:1,7:success,4:true!5:value,40:36:0f8fad5b-d9cb-469f-a165-70867728950e,]}',
    ),
    answers(
      'reminded',
      'upgraded // OPEN / TEXT one | meta-ab: 1 | meta-c: x / TEXT two | meta-ab: 2 | meta-c: x / TEXT three | meta-ab: 2 / DISCONNECT | meta-ab: 2',
    ),
    answers(
      'page-that-sends-too-soon',
      'o\n / 404 Not Found | content-type: text/plain Not Found\n / c[2010,"Another connection still open"]\n / ok // OPEN / TEXT b',
    ),
    at('quiet', 9_000),
  ],
  'errands that take their time': [
    ...[ran('poll-of-its-own-time'), ran('asked-in-vain'), ran('page-with-a-heart')],
    answers('poll-of-its-own-time', '+55 200 OK | x-a: 1 || in the end\n'),
    answers(
      'asked-in-vain',
      '+0 upgraded / +34 cut // +0 OPEN / +0 TEXT one / +1 TEXT one / +3 TEXT one / +4 TEXT one / +8 TEXT one / +16 TEXT one',
    ),
    answers('page-with-a-heart', 'o\n / - / left / h\n / /**/x("h");\n / ok // OPEN / TEXT a'),
    at('quiet', 9_000),
  ],
  'a page whose node goes': [
    ...[...opensPage, talks('ok', 400), pageHears('a["1"]', 410), polls(430), pageHears('h', 500)],
    ...[polls(520), nodeGoes(2_000), pageHears('c[1001,"going away"]', 2_100), crashes(2_300)],
  ],
  'a page whose thread dies before it is told that its node goes': [
    ...[
      ...opensPage,
      nodeGoes(2_000),
      crashes(2_100),
      pageHears('reset', 2_100),
      polls(2_300, true),
    ],
    ...[pageHears('o', 2_400), polls(2_450), talks('ok', 2_500), pageHears('a["1"]', 2_510)],
  ],
  'a page that is told of its node by another thread when one has died': [
    ...[...opensPage, nodeGoes(2_000), crashes(2_100), pageHears('c[1001,"going away"]', 2_200)],
  ],
  'a page that asks while its first connection ends': [
    ...[...opensPage, crashes(900), pageHears('reset', 900), polls(1_000), pageHears(ALONE, 1_010)],
    ...[polls(1_300), talks('Not Found', 1_500), pageHears('reset', 1_500)],
  ],
  'errands that their operator is told of': [
    ...[ran('noticed-ws'), ran('noticed-request'), ran('put'), answers('put', PUT)],
    ...noticed('noticed-ws', 'follows ws 1', 'ws-message a to 1 in 1 blocks', 'follows ws 0'),
    ...[
      ...noticed('noticed-request', 'http comes', 'goes'),
      answers('noticed-ws', 'upgraded / text x'),
    ],
    answers('noticed-request', '200 OK || GET /e/noticed-request\n'),
    at('quiet', 9_000),
  ],
  'an errand that dies with a thread': [
    ran('noticed-ws'),
    ...noticed('noticed-ws', 'follows ws 1'),
    ran('put'),
    { kind: 'shardCrashed', node: 0, shard: 0 },
    at('quiet', 9_000),
  ],
};

const planted: readonly (readonly [property: string, lie: string, history: readonly Written[]])[] =
  [
    ['filters', 'his own', [began, reads({ filter: 'skip-self' }), opened, heard(1, B)]],
    [
      'filters',
      'what is for those of another channel',
      [began, asked('ws', { filter: 'require-sub' }), opened, heard(3)],
    ],
    ['filters', 'what names him', [began, reads({ filter: 'skip-users' }), opened, heard(5, B)]],
    [
      'delayed',
      'what was promised never comes',
      [began, asked('ws'), opened, word('wordEchoed', 4), at('holdersLeft', 30_000)],
    ],
    [
      'delayed',
      'it comes twice',
      [began, asked('ws'), opened, word('wordEchoed', 4), late(4), late(4)],
    ],
    ['paced', 'all at once', [...atRate, ...hears(1_010, 1_020, 1_030, 1_040)]],
    [
      'paced',
      'a little faster, for long',
      [...atRate, ...hears(...Array.from(Array(12).keys(), (turn) => 1_010 + turn * 250))],
    ],
    [
      'holds-alive',
      'though something was heard',
      [startsWith, began, reads(), opened, after(2_000, heard(1, B)), after(2_300, kept)],
    ],
    [
      'holds-alive',
      'no more, because something was heard',
      [
        ...[startsWith, began, reads({ isInterval: true }), opened],
        ...[after(1_500, heard(1, B)), after(3_500, heard(2, B))],
      ],
    ],
    ['answers-once', 'two answers', [began, asked('poll'), answered(200), answered(200)]],
    ['answers-once', 'more after the end', [began, asked('poll'), ended('server'), answered(200)]],
    ['answers-once', 'a word of nobody', [{ kind: 'holdMisheard', what: 'a second head', ...me }]],
    ['answers-once', 'a publisher refused', [{ kind: 'controlAnswered', node: 0, status: 400 }]],
    ['prefixes', 'another prefix', [began, asked('stream'), opened, heard(1, 'p2-a')]],
    [
      'prefixes',
      'another channel in an answer',
      [began, asked('poll', { channels: [B] }), answered(200, [1])],
    ],
    ['holds-order', 'an item is missing', [began, asked('stream'), opened, heard(1), heard(3)]],
    ['holds-order', 'an item comes twice', [began, asked('stream'), opened, heard(1), heard(1)]],
    [
      'holds-order',
      'an answer leaves one out',
      [began, asked('poll', { seen: [4] }), answered(200, [6])],
    ],
    [
      'holds-order',
      'a death excuses nothing where ids are told',
      [began, died, asked('stream'), opened, heard(2)],
    ],
    ['holds-order', 'a plain stream goes back', [began, plainStream, heard(7, B), heard(6, B)]],
    [
      'holds-order',
      'a plain stream has a gap of two, and an operator was told of one',
      [began, plainStream, heard(7, B), dropped(B), heard(10, B)],
    ],
    [
      'holds-order',
      'a plain stream has two gaps, and an operator was told of one',
      [began, plainStream, heard(7, B), dropped(B), heard(9, B), heard(11, B)],
    ],
    [
      'holds-order',
      'a plain stream has a gap since it came',
      [began, handed(1, 1), plainStream, opened, heard(1, B), handed(2, 2), heard(3, B)],
    ],
    ['holds-order', 'a plain stream has a gap', [began, plainStream, heard(7, B), heard(9, B)]],
    [
      'holds-order',
      'one comes twice in any order',
      [began, asked('stream', { channels: [C] }), heard(2, C), heard(1, C), heard(2, C)],
    ],
    ['fetches', 'two at a time', [fetched(1), fetched(2)]],
    ['fetches', 'one is never ended', [fetched(1), at('quiet', 9_000)]],
    ['fetches', 'one ends twice', [fetched(1), fetchEnded(1), fetchEnded(1)]],
    [
      'retries',
      '[WOH-RETRY-1] one asks again at once',
      [fetched(1), fetchEnded(1), fetched(2), fetchEnded(2, 'failed'), fetched(3)],
    ],
    [
      'retries',
      'one asks after a second and a half where it should wait for two',
      [
        ...[fetched(1), fetchEnded(1), fetched(2), fetchEnded(2, 'failed')],
        { ...fetched(3), atMs: 1_200 },
        { ...fetchEnded(3, 'failed'), atMs: 1_300 },
        { ...fetched(4), atMs: 2_800 },
      ],
    ],
    [
      'retries',
      '[WOH-RETRY-2] one never gives up',
      [
        ...[fetched(1), fetchEnded(1)],
        ...[1, 3, 6, 12, 25, 50, 100].flatMap((second, failure) => [
          { ...fetched(failure + 2), atMs: second * 1_000 },
          { ...fetchEnded(failure + 2, 'failed'), atMs: second * 1_000 },
        ]),
      ],
    ],
    [
      'words',
      'one was never said',
      [word('wordSaid', 1), word('wordTaken', 1), word('wordTaken', 2)],
    ],
    [
      'words',
      'one is lost',
      [
        word('wordSaid', 1),
        word('wordSaid', 2),
        word('wordSaid', 3),
        word('wordTaken', 1),
        word('wordTaken', 3),
      ],
    ],
    [
      'words',
      'one is taken twice',
      [word('wordSaid', 1), word('wordTaken', 1), word('wordTaken', 1)],
    ],
    [
      'words',
      '[WOH-REQ-9] what is new is told to have been sent before',
      [{ kind: 'wordsAnswered', isPartial: false, replayedBytes: 2, knownBytes: 1, ...me }],
    ],
    [
      'words',
      'all is told to have been sent before, in the beginning',
      [{ kind: 'wordsAnswered', isPartial: true, replayedBytes: 1, knownBytes: 0, ...me }],
    ],
    ['words', 'an echo is lost', [word('wordEchoed', 1), word('wordEchoed', 3)]],
    ['words', 'one waits for ever', [opened, word('wordSaid', 1), at('holdersLeft', 9_000)]],
    [
      'words',
      '[WOH-DIRECT-2] one is taken, and never answered',
      [opened, word('wordSaid', 1), word('wordTaken', 1), at('holdersLeft', 9_000)],
    ],
    [
      'sent-away',
      'an origin is told',
      [
        ...[said('stream', { wantsParting: true }), opened, drains],
        ...[
          { ...ended('server'), atMs: 8_000 },
          { ...told('gone'), atMs: 8_001 },
        ],
      ],
    ],
    [
      'sent-away',
      'an origin is told before the client sees it',
      [
        ...[said('stream', { wantsParting: true }), opened, drains],
        ...[
          { ...told('gone'), atMs: 8_000 },
          { ...ended('server'), atMs: 8_001 },
        ],
      ],
    ],
    [
      'partings',
      'an origin is not told',
      [
        said('stream', { wantsParting: true }),
        opened,
        at('healed', 1),
        { ...ended('client'), atMs: 8_000 },
        at('quiet', 9_000),
      ],
    ],
    [
      'partings',
      '[GRIP-HOLD-9] an origin is told twice',
      [asked('poll'), said('response', { wantsParting: true }), told('gone'), told('gone')],
    ],
    ['partings', 'an origin is told that did not ask for it', [said('response'), told('gone')]],
    [
      'partings',
      'a WebSocket ends in silence',
      [
        asked('ws'),
        opened,
        at('healed', 1),
        { ...ended('client'), atMs: 8_000 },
        at('quiet', 9_000),
      ],
    ],
    [
      'holders-patience',
      'an error when all is well',
      [
        began,
        at('healed', 1),
        { ...asked('poll'), atMs: 9_000 },
        { ...answered(502), atMs: 9_001 },
      ],
    ],
    [
      'holders-patience',
      'silence when all is well',
      [
        began,
        at('healed', 1),
        { ...asked('poll'), atMs: 9_000 },
        { ...ended('patience'), atMs: 17_000 },
      ],
    ],
    [
      'holders-patience',
      'a cut when all is well',
      [
        began,
        at('healed', 1),
        { ...asked('stream'), atMs: 9_000 },
        { ...ended('network'), atMs: 9_900 },
      ],
    ],
    [
      'holds-liveness',
      'something is missing at rest',
      [began, made(1), made(2), asked('stream'), opened, heard(1), at('rested', 1_000)],
    ],
    [
      'holds-liveness',
      'a plain hold hears nothing of what is published then',
      [began, plainStream, opened, made(1, true, B, { atMs: 2_000 }), at('holdersLeft', 9_000)],
    ],
    [
      'holds-liveness',
      'a long-poll is not answered by what is published then',
      [
        began,
        asked('poll', { channels: [B] }),
        said('response'),
        made(1, true, B, { atMs: 2_000 }),
        at('holdersLeft', 9_000),
      ],
    ],
    [
      'holds-liveness',
      'a stream does not come back',
      [
        began,
        plainStream,
        opened,
        { ...ended('network', false), atMs: 100 },
        made(1, true, B, { atMs: 2_000 }),
        at('holdersLeft', 9_000),
      ],
    ],
    [
      'holds-all',
      'an item that is never heard',
      [
        began,
        plainStream,
        { ...opened, atMs: 1 },
        handed(1, 5_000),
        handed(2, 5_001),
        heard(2, B),
        at('holdersLeft', 9_000),
      ],
    ],
    [
      'holds-all',
      'two that are never heard, and one of which an operator was told',
      [
        ...[began, plainStream, { ...opened, atMs: 1 }, dropped(B)],
        ...[handed(1, 5_000), handed(2, 5_001), at('holdersLeft', 9_000)],
      ],
    ],
    ['followers', 'one too few', [plainStream, opened, followedTold(0), at('holdersLeft', 9_000)]],
    ['followers', 'one too many', [plainStream, opened, followedTold(2), at('holdersLeft', 9_000)]],
    ['followers', 'one of nobody', [followedTold(1), at('holdersLeft', 9_000)]],
    ['leftovers', 'a client who has left', [counted(1)]],
    ['leftovers', 'a follower who has left', [counted(0, [[A, 'stream', 1]])]],
    ['leftovers', 'an actor of nobody', [shard(7)]],
    ['holders-last-words', 'a poll that waits for ever', [poisoned('poll'), at('sampled', 1_600)]],
    [
      'holders-last-words',
      'a stream that stays behind its longest nap',
      [asked('stream', { naps: true }), poisoned('stream'), at('sampled', 6_600)],
    ],
    [
      'holders-last-words',
      'a stream that stays when another ends',
      [poisoned('stream'), ended('network', false, { connection: 12 }), at('sampled', 1_600)],
    ],
    ['closes', 'with another code', [closeAnswered(4_001, 1_000)]],
    ['closes', 'with a code that is none', [closeAnswered(1_005, 1_005)]],
    ['words', 'two events where one may be', [offered({ events: 2, isOneByOne: true })]],
    ['words', 'more than a request may hold', [offered({ bytes: 200_001 })]],
    ['clients-told', 'one who stays', [client('0:1', true), at('quiet', 9_000)]],
    [
      'clients-told',
      'one who goes twice',
      [client('0:1', true), client('0:1', false), client('0:1', false)],
    ],
    ['clients-told', 'one who comes twice', [client('0:1', true), client('0:1', true)]],
    [
      'clients-told',
      'one who goes by another route',
      [client('0:1', true), client('0:1', false, { route: 'two' })],
    ],
    [
      'routes-followed',
      'one who comes by a route that is no more',
      [written(1), at('healed', 1), { ...client('0:1', true), atMs: 9_000 }],
    ],
    [
      'routes-followed',
      'one who comes by a route that is not yet',
      [written(1), client('0:1', true, { route: 'one.2' })],
    ],
    [
      'sendings-told',
      'an item for two, of whom there is one',
      [sends('x-s1-0-0', 'ws-message', 2)],
    ],
    [
      'sendings-told',
      'an item for all who follow, in whatever way',
      [
        ...[asked('ws', { channels: [C] }), asked('stream', { channels: [C], client: 2 })],
        ...[at('healed', 1), { ...sends(C, 'ws-message', 2), atMs: 5_000 }],
      ],
    ],
    [
      'sendings-told',
      'an item of which nobody was told',
      [began, sends(C, 'http-stream'), asked('ws', { channels: [C] }), opened, heard(1, C)],
    ],
    ['requests-logged', 'another status', [...staged(), logged('code=200 bytes=3')]],
    [
      'requests-logged',
      'not who asked',
      [...staged(SEEN, { isFromLogged: true }), logged('code=404 bytes=3 referer=r')],
    ],
    [
      'requests-logged',
      'what nobody wants to know',
      [...staged(SEEN), logged('code=404 bytes=3 referer=r agent=a')],
    ],
    ['requests-logged', 'nothing', [...staged(), at('quiet', 9_000)]],
    [
      'requests-logged',
      'a request as asked again that was asked once',
      [...staged({ shape: 'poll' }), logged('isHeld=true', true)],
    ],
    [
      'requests-logged',
      'a stream twice',
      [...staged({ shape: 'stream' }), logged('isHeld=true'), logged('isHeld=true', true)],
    ],
    [
      'errands-answered',
      'nonsense is published',
      [ran('post-list'), answers('post-list', '200 Published\n')],
    ],
    [
      'intervals',
      'asked about nothing, and wants not to be',
      [asked('ws'), opened, offered({ events: 0, intervalS: 0 })],
    ],
    [
      'intervals',
      'not asked for long',
      [asked('ws'), opened, offered({ intervalS: 20 }), at('holdersLeft', 30_000)],
    ],
    [
      'errands-answered',
      'a page of another form',
      [ran('sock-info'), answers('sock-info', '200 OK || {}\n')],
    ],
    [
      'errands-answered',
      'an origin that is not reminded',
      [
        ran('reminded'),
        answers('reminded', 'upgraded // OPEN / TEXT one / TEXT two / TEXT three / DISCONNECT'),
      ],
    ],
    [
      'errands-answered',
      'nobody is there',
      [
        ran('command-check-one'),
        answers('command-check-one', '36:2:id,1:1,7:success,4:true!5:value,0:]}'),
      ],
    ],
    [
      'errands-answered',
      'a command of another number',
      [
        ran('command-refresh'),
        answers('command-refresh', '37:2:id,1:2,7:success,4:true!5:value,0:~}'),
      ],
    ],
    [
      'errands-answered',
      'an origin is asked again too often',
      [
        ran('asked-in-vain'),
        answers(
          'asked-in-vain',
          '+0 upgraded / +66 cut // +0 OPEN / +0 TEXT one / +1 TEXT one / +3 TEXT one / +4 TEXT one / +8 TEXT one / +16 TEXT one / +32 TEXT one',
        ),
      ],
    ],
    [
      'errands-answered',
      'a poll ends too soon',
      [
        ran('poll-of-its-own-time'),
        answers('poll-of-its-own-time', '+50 200 OK | x-a: 1 || in the end\n'),
      ],
    ],
    ['errands-answered', 'never', [ran('put'), at('quiet', 9_000)]],
    [
      'errands-noticed',
      'in 2 blocks',
      [
        ran('noticed-ws'),
        ...noticed('noticed-ws', 'follows ws 1', 'ws-message a to 1 in 2 blocks', 'follows ws 0'),
        at('quiet', 9_000),
      ],
    ],
    [
      'errands-noticed',
      "is told 'http comes'",
      [ran('noticed-request'), ...noticed('noticed-request', 'http comes'), at('quiet', 9_000)],
    ],
    [
      'idlers',
      'a page is not told that its node goes',
      [...opensPage, nodeGoes(2_000), crashes(2_300), pageHears('reset', 2_300)],
    ],
    ['idlers', 'a page is sent away', [...opensPage, pageHears('c[1001,"going away"]', 2_100)]],
    ['idlers', 'a page hears a word again', [...opensPage, pageHears('a["1","2","2"]', 100)]],
    ['idlers', 'a page hears anything', [...opensPage, pageHears('<html>', 100)]],
    [
      'idlers',
      'a page is taken for two',
      [
        ...opensPage,
        ...Array.from({ length: 8 }, (_, place) => pageHears(ALONE, 1_000 + place * 300)),
      ],
    ],
    [
      'idlers',
      'a page waits for a session that is no more',
      [...opensPage, crashes(1_000), talks('Not Found', 3_000)],
    ],
    [
      'errands-answered',
      'one of two',
      [ran('put'), ran('put'), answers('put', PUT), at('quiet', 9_000)],
    ],
  ];

describe('a clean history breaks nothing', () => {
  test.each(Object.entries(clean))('%s', (_, records) => {
    expect(judgeTrace(history(...TOLD, ...records), gatewayInvariants)).toEqual([]);
  });
});

describe('a planted lie is found', () => {
  test.each(planted)('by %s: %s', (property, _, records) => {
    expect(broken(...records)).toContain(property);
  });

  test('by every invariant there is', () => {
    const found = new Set(planted.map(([property]) => property));
    // Those of scenes are judged in scene-invariants.test.ts.
    const judged = gatewayInvariants
      .filter((invariant) => !sceneInvariants.includes(invariant))
      .map(({ property }) => property);
    expect(judged.filter((property) => !found.has(property))).toEqual([]);
  });
});
