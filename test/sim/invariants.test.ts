// Every judge is judged: on a clean history it says nothing, and each planted lie is found by the invariant that is
// there to find it. Histories are written by hand, so nothing of the product can excuse a judge.

import { describe, expect, test } from 'vitest';

import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { homeDefaults } from '../../src/actors/node.ts';
import { invariants } from '../../src/sim/invariants/all.ts';
import { judgeTrace } from '../../src/sim/simulate.ts';
import type { TracedFault, TraceEvent, TraceRecord } from '../../src/sim/trace.ts';

/** Records as tests write them: what is numbered in the run is numbered by `history`. */
type Written = Readonly<Record<string, unknown>> & { readonly kind: TraceRecord['kind'] };

const reader = { node: 0, client: 1, connection: 11 };
const other = { node: 0, client: 2, connection: 12 };
const author = { node: 0, client: 3, connection: 13 };
const babbler = { node: 0, client: 4, connection: 14 };
const topic = 'a';

const sent = (sequence: number, more: object = {}): Written => ({
  kind: 'publishSent',
  topic,
  id: undefined,
  publisher: 3,
  sequence,
  dataBytes: 50,
  bytesName: 100 + sequence,
  isRepeat: false,
  ...author,
  ...more,
});
const acked = (sequence: number, offset: number, more: object = {}): Written => ({
  kind: 'published',
  topic,
  id: undefined,
  publisher: 3,
  sequence,
  position: { epoch: 'e', offset },
  isDuplicate: false,
  ...author,
  ...more,
});
const heard = (sequence: number, offset: number, more: object = {}): Written => ({
  kind: 'message',
  topic,
  position: { epoch: 'e', offset },
  id: `e:${offset}`,
  saidTopic: topic,
  publisher: 3,
  sequence,
  bytesName: 100 + sequence,
  ...reader,
  ...more,
});
const ack = (offset: number, more: object = {}): Written => ({
  kind: 'subscribed',
  topic,
  since: undefined,
  envelope: true,
  position: { epoch: 'e', offset },
  recovered: undefined,
  ...reader,
  ...more,
});
const gap = (from: number, to: number | undefined, more: object = {}): Written => ({
  kind: 'gap',
  topic,
  epoch: 'e',
  from,
  to,
  reason: 'slow',
  ...reader,
  ...more,
});
const lagged = (more: { queuedBytes?: number; stalledUs?: number }): Written => ({
  kind: 'lagged',
  node: 0,
  shard: 0,
  queuedBytes: 1,
  queueBytesMax: 16_384,
  stalledUs: 0,
  stallTimeoutUs: 3_000_000,
  ...more,
});
const joined = (
  who: { node: number; client: number },
  behaviour: 'steady' | 'malformed',
  topics: string[] = [],
): Written => ({
  kind: 'joined',
  node: who.node,
  client: who.client,
  behaviour,
  topics,
  ...{ publishes: [], transport: 'ws', readsPerSecond: 0 },
  windowBytes: 1_048_576,
});
const narrow: Written = { ...joined(reader, 'steady'), windowBytes: 4_096 };
/** Takes more than a megabyte a second. */
const brisk = (who = reader): Written => ({
  ...joined(who, 'steady', [topic]),
  ...{ behaviour: 'slow', readsPerSecond: 1_200_000 },
});
const connected = (who = reader): Written => ({
  kind: 'connected',
  transport: 'ws',
  remote: '10.0.0.1',
  ...who,
});
const closed = (code: number, who = reader): Written => ({
  kind: 'closed',
  code,
  reason: REASONS[code] ?? '',
  by: 'server',
  ...who,
});
const REASONS: Readonly<Record<number, string>> = {
  1001: 'going away',
  1002: 'reserved opcode',
};
const welcoming = (welcome: boolean): Written => ({
  ...began({ welcome }),
});
const greeted = (isWelcome: boolean): Written => ({ kind: 'greeted', isWelcome, ...reader });
const puzzled = (expected: string, door = 'ws'): Written => ({
  kind: 'asked',
  door,
  text: '{',
  expected,
  ...reader,
});
const answered = (expected: string, told: string, door = 'ws'): Written => ({
  kind: 'answered',
  door,
  expected,
  heard: told,
  isRight: told === expected,
  ...reader,
});
/** An info that is asked, and then given up with one that is followed. */
const infoAsked: Written = {
  ...puzzled('own has 1, is at 0 and keeps 0'),
  text: '{"type":"topic_info","topic":"own"}',
};
const unfollowAsked: Written = {
  ...puzzled('unsubscribed from own'),
  text: '{"type":"unsubscribe","topic":"own"}',
};
const infoTold = answered('own has 1, is at 0 and keeps 0', 'own has 0, is nowhere and keeps 0');
const brokenSent = (reason: string | undefined): Written => ({
  kind: 'brokenSent',
  what: 'opcode 3',
  code: 1002,
  reason,
  ...babbler,
});

const listed = (...topics: (readonly [string, number])[]): Written => ({
  kind: 'listed',
  topics,
  ...reader,
});
const informed = (more: object = {}): Written => ({
  kind: 'informed',
  topic,
  subscribers: 1,
  position: { epoch: 'e', offset: 2 },
  history: 2,
  ...reader,
  ...more,
});
const counted = (connections: number, actors: number): Written => ({
  kind: 'counted',
  node: 0,
  shard: 0,
  connections,
  actors,
  actorsAlways: 3,
});
/** Its session was told what it cannot bear. */
const poisoned: Written = { kind: 'poisoned', how: 'word', address: '0/broker/ws:1', ...reader };
const fell: Written = {
  kind: 'actorFailed',
  node: 0,
  shard: 0,
  address: '0/broker/ws:1',
  error: 'no',
};
const closedForBug: Written = { ...closed(1011), reason: 'internal error' };
const sampledAt = (atMs: number): Written => ({
  ...{ kind: 'sampled', node: 0, shard: 0, waiting: 0, waitingMax: 10 },
  ...{ outstandingBytes: 0, outstandingBytesMax: 1 },
  atMs,
});
const bare = { envelope: false, position: undefined };
const heardBare = (sequence: number): Written =>
  heard(sequence, 0, { position: undefined, id: undefined, topic: undefined });
const began = (
  broker: object = {},
  home: object = {},
  faults: readonly TracedFault[] = [],
): Written => ({
  kind: 'began',
  seed: 1,
  shards: 1,
  homes: [],
  faults,
  broker: { ...brokerDefaults, pingEveryMs: 2_000, pongTimeoutMs: 1_500, ...broker },
  home: { ...homeDefaults, ...home },
  sites: [],
});
const dropsOldest = began({ slowPolicy: 'drop-oldest', queueBytesMax: 16_384 });
const died: Written = { kind: 'shardCrashed', node: 0, shard: 0 };
const failed = (sequence: number, why: 'refused' | 'unknown'): Written => ({
  kind: 'publishFailed',
  topic,
  publisher: 3,
  sequence,
  why,
  ...author,
});
const holder = (who: { node: number; client: number }, token: object = {}): Written => ({
  ...joined(who, 'steady', []),
  token: { subscribe: ['a*'], publish: ['a'], expiresInMs: undefined, flaw: undefined, ...token },
});
const letIn = (who = reader, more: object = {}): Written => ({
  kind: 'connected',
  transport: 'ws',
  shard: 0,
  remote: '10.0.0.1',
  askedAt: 0,
  ...who,
  ...more,
});
const turnedAway = (status: number, error: string, more: object = {}): Written => ({
  kind: 'turnedAway',
  transport: 'ws',
  asked: 'subscribe',
  topics: [topic],
  status,
  error,
  headers: { 'www-authenticate': 'Bearer', 'retry-after': '5' },
  shard: 0,
  remote: '10.0.0.1',
  ...other,
  ...more,
});
const refused = (asked: string, error: string, more: object = {}): Written => ({
  kind: 'refused',
  asked,
  topic,
  error,
  ...reader,
  ...more,
});
const pinged = (atMs: number, who = reader): Written => ({
  kind: 'pinged',
  transport: 'ws',
  atMs,
  ...who,
});
const healed = (atMs: number): Written => ({ kind: 'healed', atMs });
const quiet = (atMs: number): Written => ({ kind: 'quiet', atMs });
/** What a shard counts, where all is as it should be. */
const kept = (more: object = {}): Written => ({
  kind: 'booksKept',
  node: 0,
  shard: 0,
  ...{ historyBytes: 0, historyBytesThere: 0, lagging: 0, wanted: 0, wantedThere: 0 },
  ...{ idleBytes: 0, orphans: [], keptAliveGone: 0, sums: [] },
  ...more,
});
/** Looked at four times a second. */
const waits = (fromMs: number, toMs: number, more: object = {}): Written[] =>
  Array.from({ length: (toMs - fromMs) / 250 + 1 }, (_, look) => ({
    kind: 'publisherWaits',
    atMs: fromMs + look * 250,
    ...{ node: 0, shard: 0, serverConnection: 1, holds: 1, isKnown: true },
    heldSince: fromMs * 1_000,
    ...more,
  }));
const routesSeen = (more: object): Written => ({
  kind: 'routesSeen',
  ...{ node: 0, shard: 0, adrift: [], lags: [], next: undefined },
  ...more,
});
const seenOften = (fromMs: number, toMs: number, more: object): Written[] =>
  Array.from({ length: (toMs - fromMs) / 250 + 1 }, (_, look) => ({
    ...routesSeen(more),
    atMs: fromMs + look * 250,
  }));
const stalled = (node: number, fromMs: number, forMs: number): Written => ({
  ...{ kind: 'chatBegan', nodes: ['n1', 'n2'], terms: {} },
  clusterFaults: [
    ...[{ kind: 'stallNode', one: node, other: 0, at: fromMs * 1_000, durationUs: forMs * 1_000 }],
  ],
});
const lag = (readers: number, tookAtMs: number): object => ({
  lags: [{ topic: 'a', number: 1, shard: 1, readers, tookAt: tookAtMs * 1_000 }],
});
/** A reader of a quiet topic goes when all is well, and comes back. */
const goesAndComes = (backMs: number): Written[] => [
  began({}, { historyAgeMaxMs: 4_000 }),
  { ...ack(0), atMs: 100 },
  healed(1_000),
  { ...closed(1000), by: 'client', atMs: 9_000 },
  { ...ack(0, { position: { epoch: 'f', offset: 0 } }), atMs: backMs },
];
const TOO_MANY = 'Too many messages: at most 2 per second.';
const NO_ROOM = 'Too many topics: the node has no room for another.';
const since = { epoch: 'e', offset: 1 };
const published = [sent(0), sent(1), sent(2), sent(3)];

const silent = { ...joined(reader, 'steady'), behaviour: 'mute' } as Written;
/** A reader at a good pace has taken nothing for a second. */
const stoodStill: readonly Written[] = [
  began({}, {}, [{ at: 0, kind: 'stallDown', target: reader.client, durationUs: 1e6 }]),
  { ...joined(author, 'steady'), publishes: [topic] },
  ...[brisk(), connected()],
];
const tooSlowAt = (atMs: number): Written => ({ ...closed(1013), reason: 'too slow', atMs });

const asksAt = (atMs: number): Written => ({
  ...{ kind: 'subscribeSent', topic, since, envelope: true, ...reader, atMs },
});

/** Numbers publications and followings as a run would. */
function history(...records: Written[]): TraceEvent[] {
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  };
  const lives = new Map<string, number>();
  const begin = (name: string): void => {
    lives.set(name, (lives.get(name) ?? 0) + 1);
  };
  return records.map((record, seq) => {
    const { publisher, sequence, connection, saidTopic } = record;
    const who = String(connection);
    const about = `${who} ${String(record['topic'] ?? saidTopic)}`;
    if (record.kind === 'closed') begin(who);
    if (record.kind === 'subscribed') begin(about);
    const following = numberOf(`${about}, ${lives.get(who) ?? 0}, ${lives.get(about) ?? 0}`);
    const publication = numberOf(`publication ${String(publisher)}/${String(sequence)}`);
    const event = {
      ...record,
      seq,
      cause: -1,
      at: seq * 1_000,
      following,
      publication,
      ...timed(record),
    };
    return event as unknown as TraceEvent;
  });
}

/** When it happened, where that matters. */
function timed({ atMs, cause = -1 }: Written): object {
  return typeof atMs === 'number' ? { at: atMs * 1_000, cause } : { cause };
}

function broken(...records: Written[]): string[] {
  return judgeTrace(history(...records)).map(({ property }) => property);
}

const rested: Written = { kind: 'rested' };
/** Nobody judges its token. */
const unjudged = holder(other, { judgedAfterMs: 20_000 });
const NO_VERDICT = 'The token was not judged in time.';
const unheard = (atMs: number, who = reader): Written => ({
  kind: 'unheard',
  askedAt: 0,
  atMs,
  ...who,
});
const givenUp = (offset: number, recovered: boolean): Written => ({
  kind: 'recoveryGivenUp',
  ...{ node: 0, shard: 0, topic, since, position: { epoch: 'e', offset }, recovered },
});

const clean: Record<string, Written[]> = {
  'a token that nobody judges': [
    ...[began(), unjudged, turnedAway(503, NO_VERDICT, { askedAt: 0, atMs: 10_100 })],
  ],
  'a token that was judged as its thread stood still': [
    began({}, {}, [{ at: 0, kind: 'pauseNode', target: 0, durationUs: 10e6 }]),
    ...[holder(other), turnedAway(503, NO_VERDICT, { askedAt: 0, atMs: 10_100 })],
  ],
  'who goes before anybody has judged his token': [...[began(), unjudged, unheard(9_000, other)]],
  'who hears nothing while his way is shut': [
    began({}, {}, [{ at: 0, kind: 'stallUp', target: reader.client, durationUs: 4e6 }]),
    ...[joined(reader, 'steady'), unheard(5_000)],
  ],
  'as many subscribers in an ack as there are': [
    ...[joined(reader, 'steady', [topic]), connected(), ack(0)],
    ...[rested, sent(0), heard(0, 1), acked(0, 1, { subscribers: 1 })],
  ],
  'an ack that comes when all is well, of what was sent to a home that is no more': [
    ...[joined(reader, 'steady', [topic]), joined(author, 'steady'), connected(), sent(0)],
    ...[ack(0, { position: { epoch: 'f', offset: 0 } }), { kind: 'healed' } as const],
    ...[acked(0, 149), { kind: 'quiet' } as const],
  ],
  'the same again for whoever follows anew, for which it was left out': [
    ...[joined(reader, 'steady', [topic]), connected(), ack(0)],
    ...[sent(0), acked(0, 1), gap(1, 1, { reason: 'conflated' })],
    ...[ack(1, { since: { epoch: 'e', offset: 0 }, recovered: true }), heard(0, 1), rested],
  ],
  'recoveries that are given up before their turn comes': [givenUp(3, false), givenUp(1, true)],
  'a client that answers no ping has its time, and may not hear that it is over': [
    began({}, {}, [{ at: 9e6, kind: 'narrowLink', target: reader.client, durationUs: 9e7 }]),
    ...[silent, connected(), sampledAt(3_000), sampledAt(60_000)],
  ],
  'a reader that stood still and has not caught up is sent away': [
    ...[...stoodStill, sent(0), sent(1), tooSlowAt(5_000)],
  ],
  'a recovery of what is just young enough': [
    began({}, { historyAgeMaxMs: 4_000 }),
    ...[...published, { ...acked(1, 2), atMs: 1 }, asksAt(4_001)],
    ack(2, { since, recovered: true, atMs: 4_900, cause: published.length + 2 }),
  ],
  'a session that fails, and says so': [
    ...[began(), connected(), poisoned, fell, closedForBug, sampledAt(9_000)],
  ],
  'a session that fails, and says so through a narrow way': [
    ...[began(), narrow, connected(), poisoned, fell, sampledAt(3_900)],
    ...[{ ...closedForBug, atMs: 3_950 }, sampledAt(9_000)],
  ],
  'a topic that nobody used for as long as its history lasts': goesAndComes(13_500),
  'books that are in order, and publishers that wait as long as they may': [
    began(),
    ...waits(1_000, 3_000),
    ...waits(5_000, 5_500, { isKnown: false }),
    kept({ orphans: [4], lagging: 1 }),
    { kind: 'rested' },
    kept({ historyBytes: 500, historyBytesThere: 500 }),
    kept({ sums: [{ what: 'sessions', counted: 2, there: 2 }] }),
  ],
  'routes that are on their way, and readers who take something': [
    began(),
    ...seenOften(1_000, 2_000, { adrift: ['a'] }),
    ...seenOften(3_000, 3_500, lag(0, 0)),
    ...seenOften(5_000, 7_000, lag(1, 6_500)),
    ...seenOften(9_000, 9_750, lag(1, 1_000)),
    routesSeen({ next: { topic: 'a', usedAt: 4, earliestAt: 4 } }),
  ],
  'routes where a thread has just died': [
    began(),
    ...seenOften(1_000, 2_000, { adrift: ['a'] }),
    { kind: 'shardStarted', node: 0, shard: 1, atMs: 2_200 },
    ...seenOften(2_250, 3_000, { adrift: ['a'] }),
  ],
  'routes of a node that stands still when its thread dies': [
    began(),
    stalled(0, 1_000, 5_000),
    { kind: 'shardStarted', node: 0, shard: 1, atMs: 2_200 },
    ...seenOften(2_250, 6_000, { adrift: ['a'] }),
  ],
  'a stranger is sent away as the run ends': [
    connected(),
    ...[{ kind: 'strangerSentAway', node: 0, what: 'otherCluster', isTold: true } as const],
    counted(1, 3),
  ],
  'a publish to a thread that is still starting when the last fault is over': [
    ...[joined(author, 'steady'), connected(author), died, healed(1_000), sent(0)],
    ...[failed(0, 'unknown'), { kind: 'shardStarted', node: 0, shard: 0 } as const, quiet(4_000)],
  ],
  'subscribe, read, unsubscribe': [
    joined(reader, 'steady'),
    connected(),
    ack(0),
    ...published,
    heard(0, 1),
    heard(1, 2),
    { kind: 'unsubscribed', topic, ...reader },
    ack(2),
    heard(2, 3),
  ],
  'a gap that names what is missing': [...published, ack(0), heard(0, 1), gap(2, 3), heard(3, 4)],
  'a home that started anew': [
    ...published,
    ack(0),
    heard(0, 1),
    gap(2, undefined, { reason: 'restarted' }),
    heard(1, 9, { position: { epoch: 'f', offset: 9 }, id: 'f:9' }),
    heard(2, 10, { position: { epoch: 'f', offset: 10 }, id: 'f:10' }),
  ],
  'a recovery': [
    ...published,
    ack(3, { since, recovered: true }),
    heard(1, 2),
    heard(2, 3),
    heard(3, 4),
  ],
  'no recovery': [...published, ack(3, { since, recovered: false }), heard(3, 4)],
  'a repeat under one id': [
    sent(0, { id: 'x' }),
    sent(0, { id: 'x', isRepeat: true }),
    acked(0, 1, { id: 'x' }),
    acked(0, 1, { id: 'x', isDuplicate: true }),
  ],
  'an id that is older than what is remembered': [
    began({}, { historyAgeMaxMs: 2 }),
    sent(0, { id: 'x' }),
    acked(0, 1, { id: 'x' }),
    sent(0, { id: 'x', isRepeat: true }),
    acked(0, 2, { id: 'x' }),
  ],
  'nonsense and its end': [
    joined(babbler, 'malformed'),
    connected(babbler),
    { kind: 'unexpected', what: 'error', ...babbler },
    brokenSent('reserved opcode'),
    closed(1002, babbler),
  ],
  'a welcome where one is set': [welcoming(true), connected(), greeted(true)],
  'no welcome where none is': [welcoming(false), connected(), greeted(false)],
  'three quarters of a queue wait behind what was dropped': [
    ...[dropsOldest, ...Array.from({ length: 60 }, (_, at) => sent(at, { dataBytes: 300 }))],
    ...[acked(0, 1), ack(0), gap(1, 10)],
    ...Array.from({ length: 50 }, (_, at) => heard(at + 10, at + 11)),
    { kind: 'quiet' },
  ],
  'mistakes, and what they are told': [
    puzzled('error a'),
    puzzled('error b'),
    answered('error a', 'error a'),
    answered('error b', 'error b'),
    puzzled('error a'),
    closed(1001),
    { kind: 'quiet' },
  ],
  '[SHARD-2] an info that was asked again behind an unsubscribe': [
    infoAsked,
    unfollowAsked,
    died,
    infoTold,
    answered('unsubscribed from own', 'unsubscribed from own'),
    { kind: 'quiet' },
  ],
  'a census that is true': [
    connected(),
    ack(0),
    ...published,
    heard(0, 1),
    heard(1, 2),
    listed([topic, 1]),
    informed(),
    counted(1, 4),
    { kind: 'quiet' },
  ],
  'a memory that is too short for what was missed': [
    began({}, { historyCountMax: 1 }),
    ...published,
    acked(0, 1),
    acked(1, 2),
    acked(2, 3),
    ack(3, { since, recovered: false }),
  ],
  'bare data with a gap that was told of': [
    ...published,
    acked(0, 1),
    acked(1, 2),
    acked(2, 3),
    ack(0, bare),
    heardBare(0),
    gap(2, 2),
    heardBare(2),
    { kind: 'quiet' },
  ],
  'a silence that the network explains': [
    began({}, {}, [{ at: 0, kind: 'cut', target: reader.client, durationUs: 0 }]),
    joined(reader, 'steady'),
    connected(),
    { ...closed(1011), reason: 'ping timeout' },
  ],
  'a fate that a death hides': [sent(0), died, failed(0, 'unknown')],
  'a topic that begins anew after a death': [
    began(),
    ...published,
    acked(0, 1),
    died,
    acked(1, 1, { position: { epoch: 'f', offset: 1 } }),
  ],
  'rest behind what a policy left out': [
    joined(reader, 'steady', [topic]),
    connected(),
    ...published,
    acked(0, 1),
    acked(1, 2),
    ack(0),
    gap(1, 2),
    { kind: 'rested' },
  ],
  'rights that are kept to': [
    began(),
    holder(reader),
    holder(other, { flaw: 'broken' }),
    holder(author),
    letIn(),
    turnedAway(401, 'The token is not valid.'),
    ack(0),
    refused('subscribe', 'Not allowed to subscribe to b', { topic: 'b' }),
    sent(0),
    heard(0, 1),
  ],
  'limits that are kept to': [
    began({ subscriptionsMax: 1, connectionsMax: 1, messagesPerSecondMax: 2 }),
    letIn(),
    greeted(true),
    ack(0),
    refused('subscribe', 'Too many subscriptions: at most 1 per connection.', { topic: 'b' }),
    turnedAway(503, 'Too many connections.', { atMs: 19_000 }),
    pinged(19_000),
    quiet(20_000),
  ],
  'an id that was forgotten': [
    began({}, { dedupeIdsMax: 1 }),
    sent(0, { id: 'x' }),
    sent(0, { id: 'x', isRepeat: true }),
    acked(0, 1, { id: 'x' }),
    acked(0, 3, { id: 'x' }),
  ],
  'all is well in the end': [
    joined(reader, 'steady', [topic]),
    connected(),
    ack(0),
    { kind: 'healed' },
    sent(0),
    acked(0, 1),
    heard(0, 1),
    { kind: 'quiet' },
  ],
};

const planted: [string, string, Written[]][] = [
  [
    'dropping',
    '[BROKER-SLOW-3] nothing waits behind what was dropped',
    [dropsOldest, sent(0), sent(1), ack(0), gap(1, 1), heard(1, 2), { kind: 'quiet' }],
  ],
  [
    'dropping',
    '[BROKER-SLOW-3] what waits there was published later',
    [
      ...[dropsOldest, sent(0), ack(0), gap(1, 1)],
      ...Array.from({ length: 60 }, (_, at) => [
        sent(at + 1, { dataBytes: 300 }),
        heard(at + 1, at + 2),
      ]).flat(),
      { kind: 'quiet' },
    ],
  ],
  ['windows', '[BROKER-SUB-2] a message before the ack', [...published, heard(0, 1)]],
  [
    'windows',
    '[BROKER-SUB-2] a message after the ack of the unsubscribe',
    [...published, ack(0), { kind: 'unsubscribed', topic, ...reader }, heard(0, 1)],
  ],
  [
    'windows',
    '[BROKER-SUB-4] a message for a subscription of the connection before',
    [...published, ack(0), closed(1001), connected(), heard(0, 1)],
  ],
  [
    'offset-steps',
    '[BROKER-ORD-2] an offset left out without a word',
    [...published, ack(0), heard(0, 1), heard(2, 3)],
  ],
  [
    'offset-steps',
    '[BROKER-ORD-2] an offset twice',
    [...published, ack(0), heard(0, 1), heard(0, 1)],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a gap that does not name all that is missing',
    [...published, ack(0), heard(0, 1), gap(2, 2), heard(3, 4)],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a gap that names what was delivered',
    [...published, ack(0), heard(0, 1), gap(1, 3), heard(3, 4)],
  ],
  [
    'offset-steps',
    '[BROKER-ORD-2] a new epoch without a word',
    [
      ...published,
      ack(0),
      heard(0, 1),
      heard(1, 1, { position: { epoch: 'f', offset: 1 }, id: 'f:1' }),
    ],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a gap without an end that no restart explains',
    [...published, ack(0), gap(1, undefined, { reason: 'slow' })],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a restart that names the new epoch',
    [...published, ack(0), heard(0, 1), gap(2, undefined, { epoch: 'f', reason: 'restarted' })],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a restart that names what was delivered',
    [...published, ack(0), heard(0, 1), gap(1, undefined, { reason: 'restarted' })],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a gap of an epoch behind the word that it is over',
    [...published, ack(0), heard(0, 1), gap(2, undefined, { reason: 'restarted' }), gap(2, 3)],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a gap behind a restart that ends before it begins',
    [...published, ack(0), gap(1, undefined, { reason: 'restarted' }), gap(3, 2, { epoch: 'f' })],
  ],
  [
    'offset-steps',
    '[BROKER-FRAME-5] a gap that is told behind an ack for what was before it',
    [...published, ack(2), gap(2, 2)],
  ],
  [
    'offset-steps',
    '[BROKER-SUB-2] a second ack with another place than its reader has',
    [...published, ack(0), heard(0, 1), ack(3)],
  ],
  [
    'recovery',
    '[BROKER-REC-1] a recovery that leaves one out',
    [...published, ack(3, { since, recovered: true }), heard(2, 3)],
  ],
  [
    'recovery',
    '[BROKER-REC-2] a replay after recovered: false',
    [...published, ack(3, { since, recovered: false }), heard(1, 2)],
  ],
  [
    'recovery',
    '[BROKER-REC-3] a recovery across epochs',
    [ack(3, { since: { epoch: 'd', offset: 1 }, recovered: true })],
  ],
  [
    'recovery',
    '[BROKER-REC-3] recovered: false for one who missed nothing',
    [ack(1, { since, recovered: false })],
  ],
  ['recovery', '[BROKER-FRAME-2] no word about a recovery that was asked for', [ack(1, { since })]],
  [
    'one-order',
    '[BROKER-ORD-3] two readers, two orders',
    [...published, ack(0), ack(0, other), heard(0, 1), heard(1, 1, other)],
  ],
  [
    'one-order',
    "[BROKER-ORD-3] a connection's publications out of order",
    [...published, ack(0), heard(1, 1), heard(0, 2)],
  ],
  [
    'one-order',
    '[BROKER-DUP-1] one publication at two places',
    [...published, ack(0), heard(0, 1), heard(0, 2)],
  ],
  [
    'one-order',
    '[BROKER-PUB-3] an ack with another place than readers see',
    [...published, ack(0), heard(0, 1), acked(0, 2)],
  ],
  ['one-order', '[BROKER-ORD-1] a place before the first', [...published, ack(-1), heard(0, 0)]],
  [
    'integrity',
    '[BROKER-DATA-1] other bytes',
    [...published, ack(0), heard(0, 1, { bytesName: 7 })],
  ],
  [
    'integrity',
    '[BROKER-PUB-1] another topic',
    [...published, ack(0), ack(0, { topic: 'b' }), heard(0, 1, { topic: 'b' })],
  ],
  [
    'integrity',
    '[BROKER-PUB-1] another node',
    [...published, ack(0, { node: 1 }), heard(0, 1, { node: 1 })],
  ],
  ['integrity', '[BROKER-DATA-1] what nobody published', [ack(0), heard(0, 1)]],
  ['integrity', '[BROKER-ENV-1] another id', [...published, ack(0), heard(0, 1, { id: 'e:2' })]],
  [
    'acks',
    '[BROKER-DUP-1] one id at two places',
    [
      sent(0, { id: 'x' }),
      sent(0, { id: 'x', isRepeat: true }),
      acked(0, 1, { id: 'x' }),
      acked(0, 2, { id: 'x', isDuplicate: true }),
    ],
  ],
  [
    'acks',
    '[BROKER-FRAME-3] new for the second time',
    [
      sent(0, { id: 'x' }),
      sent(0, { id: 'x', isRepeat: true }),
      acked(0, 1, { id: 'x' }),
      acked(0, 1, { id: 'x' }),
    ],
  ],
  [
    'acks',
    '[BROKER-DUP-1] new for the second time before its id has aged',
    [
      began({}, { historyAgeMaxMs: 10 }),
      sent(0, { id: 'x' }),
      sent(0, { id: 'x', isRepeat: true }),
      acked(0, 1, { id: 'x' }),
      acked(0, 2, { id: 'x' }),
    ],
  ],
  [
    'one-order',
    '[BROKER-DUP-1] two places before its id has aged',
    [
      began({}, { historyAgeMaxMs: 10 }),
      sent(0, { id: 'x' }),
      sent(0, { id: 'x', isRepeat: true }),
      acked(0, 1, { id: 'x' }),
      acked(0, 2, { id: 'x' }),
    ],
  ],
  [
    'acks',
    '[BROKER-FRAME-3] a duplicate of nothing',
    [sent(0, { id: 'x' }), acked(0, 1, { id: 'x', isDuplicate: true })],
  ],
  ['acks', '[BROKER-PUB-3] an ack of what nobody sent', [acked(0, 1)]],
  [
    'bounds',
    '[BROKER-SLOW-1] mailboxes that grow',
    [
      {
        kind: 'sampled',
        node: 0,
        shard: 0,
        waiting: 11,
        waitingMax: 10,
        outstandingBytes: 0,
        outstandingBytesMax: 1,
      },
    ],
  ],
  [
    'bounds',
    '[BROKER-SLOW-2] a connection that is given more than its window',
    [
      {
        kind: 'sampled',
        node: 0,
        shard: 0,
        waiting: 0,
        waitingMax: 10,
        outstandingBytes: 2,
        outstandingBytesMax: 1,
      },
    ],
  ],
  [
    'bounds',
    '[BROKER-SLOW-2] a queue that grows beyond its limit',
    [lagged({ queuedBytes: 100_000 })],
  ],
  [
    'bounds',
    '[BROKER-SLOW-5] a reader that takes nothing, and is kept',
    [lagged({ stalledUs: 6_000_000 })],
  ],
  [
    'census',
    '[BROKER-FRAME-3] more subscribers in an ack than there are',
    [
      ...[joined(reader, 'steady', [topic]), connected(), ack(0)],
      ...[rested, sent(0), acked(0, 1, { subscribers: 2 })],
    ],
  ],
  [
    'bounds',
    '[BROKER-SLOW-5] a reader that takes something, and is taken for one that stands still',
    [{ kind: 'receiptUnnoted', node: 0, shard: 0, unnotedUs: 1 }],
  ],
  [
    'recovery',
    '[BROKER-REC-6] a recovery that was given up, and brings what was missed',
    [givenUp(3, true)],
  ],
  [
    'books',
    '[BROKER-REC-6] more recoveries of one reader at a time than four',
    [kept({ sums: [{ what: 'recoveries', counted: 5, there: 5, most: 4 }] })],
  ],
  [
    'rest',
    '[BROKER-REQ-4] a question over HTTP without an answer',
    [began(), joined(reader, 'steady'), unheard(5_000)],
  ],
  [
    'rest',
    '[BROKER-AUTH-5] a token that nobody judges, and no word of it',
    [began(), unjudged, unheard(15_000, other)],
  ],
  [
    'rights',
    '[BROKER-AUTH-5] told too soon that nobody has judged a token',
    [began(), unjudged, turnedAway(503, NO_VERDICT, { askedAt: 0, atMs: 9_000 })],
  ],
  [
    'rights',
    '[BROKER-AUTH-5] told too late that nobody has judged a token',
    [began(), unjudged, turnedAway(503, NO_VERDICT, { askedAt: 0, atMs: 14_000 })],
  ],
  [
    'rights',
    '[BROKER-AUTH-5] told that nobody has judged a token which was judged',
    [began(), holder(other), turnedAway(503, NO_VERDICT, { askedAt: 0, atMs: 10_100 })],
  ],
  [
    'rights',
    '[BROKER-AUTH-5] not told when to come back',
    [began(), unjudged, turnedAway(503, NO_VERDICT, { askedAt: 0, atMs: 10_100, headers: {} })],
  ],
  [
    'rights',
    '[BROKER-AUTH-5] another answer to a token that nobody judges',
    [began(), unjudged, turnedAway(401, NO_VERDICT, { askedAt: 0, atMs: 10_100 })],
  ],
  [
    'rights',
    '[BROKER-AUTH-5] let in though nobody has judged its token',
    [began(), unjudged, letIn(other, { atMs: 10_100 })],
  ],
  [
    'frames',
    '[BROKER-FRAME-1] a blank that is missing',
    [{ kind: 'misworded', text: '{"type":"error"}', correction: '{"type": "error"}', ...reader }],
  ],
  [
    'mistakes',
    '[BROKER-REQ-2] another sentence',
    [puzzled('error a'), answered('error a', 'error b')],
  ],
  ['mistakes', '[BROKER-REQ-4] an answer to nothing', [answered('error a', 'error a')]],
  ['mistakes', '[BROKER-LIST-2] nobody, and no thread died', [infoAsked, unfollowAsked, infoTold]],
  ['mistakes', '[BROKER-LIST-2] nobody, and nobody has left', [infoAsked, died, infoTold]],
  [
    'mistakes',
    '[BROKER-LIST-2] nobody, of a thread that was there again',
    [died, { kind: 'shardStarted', node: 0, shard: 0 }, infoAsked, unfollowAsked, infoTold],
  ],
  ['mistakes', '[BROKER-REQ-4] no answer', [puzzled('error a'), { kind: 'quiet' }]],
  [
    'requests',
    '[BROKER-HTTP-4] another status',
    [puzzled('404', 'http'), answered('404', '405', 'http')],
  ],
  [
    'close-codes',
    '[WS-FRAME-3] another reason',
    [connected(babbler), brokenSent('reserved bit set'), closed(1002, babbler)],
  ],
  [
    'close-codes',
    '[WS-FRAME-3] no close',
    [connected(babbler), brokenSent('reserved opcode'), { kind: 'quiet' }],
  ],
  ['close-codes', '[BROKER-CLOSE-1] a close for a bug', [connected(), closed(1011)]],
  ['close-codes', '[BROKER-CLOSE-5] a close that nobody is owed', [connected(), closed(1000)]],
  ['welcome', '[BROKER-WS-1] no welcome', [welcoming(true), connected(), greeted(false)]],
  [
    'welcome',
    '[BROKER-WS-1] a welcome that is off',
    [welcoming(false), connected(), greeted(true)],
  ],
  ['welcome', '[BROKER-WS-1] not a word', [welcoming(true), connected(), { kind: 'quiet' }]],
  [
    'isolation',
    '[BROKER-ISO-1] a well-behaved client closed for broken framing',
    [joined(reader, 'steady'), connected(), closed(1002)],
  ],
  [
    'conversation',
    '[BROKER-REQ-4] an answer to nothing',
    [joined(reader, 'steady'), connected(), { kind: 'unexpected', what: 'ack', ...reader }],
  ],
  [
    'no-failures',
    '[BROKER-CLOSE-1] a bug, whatever became of it',
    [{ kind: 'actorFailed', node: 0, shard: 0, address: '0/router', error: 'no' }],
  ],
  [
    'no-failures',
    '[BROKER-CLOSE-1] one that fails once more than it had to',
    [connected(), poisoned, fell, fell],
  ],
  [
    'last-words',
    '[BROKER-CLOSE-1] a session that failed, and left its client behind',
    [began(), connected(), poisoned, fell, sampledAt(1_600)],
  ],
  [
    'last-words',
    '[BROKER-CLOSE-1] a session that failed, and left its client behind, however narrow its way',
    [began(), narrow, connected(), poisoned, fell, sampledAt(4_100)],
  ],
  [
    'last-words',
    '[RUN-3] somebody who was closed with it',
    [
      ...[began(), connected(), connected(other), poisoned, fell, closedForBug],
      { ...closedForBug, ...other },
    ],
  ],
  ['census', '[BROKER-LIST-1] a subscriber too many', [connected(), ack(0), listed([topic, 2])]],
  ['census', '[BROKER-LIST-1] a topic that is not listed', [connected(), ack(0), listed()]],
  [
    'census',
    '[BROKER-SUB-4] a topic whose only subscriber has left',
    [connected(), ack(0), closed(1000), listed([topic, 1])],
  ],
  [
    'census',
    '[BROKER-LIST-2] another place than its reader has',
    [...published, connected(), ack(0), heard(0, 1), informed()],
  ],
  [
    'census',
    '[BROKER-LIST-2] more history than there was',
    [...published, connected(), ack(2), informed({ history: 3 })],
  ],
  ['census', '[BROKER-LIM-2] an actor that nobody needs', [connected(), counted(1, 5)]],
  ['census', '[BROKER-LIM-2] a connection that has no actor', [connected(), counted(1, 3)]],
  [
    'census',
    '[BROKER-SUB-4] a connection of somebody who is gone',
    [connected(), closed(1000), counted(1, 4), { kind: 'quiet' }],
  ],
  [
    'memory',
    '[BROKER-REC-1] what is remembered is said to be lost',
    [began(), ...published, acked(1, 2), acked(2, 3), ack(3, { since, recovered: false })],
  ],
  [
    'memory',
    '[BROKER-REC-3] more is recovered than is to be remembered',
    [began({}, { historyCountMax: 1 }), ...published, ack(3, { since, recovered: true })],
  ],
  ...[acked(1, 2), heard(1, 2, { client: 5, connection: 15 })].map(
    (placed): [string, string, Written[]] => [
      'memory',
      `[BROKER-REC-3] what is too old is recovered, of which a ${placed.kind} told`,
      [
        began({}, { historyAgeMaxMs: 4_000 }),
        ...[...published, placed, asksAt(4_006)],
        ack(2, { since, recovered: true, atMs: 4_007, cause: published.length + 2 }),
      ],
    ],
  ),
  [
    'memory',
    '[BROKER-REC-3] more is said to be remembered than may be',
    [began({}, { historyCountMax: 1 }), ...published, acked(1, 2), informed()],
  ],
  [
    'memory',
    '[BROKER-REC-3] more bytes are recovered than are to be remembered',
    [
      began({}, { historyBytesMax: 60 }),
      ...[...published, acked(1, 2), acked(2, 3)],
      ack(3, { since, recovered: true }),
    ],
  ],
  [
    'memory',
    '[BROKER-REC-3] less is said to be remembered than must be',
    [began(), ...published, acked(0, 1), acked(1, 2), informed({ history: 1 })],
  ],
  [
    'conservation',
    '[BROKER-PUB-1] one lost among bare data',
    [
      ...published,
      acked(0, 1),
      acked(1, 2),
      acked(2, 3),
      ack(0, bare),
      heardBare(0),
      heardBare(2),
      { kind: 'quiet' },
    ],
  ],
  [
    'liveness',
    '[BROKER-LIVE-1] a reader who never came back',
    [
      joined(reader, 'steady', [topic]),
      connected(),
      ack(0),
      closed(1006),
      { kind: 'healed' },
      { kind: 'quiet' },
    ],
  ],
  [
    'liveness',
    '[BROKER-LIVE-1] a subscription that never stood',
    [joined(reader, 'steady', [topic]), connected(), { kind: 'healed' }, { kind: 'quiet' }],
  ],
  [
    'liveness',
    '[BROKER-LIVE-1] a reader who did not get the last one',
    [
      joined(reader, 'steady', [topic]),
      connected(),
      ack(0),
      { kind: 'healed' },
      sent(0),
      acked(0, 1),
      { kind: 'quiet' },
    ],
  ],
  [
    'liveness',
    '[BROKER-LIVE-1] a publish that was never answered',
    [joined(author, 'steady'), connected(author), { kind: 'healed' }, sent(0), quiet(4_000)],
  ],
  [
    'liveness',
    '[BROKER-LIVE-1] nor one that was sent when the last thread was back',
    [
      ...[joined(author, 'steady'), connected(author), died, { kind: 'healed' } as const],
      ...[{ kind: 'shardStarted', node: 0, shard: 0 } as const, sent(0), quiet(4_000)],
    ],
  ],
  [
    'rights',
    '[BROKER-AUTH-2] let in without a token',
    [began(), holder(reader, { flaw: 'missing' }), letIn()],
  ],
  [
    'rights',
    '[BROKER-AUTH-2] turned away with a good token',
    [began(), holder(other), turnedAway(401, 'The token is not valid.')],
  ],
  [
    'rights',
    '[BROKER-AUTH-2] another reason than that there is none',
    [began(), holder(other, { flaw: 'missing' }), turnedAway(401, 'The token is not valid.')],
  ],
  [
    'rights',
    '[BROKER-AUTH-3] following without the right',
    [began(), holder(reader), letIn(), ack(0, { topic: 'b' })],
  ],
  [
    'rights',
    '[BROKER-AUTH-3] refused with the right',
    [began(), holder(reader), letIn(), refused('subscribe', 'Not allowed to subscribe to a')],
  ],
  [
    'rights',
    '[BROKER-AUTH-3] a publication without the right that is heard',
    [began(), holder(author, { publish: [] }), sent(0), ack(0), heard(0, 1)],
  ],
  [
    'rights',
    '[BROKER-AUTH-4] a publication that is acknowledged where nobody may publish',
    [began({ publish: 'none' }), joined(author, 'steady'), sent(0), acked(0, 1)],
  ],
  [
    'rights',
    '[BROKER-LIST-1] a list with what may not be followed',
    [began(), holder(reader), letIn(), { kind: 'told', asked: 'list', topics: ['b'], ...reader }],
  ],
  [
    'expiry',
    '[BROKER-CLOSE-4] what is published long after the end of the token',
    [
      holder(reader, { expiresInMs: 500 }),
      letIn(),
      ack(0),
      sent(0, { atMs: 9_000 }),
      heard(0, 1, { atMs: 9_001 }),
    ],
  ],
  [
    'expiry',
    '[BROKER-CLOSE-4] a session that outlives its token in silence',
    [holder(reader, { expiresInMs: 500 }), letIn(), quiet(9_000)],
  ],
  [
    'expiry',
    '[BROKER-CLOSE-4] the end before the end of the token',
    [holder(reader, { expiresInMs: 500 }), letIn(), { ...closed(4401), atMs: 400 }],
  ],
  [
    'admission',
    '[BROKER-DOOR-2] one session too many',
    [began({ connectionsMax: 1 }), letIn(), letIn(other), quiet(9_000)],
  ],
  [
    'admission',
    '[BROKER-DOOR-2] one session too many from one address',
    [began({ connectionsPerAddressMax: 1 }), letIn(), letIn(other), quiet(9_000)],
  ],
  [
    'admission',
    '[BROKER-DOOR-2] one session too many from one network',
    [
      ...[began({ connectionsPerAddressMax: 1 }), letIn(reader, { remote: '2001:db9::1' })],
      ...[letIn(other, { remote: '2001:db9::2' }), quiet(9_000)],
    ],
  ],
  [
    'admission',
    '[BROKER-DOOR-2] turned away where there is room',
    [
      began({ connectionsMax: 2 }),
      letIn(),
      turnedAway(503, 'Too many connections.', { atMs: 19_000 }),
      quiet(20_000),
    ],
  ],
  [
    'admission',
    '[BROKER-DOOR-2] no word of when to come back',
    [
      began({ connectionsMax: 1 }),
      letIn(),
      turnedAway(503, 'Too many connections.', { headers: {} }),
    ],
  ],
  [
    'limits',
    '[BROKER-LIM-2] one subscription too many',
    [began({ subscriptionsMax: 1 }), letIn(), ack(0), ack(0, { topic: 'b' })],
  ],
  [
    'limits',
    '[BROKER-LIM-2] refused before the limit',
    [
      began({ subscriptionsMax: 2 }),
      letIn(),
      ack(0, { topic: 'b' }),
      refused('subscribe', 'Too many subscriptions: at most 2 per connection.'),
    ],
  ],
  [
    'limits',
    '[BROKER-LIM-3] refused where there is room',
    [
      began({}, { topicsMax: 2 }),
      letIn(),
      healed(0),
      ack(0, { topic: 'b' }),
      refused('subscribe', NO_ROOM, { atMs: 9_000 }),
    ],
  ],
  [
    'limits',
    '[BROKER-LIM-3] more topics than there are places',
    [began({}, { topicsMax: 1 }), letIn(), ack(0), ack(0, { topic: 'b' }), quiet(9_000)],
  ],
  [
    'rate',
    '[BROKER-LIM-1] refused below the rate',
    [
      began({ messagesPerSecondMax: 2 }),
      letIn(),
      { kind: 'subscribeSent', topic, since: undefined, envelope: true, ...reader },
      refused('subscribe', TOO_MANY, { cause: 2 }),
    ],
  ],
  [
    'rate',
    '[BROKER-LIM-1] obeyed beyond the rate',
    [
      began({ messagesPerSecondMax: 2 }),
      letIn(author),
      ...[0, 1, 2, 3].map((sequence) => sent(sequence)),
      ...[0, 1, 2, 3].map((sequence) => acked(sequence, sequence + 1, { cause: sequence + 2 })),
    ],
  ],
  [
    'keep-alive',
    '[BROKER-KEEP-1] a WebSocket that is never pinged',
    [began(), joined(reader, 'steady'), healed(0), letIn(), quiet(9_000)],
  ],
  [
    'keep-alive',
    '[BROKER-KEEP-1] pinged again too soon',
    [
      began(),
      joined(reader, 'steady'),
      healed(0),
      letIn(reader, { atMs: 7_000 }),
      pinged(8_000),
      pinged(9_000),
    ],
  ],
  [
    'keep-alive',
    '[BROKER-KEEP-1] pinged again too late',
    [
      ...[began(), joined(reader, 'steady'), healed(0), letIn(reader, { atMs: 7_000 })],
      ...[pinged(8_000), pinged(200_000)],
    ],
  ],
  [
    'keep-alive',
    '[SSE-7] a comment too late',
    [
      ...[began({ sseKeepAliveMs: 1_500 }), joined(reader, 'steady'), healed(0)],
      letIn(reader, { transport: 'sse', atMs: 7_000 }),
      ...[8_500, 11_500].map((atMs) => ({ ...pinged(atMs), transport: 'sse' })),
    ],
  ],
  [
    'keep-alive',
    '[BROKER-CLOSE-3] closed though it answers',
    [
      began(),
      joined(reader, 'steady'),
      healed(0),
      letIn(reader, { atMs: 7_000 }),
      pinged(8_000),
      { ...closed(1011), atMs: 9_900 },
    ],
  ],
  [
    'keep-alive',
    '[BROKER-KEEP-1] says everything but that it lives, and stays',
    [
      began({}, {}, [{ at: 0, kind: 'narrowLink', target: other.client, durationUs: 9e6 }]),
      ...[silent, connected(), sampledAt(60_000)],
    ],
  ],
  [
    'keep-alive',
    '[BROKER-CLOSE-3] never answers and stays',
    [
      began(),
      { ...joined(reader, 'steady'), behaviour: 'mute' },
      healed(0),
      letIn(),
      pinged(1_000),
      quiet(9_000),
    ],
  ],
  [
    'keep-alive',
    '[SSE-7] a stream without comments',
    [
      began({ sseKeepAliveMs: 1_500 }),
      joined(reader, 'steady'),
      healed(0),
      letIn(reader, { transport: 'sse' }),
      quiet(9_000),
    ],
  ],
  [
    'unknown',
    '[BROKER-PUB-4] a fate that nothing hides',
    [sent(0), { kind: 'shardCrashed', node: 1, shard: 0 }, failed(0, 'unknown')],
  ],
  [
    'epochs',
    '[BROKER-REC-3] a topic that begins anew, and no thread died',
    [began(), ...published, acked(0, 1), acked(1, 1, { position: { epoch: 'f', offset: 1 } })],
  ],
  [
    'epochs',
    '[BROKER-REC-5] a quiet topic that begins anew though it was left a moment ago',
    goesAndComes(12_500),
  ],
  ['books', '[BROKER-LIM-4] history that is counted twice', [kept({ historyBytes: 500 })]],
  [
    'books',
    '[BROKER-DOOR-2] somebody who was sent away has a seat',
    [kept({ sums: [{ what: 'sessions', counted: 2, there: 1 }] })],
  ],
  [
    'books',
    '[BROKER-DOOR-2] somebody who was let in has no seat',
    [kept({ sums: [{ what: 'sessions', counted: 0, there: 1 }] })],
  ],
  [
    'books',
    '[GRIP-LIMIT-4] deliveries that were made wait ever after',
    [kept({ sums: [{ what: 'deliveries that wait', counted: 7, there: 0 }] })],
  ],
  [
    'books',
    '[GRIP-LIMIT-4] more waits for its rate than is counted',
    [kept({ sums: [{ what: 'bytes that wait for their rate', counted: 512, there: 1_024 }] })],
  ],
  [
    'books',
    '[HP-CONN-2] a connection of the chat is counted out twice',
    [kept({ sums: [{ what: 'connections', counted: 0, there: 1 }] })],
  ],
  [
    'books',
    '[HP-RELAY-13] what a node has acknowledged still weighs',
    [kept({ sums: [{ what: 'bytes on their way to n2', counted: 512, there: 0 }] })],
  ],
  [
    'books',
    '[HP-HIST-4] rooms remember more than they may',
    [kept({ sums: [{ what: 'bytes that rooms remember', counted: 900, there: 900, most: 800 }] })],
  ],
  [
    'books',
    '[HP-DM-10] more waits than may',
    [kept({ sums: [{ what: 'bytes that wait for users', counted: 900, there: 900, most: 800 }] })],
  ],
  [
    'books',
    '[HP-RES-6] what a client has acknowledged still counts',
    [kept({ sums: [{ what: 'messages that nobody has acknowledged', counted: 2, there: 1 }] })],
  ],
  [
    'books',
    '[GRIP-LIMIT-4] an item waits on when its turn has come',
    [kept({ atMs: 3_000, pacedUntil: 2_000_000 })],
  ],
  [
    'books',
    '[GRIP-LIMIT-4] an item waits on, since nothing else comes',
    [kept({ atMs: 3_000, pacedUntil: 3_100_000 }), kept({ atMs: 4_000, pacedUntil: 3_100_000 })],
  ],
  ['books', '[BROKER-SLOW-2] bytes of an empty queue', [kept({ idleBytes: 1 })]],
  ['books', '[BROKER-SUB-4] subscriptions of nobody', [kept({ wanted: 1 })]],
  [
    'books',
    '[BROKER-SUB-4] a stream that is kept alive when it has gone',
    [kept({ keptAliveGone: 1 })],
  ],
  [
    'books',
    '[BROKER-SUB-4] a stream whose connection is no more',
    [kept({ orphans: [4] }), { kind: 'rested' }, kept({ orphans: [4] })],
  ],
  [
    'books',
    '[BROKER-PACE-1] publishers held when all is at rest',
    [{ kind: 'rested' }, kept({ lagging: 1 })],
  ],
  [
    'routes',
    '[BROKER-LIVE-1] a follower that its home has not heard of',
    [began(), ...seenOften(1_000, 3_000, { adrift: ['a'] })],
  ],
  [
    'routes',
    '[BROKER-PACE-2] publishers wait for one who takes nothing',
    [began(), ...seenOften(1_000, 3_000, lag(1, 900))],
  ],
  [
    'routes',
    '[BROKER-LIVE-1] a home that does not know, while another node stands still',
    [began(), stalled(1, 1_000, 5_000), ...seenOften(1_000, 2_500, { adrift: ['a'] })],
  ],
  [
    'routes',
    '[BROKER-PACE-1] publishers wait for nobody',
    [began(), ...seenOften(1_000, 2_000, lag(0, 0))],
  ],
  [
    'routes',
    '[BROKER-LIM-3] another topic was used before',
    [began(), routesSeen({ next: { topic: 'a', usedAt: 5, earliestAt: 4 } })],
  ],
  ['books', '[BROKER-PACE-1] a publisher that is never let go', [began(), ...waits(1_000, 4_000)]],
  [
    'books',
    '[BROKER-PACE-1] a publisher that no home remembers to let go',
    [began(), ...waits(1_000, 2_000, { isKnown: false })],
  ],
  [
    'books',
    '[BROKER-PACE-1] a publisher held less than not at all',
    [began(), ...waits(1_000, 1_000, { holds: -1 })],
  ],
  [
    'census',
    '[BROKER-LIM-4] nothing remembered of what was published last',
    [
      began(),
      letIn(),
      ack(0),
      { kind: 'rested' },
      ...published,
      acked(0, 1),
      acked(1, 2),
      heard(0, 1),
      heard(1, 2),
      informed({ history: 0 }),
      { kind: 'quiet' },
    ],
  ],
  [
    'pacing',
    '[BROKER-PACE-1] a reader at a good pace is sent away',
    [began(), brisk(), connected(), { ...closed(1013), reason: 'too slow' }],
  ],
  [
    'pacing',
    '[BROKER-PACE-1] though whoever cannot be held publishes to another topic, and another way is narrow',
    [
      began({}, {}, [{ at: 0, kind: 'narrowLink', target: other.client, durationUs: 1e6 }]),
      { ...joined(other, 'steady'), transport: 'post', publishes: ['another'] },
      ...[brisk(), connected(), { ...closed(1013), reason: 'too slow' }],
    ],
  ],
  [
    'pacing',
    '[BROKER-PACE-2] though it stood still once, and has caught up since',
    [...stoodStill, sent(0), { ...heard(0, 1), atMs: 3_000 }, tooSlowAt(5_000)],
  ],
  [
    'patience',
    '[BROKER-CLOSE-3] a client given up that answers pings',
    [
      began({}, {}, [{ at: 0, kind: 'cut', target: other.client, durationUs: 0 }]),
      joined(reader, 'steady'),
      connected(),
      { ...closed(1011), reason: 'ping timeout' },
    ],
  ],
  [
    'rest',
    '[BROKER-LIVE-1] a reader to whom the last one comes only with the next',
    [
      joined(reader, 'steady', [topic]),
      connected(),
      ...published,
      ack(0),
      acked(0, 1),
      acked(1, 2),
      heard(0, 1),
      { kind: 'rested' },
      heard(1, 2),
    ],
  ],
  [
    'rest',
    '[BROKER-SLOW-3] a newer one that is not there, for which older ones were left out',
    [
      joined(reader, 'steady', [topic]),
      connected(),
      ...published,
      ack(0),
      acked(0, 1),
      acked(1, 2),
      gap(1, 2, { reason: 'conflated' }),
      { kind: 'rested' },
    ],
  ],
  [
    'rest',
    '[BROKER-REQ-4] a question without an answer',
    [
      joined(reader, 'steady'),
      connected(),
      { kind: 'unanswered', atMs: 4_000, what: 'publish', topic, ...reader },
    ],
  ],
];

describe('a clean history breaks nothing', () => {
  test.each(Object.entries(clean))('%s', (_, records) => {
    expect(judgeTrace(history(...records))).toEqual([]);
  });
});

describe('a planted lie is found', () => {
  test.each(planted)('by %s: %s', (property, _, records) => {
    expect(broken(...records)).toContain(property);
  });

  test('by every invariant there is', () => {
    const found = new Set(planted.map(([property]) => property));
    expect(
      invariants.map(({ property }) => property).filter((property) => !found.has(property)),
    ).toEqual([]);
  });
});
