// The judges of chats and clusters are judged: on a clean history they say nothing, and each planted lie is found by the
// invariant that is there to find it. Histories are written by hand, so nothing of the product can excuse a judge.

import { describe, expect, test } from 'vitest';

import { chatInvariants } from '../../src/sim/invariants/chat/all.ts';
import type { House } from '../../src/sim/records/plays/house.ts';
import { judgeTrace } from '../../src/sim/simulate.ts';
import type { TraceEvent, TraceRecord } from '../../src/sim/trace.ts';

type Written = Readonly<Record<string, unknown>> & { readonly kind: TraceRecord['kind'] };

const terms = {
  ...{ isCluster: true, suspectMs: 2_500, downMs: 6_000, lingerMs: 3_000, resumeWindowMs: 5_000 },
  ...{ forgetMs: 1_200_000, joinTimeoutMs: 10_000 },
  ...{ pingEveryMs: 1_500, pingTimeoutMs: 4_000, loginTimeoutMs: 3_000, historyMax: 1_000 },
  ...{ offlineMessagesMax: 100, resumeMessagesMax: 1_000, queueBytesMax: 786_432 },
  ...{ emptyRoomMs: 3_600_000, isLimited: false, policy: 'multi', roomEventsMax: 1_000 },
  admins: ['u0'],
  ...{ joinsPerSecondMax: 2, messagesPerSecondMax: 1_000, messagesBurstMax: 1_000 },
  ...{ presenceEveryMs: 2_000, roomsPerSessionMax: 100, sessionsPerUserMax: 8 },
  ...{ resumeBytesMax: 1_048_576, isShort: false, roomMembersMax: 1_000 },
  ...{ offlineAgeMaxMs: 604_800_000, hasFewRooms: false },
  ...{ watchedUsersMax: 500, partitionPolicy: 'serve', nodesExpected: 0, stableAfterMs: 6_000 },
};
const fewWait = { offlineMessagesMax: 1, sessionsPerUserMax: 1 };
const NODES = ['n1', 'n2', 'n3'];
const chatBegan = (more: object = {}, clusterFaults: unknown[] = []): Written => ({
  kind: 'chatBegan',
  nodes: NODES,
  terms: { ...terms, ...more },
  clusterFaults,
});
/** Of the nodes those whose bits are set, from the beginning. */
const splitOff = (amount: number, forMs: number) => ({
  ...{ kind: 'split', one: 0, other: 0, at: 0, durationUs: forMs * 1_000, amount },
});
const began = (faults: unknown[] = []): Written => ({
  kind: 'began',
  ...{ shards: 1, faults, sites: [] },
});
/** At rest. */
const copyDiffers = (more: object): Written => ({
  kind: 'copyDiffers',
  ...{ node: 0, shard: 0, peer: 'n2', lacks: [], tooMuch: [] },
  ...more,
});
const heldInVain: Written = {
  kind: 'heldInVain',
  ...{ node: 0, shard: 0, owner: 'n2', user: 'u1', message: 'u2 m2.1' },
};
const awaySeen = (messages: number, bytes: number, openMessages = 0, openBytes = 0): Written => ({
  kind: 'awaySeen',
  ...{ node: 0, shard: 0, session: 's1', messages, bytes, openMessages, openBytes },
});
const copyAwaited = (atMs: number): Written => ({
  kind: 'copyAwaited',
  ...{ atMs, node: 0, shard: 0, what: 'room message', waitedUs: 2_900_000 },
});
const world: readonly Written[] = [began(), chatBegan()];
const alone: readonly Written[] = [began(), chatBegan({ isCluster: false })];

const at = (atMs: number, record: Written): Written => ({ ...record, atMs });
const just = (kind: Written['kind'], more: object = {}): Written => ({ kind, ...more });
const of = (client: number, node = 0, connection = client) => ({ client, node, connection });
const inSession = (client: number, node = 0, connection = client) => ({
  ...of(client, node, connection),
  session: `s${client}`,
  user: `u${client}`,
});
const joined = (client: number, more: object = {}): Written => ({
  kind: 'talkerJoined',
  ...{ node: 0, client, user: `u${client}`, rooms: ['r'], isMute: false, hasAck: false },
  ...{ hasEcho: false, givesPlaces: false, isSlow: false, roams: false, isVisitor: false },
  ...more,
});
/** Of one who sits in one room. */
const stats = (client: number, more: object = {}): Written => ({
  kind: 'statsTold',
  ...of(client),
  ...{ users: 1, sessions: [['n1', 1]], rooms: 1, waiting: 0 },
  ...more,
});
const connected = (client: number, connection = client, node = 0): Written => ({
  kind: 'talkerConnected',
  ...of(client, node, connection),
  shard: 0,
});
const loggedIn = (client: number, more: object = {}): Written => ({
  kind: 'loggedIn',
  ...inSession(client),
  ...{ isResumed: false, isAnew: false, replayed: 0, gaps: [], rooms: [] },
  ...{ home: 'n1', incarnation: 1, sessions: 1, status: 'online' },
  ...more,
});
const askedFor = (client: number, what: string, more: object = {}): Written => ({
  kind: 'talkerAsked',
  ...of(client),
  ...{ id: 'x', what, isRepeat: false },
  ...more,
});
const answered = (asked: string | undefined, what: string, more: object = {}): Written => ({
  kind: 'talkerAnswered',
  ...of(1),
  ...{ asked, what, code: undefined, expected: undefined, isFatal: false, isOutOfTurn: false },
  ...more,
});
const seated = (client: number, place: number, more: object = {}): Written => ({
  kind: 'seated',
  ...inSession(client),
  ...{ room: 'r', place, epoch: 1, isAlready: false, count: client },
  ...more,
});
const joins = (client: number, id: string): Written => askedFor(client, 'JOIN', { id, room: 'r' });
const granted = (id: string): Written => answered('JOIN', 'JOIN_OK', { id });
const comesIn = (client: number, id: string, place: number): Written[] => [
  ...[joins(client, id), granted(id), seated(client, place)],
];
const heard = (client: number, message: string, place: number, more: object = {}): Written => ({
  kind: 'roomHeard',
  ...inSession(client),
  ...{ room: 'r', from: `u${message.slice(1, 2)}`, message, place, epoch: 1 },
  ...{ home: 'n1', isDelayed: false },
  ...more,
});
const roomAcked = (client: number, message: string, place: number, more: object = {}): Written => ({
  kind: 'roomAcked',
  ...inSession(client),
  ...{ room: 'r', message, place, epoch: 1, status: 'accepted', isDuplicate: false },
  ...more,
});
const told = (client: number, messages: string[]): Written => ({
  kind: 'historyTold',
  ...inSession(client),
  room: 'r',
  entries: messages.map((id, index) => ({
    ...{ seq: index + 1, epoch: 1, home: 'n1', from: `u${id.slice(1, 2)}`, id },
  })),
  isWhole: true,
});
const directAcked = (status: string, more: object = {}): Written => ({
  kind: 'directAcked',
  ...inSession(1),
  ...{ to: 'u2', message: 'm1.1', status, isDuplicate: false },
  ...more,
});
const directHeard = (client: number, more: object = {}): Written => ({
  kind: 'directHeard',
  ...inSession(client),
  ...{ from: 'u1', to: `u${client}`, message: 'm1.1', isDelayed: false, isSent: false },
  ...more,
});
/** It says what it has. */
const says = (client: number, messages: string[]): Written =>
  askedFor(client, 'ACK', { taken: messages });
const pong = (client: number, id: string, connection = client): Written =>
  answered('PING', 'PONG', { ...of(client, 0, connection), id });
const back = { connection: 22, isResumed: true };
const rests = (client: number, rooms: string[] = ['r'], session?: string): Written => ({
  kind: 'talkerRests',
  ...{ node: 0, client, user: `u${client}`, rooms },
  session: session ?? `s${client}`,
});
const isOut = (client: number): Written => ({ ...rests(client, []), session: undefined });
const visits = { user: 'u1', isVisitor: true };
const asked: Written = just('chatProbed');
const rooms = (listed: [string, number][]): Written => ({
  kind: 'roomsTold',
  ...inSession(1),
  ...{ rooms: listed, isPartial: false },
});
const read = (seqs: number[], more: boolean, about: object = {}): Written => ({
  kind: 'historyPaged',
  ...inSession(1),
  ...{ of: 'r', walk: 1, limit: 2, after: undefined, before: undefined, units: 10, more },
  entries: seqs.map((seq) => ({ seq, epoch: 1, home: 'n1', from: 'u1', id: `m1.${seq}` })),
  ...about,
});
const named = (names: string[], more: boolean, about: object = {}): Written => ({
  kind: 'namesPaged',
  ...inSession(1),
  ...{ of: 'r', walk: 1, limit: 2, after: undefined, names, count: names.length, more },
  ...about,
});
const refused = (what: string, code: string): Written => answered(what, 'ERROR', { code });
const ended = (client: number, more: object = {}): Written => ({
  kind: 'talkerEnded',
  ...of(client),
  ...{ by: 'server', isCut: false, isBye: false },
  ...more,
});
const statusesTold = (client: number, statuses: [string, string][]): Written => ({
  kind: 'statusesTold',
  ...inSession(client),
  statuses,
});
const watches = (client: number, user: string): Written =>
  askedFor(client, 'PRESENCE_SUBSCRIBE', { to: user });
const status = (client: number, user: string, word: string, isAnswer = false): Written => ({
  kind: 'statusHeard',
  ...inSession(client),
  ...{ of: user, status: word, note: undefined, isAnswer },
});
const becomes = (client: number, word: string): readonly Written[] => [
  askedFor(client, 'PRESENCE_SET'),
  answered('PRESENCE_SET', 'ACK', of(client)),
  just('statusSet', { ...inSession(client), status: word, note: undefined }),
];
const sign = (
  client: number,
  what: string,
  from: string,
  said: string,
  room?: string,
): Written => ({
  kind: 'signHeard',
  ...inSession(client),
  ...{ what, from, room, sign: said },
});
const roomEvent = (client: number, event: string, who: string, count: number): Written => ({
  kind: 'roomEventHeard',
  ...inSession(client),
  ...{ room: 'r', event, who, count },
});
const presence = (client: number, users: [string, number][], node = 0): Written => ({
  kind: 'presenceTold',
  ...inSession(client, node),
  users,
});
const members = (client: number, users: string[]): Written => ({
  kind: 'membersTold',
  ...inSession(client),
  room: 'r',
  users,
  statuses: users.map(() => 'online'),
});
const seen = (node: number, peer: string, state: string): Written => ({
  kind: 'peerSeen',
  ...{ node, peer, state },
});
/** The first node takes the second for dead again and again; each time it has a new link. */
const flapping = (times: number): readonly Written[] =>
  Array.from({ length: times }, (_, time) => [
    at(10_000 + time * 15_000, seen(0, 'n2', 'linkUp')),
    at(12_000 + time * 15_000, seen(0, 'n2', 'suspect')),
    at(22_000 + time * 15_000, seen(0, 'n2', 'down')),
  ])
    .flat()
    .concat(at(60_000, seen(0, 'n2', 'linkUp')));
const unheard = chatBegan({}, [
  { kind: 'cutOff', at: 0, one: 1, other: 1, durationUs: 90_000_000, amount: 0 },
]);
const sampled: Written = {
  kind: 'sampled',
  ...{ node: 0, shard: 0, waiting: 0, waitingMax: 1, outstandingBytes: 0, outstandingBytesMax: 1 },
};
const differed = (node: number, peer: string, ver: number): Written => ({
  kind: 'digestsDiffered',
  ...{ node, peer, ver },
});
const spoke = (node: number, to: number, type: string, more: object = {}): Written => ({
  kind: 'peerSpoke',
  ...{ node, to, connection: 9, isCaller: node < to, type },
  ...more,
});
const forward = (n: number, more: object = {}): Written =>
  spoke(0, 1, 'FORWARD', { n, key: 'publication broker/t', ...more });
const handshake: readonly Written[] = [
  spoke(0, 1, 'SERVER_HELLO'),
  spoke(1, 0, 'SERVER_CHALLENGE'),
  spoke(0, 1, 'SERVER_AUTH'),
  spoke(1, 0, 'SERVER_WELCOME'),
  spoke(0, 1, 'SERVER_READY'),
];
/** The second node dies, and comes back, before it has answered. */
const answeredAnew: readonly Written[] = [
  ...handshake.slice(0, 1),
  { kind: 'shardStarted', node: 1, shard: 0 },
  ...handshake.slice(1),
];
/** The way between the first two is shut, and not mended. */
const shut: readonly Written[] = [
  began(),
  chatBegan({}, [{ kind: 'shutWay', at: 1e7, one: 0, other: 1, durationUs: 6e7, amount: 0 }]),
];
const challenged = (node: number, to: number): Written =>
  spoke(node, to, 'SERVER_CHALLENGE', { version: '1.1' });
const linksUp: readonly Written[] = NODES.flatMap((_, node) =>
  NODES.filter((__, other) => other !== node).map((peer) => seen(node, peer, 'linkUp')),
);
const counted = (...links: number[]): Written => ({
  kind: 'linksCounted',
  pairs: [
    [0, 1, links[0]],
    [0, 2, links[1]],
    [1, 2, links[2]],
  ],
});
const allLinked = counted(1, 1, 1);
const cross = (kind: Written['kind'], client: number, more: object = {}): Written => ({
  kind,
  ...{ node: client, client, connection: client, topic: 't', publication: 1 },
  ...more,
});
/** A room is joined to a topic; somebody sits in the room, and somebody follows the topic. */
const bridgedWorld: readonly Written[] = [
  began(),
  { ...chatBegan(), bridges: [['chat/room/r', 'broker/t']] },
  ...[joined(1), seated(1, 0), cross('crossFollowed', 3)],
];
const overBridge = (message: string, place: number, more: object = {}): Written => ({
  ...cross('bridgeHeard', 3),
  ...{ room: 'r', from: 'u1', message, place, epoch: 1 },
  ...more,
});
const overNoBridge = [
  cross('crossSent', 3, { topic: 'q' }),
  cross('crossHeard', 3, { topic: 'elsewhere' }),
];
const died = (node: number): Written => just('processDied', { node });
const rested = (atMs = 60_000): Written => just('rested', { atMs });

/** All nodes hear each other, and one of two who sit in a room is on the second of them. */
const wholeWorld: readonly Written[] = [
  ...[
    began(),
    chatBegan({}, [{ kind: 'killProcess', at: 10_000_000, one: 1, durationUs: 20_000_000 }]),
  ],
  ...[0, 1, 2].flatMap((node) =>
    NODES.filter((_, other) => other !== node).map((peer) => seen(node, peer, 'linkUp')),
  ),
  ...[joined(1), loggedIn(1), seated(1, 0, { count: 1 })],
  ...[
    joined(2),
    loggedIn(2, { ...inSession(2, 1), home: 'n2' }),
    seated(2, 0, { ...inSession(2, 1), count: 2 }),
  ],
];
/** The second node dies with everybody on it, and all others know it soon. */
const deadNode: readonly Written[] = [
  at(10_000, { kind: 'processDied', node: 1 }),
  ...[at(13_000, seen(0, 'n2', 'down')), seen(2, 'n2', 'down')],
];

function history(...records: readonly Written[]): TraceEvent[] {
  let last = 0;
  return records.map((record, seq) => {
    const { atMs } = record;
    last = typeof atMs === 'number' ? atMs * 1_000 : last + 1;
    return { cause: -1, ...record, seq, at: last } as unknown as TraceEvent;
  });
}

function broken(...records: readonly Written[]): string[] {
  return judgeTrace(history(...records), chatInvariants).map(({ property }) => property);
}

const narrow: readonly Written[] = [
  began(),
  chatBegan({ ...{ isCluster: false, roomsPerSessionMax: 1, watchedUsersMax: 1 }, ...fewWait }),
  joined(1),
  loggedIn(1),
];
const only = (policy: string): readonly Written[] => [
  began(),
  chatBegan({ isCluster: false, policy }),
  ...[joined(1), joined(2, { user: 'u1', isVisitor: true }), loggedIn(1)],
  at(10_000, loggedIn(2, { user: 'u1' })),
];

/** A gap of more than two messages is one. */
const fewRemembered: readonly Written[] = [
  began(),
  chatBegan({ isCluster: false, resumeMessagesMax: 2 }),
  ...[joined(2), loggedIn(2), seated(2, 0)],
];
const said = (message: number, place: number): Written => roomAcked(1, `m1.${message}`, place);
const sits: readonly Written[] = [
  at(40_000, seated(2, 0)),
  askedFor(1, 'ROOM_MESSAGE', { room: 'r', message: 'm1.1' }),
];
/** One of three nodes sees no other from the tenth second on. */
const smaller = (partitionPolicy: string): readonly Written[] => [
  began(),
  chatBegan({ partitionPolicy, nodesExpected: 3 }),
  ...['n2', 'n3'].map((peer) => seen(0, peer, 'linkUp')),
  ...['n2', 'n3'].map((peer) => at(10_000, seen(0, peer, 'down'))),
];
const sees = (more: object = {}, whole: object = {}): Written => ({
  kind: 'membersOfTold',
  ...{ node: 0, incarnation: 1, isServing: true, cutOff: [], caps: ['synced'] },
  members: ['n2', 'n3'].map((node) => ({
    ...{ node, incarnation: 1, addr: `${node}:7501`, state: 'up', hasLink: true, via: undefined },
    ...{ silentMs: 5, version: '1.1', isDraining: false, skewSeconds: 0, isSynced: true, ...more },
  })),
  ...whole,
});
const stranger = (what: string, type: string, code?: string): Written => ({
  kind: 'strangerHeard',
  ...{ node: 0, connection: 5, what, type, code, isTelling: false },
});
const noticed = (client: number, code: string): Written =>
  just('talkerNoticed', { ...of(client), what: 'NOTICE', code });
const cutOffTold = noticed(1, 'PARTITION');
/** The clock of the second node is six minutes ahead, or as many seconds as are said. */
const clockOf = (seconds: number): readonly Written[] => [
  began(),
  { ...chatBegan(), skewsMs: [0, seconds * 1_000, 0] },
  ...[joined(1, { user: 'u0' }), loggedIn(1), joined(2), loggedIn(2)],
];
const skewSeen = (seconds: number): Written => just('skewSeen', { node: 0, peer: 'n2', seconds });
const skewTold = (client: number, seconds: number, way = 'ahead'): Written => ({
  ...noticed(client, 'CLOCK_SKEW'),
  words: `The clock of n2 is ${seconds} s ${way}: times may look wrong.`,
});
const seesClock = (seconds: number): Written => ({
  ...sees(),
  members: [
    ...[{ node: 'n2', incarnation: 1, addr: 'n2:7501', state: 'up', hasLink: true }].map((one) => ({
      ...{ ...one, via: undefined, silentMs: 5, version: '1.1', isDraining: false },
      ...{ skewSeconds: seconds, isSynced: true },
    })),
    ...(sees()['members'] as object[]).slice(1),
  ],
});
const advertised: readonly Written[] = [
  began(),
  { ...chatBegan(), doors: ['n1.chat:7502', 'n2.chat:7502', 'n3.chat:7502'] },
  ...[joined(1), seen(0, 'n2', 'linkUp'), seen(0, 'n3', 'linkUp')],
];
const sentTo = (...nodes: string[]): Written => ({
  ...noticed(1, 'SERVER_DRAINING'),
  servers: nodes.map((node) => `${node}.chat:7502`),
});
const cutOffForLong = chatBegan({}, [
  { kind: 'cutOff', at: 0, one: 0, other: 0, durationUs: 90_000_000, amount: 0 },
]);
const nodesDiffer = (what: string, more: object): Written =>
  just('nodesDiffer', { node: 0, shard: 0, peer: 'n2', what, lacks: [], tooMuch: [], ...more });
const lagOf = (p99Ms: number): Written => just('lagMeasured', { node: 0, p99Ms });
const lagSaid = (isLagging: boolean): Written => just('lagSeen', { node: 0, isLagging });
const erred = (code?: string): Written =>
  just('peerErred', { node: 0, to: 1, connection: 9, what: 'a wrong word', code });
const refusedWith = (code: string): Written => spoke(1, 0, 'ERROR', { code });
const linkLooked = (node: number, isOpen: boolean): Written =>
  just('linkLooked', { node, connection: 9, isOpen });
const linkFails = just('linkPoisoned', { node: 1, to: 0, connection: 9, address: '0/cluster/1' });
const cannotReach = (...peers: string[]): Written => just('splitSeen', { node: 0, peers });
const sentAway = just('talkerNoticed', { ...of(1), what: 'NOTICE', code: 'SERVER_DRAINING' });
const shows: readonly Written[] = [askedFor(1, 'LOGIN', { tokenMs: 5_000 }), at(1, loggedIn(1))];
const goes = { kind: 'drainNode', at: 5e6, one: 1, other: 0, durationUs: 8e6, amount: 0 };
const drains: readonly Written[] = [began(), chatBegan({}, [goes]), joined(1), loggedIn(1)];
const on = (node: number) => ({ node });
const withOthers = (...messages: string[]): Written => ({
  kind: 'directsTold',
  ...inSession(1),
  ...{ with: 'u2', messages },
});

const crashed: Written = { kind: 'shardCrashed', node: 0, shard: 0 };
const isTold = (word: string, more: object = {}): Written => ({
  kind: 'selfTold',
  ...inSession(1),
  ...{ of: 'u1', as: 's1', home: 'n1', status: word, note: undefined, rooms: ['r'] },
  ...more,
});
const quiet: Written = { kind: 'quiet' };
const calls = (call: string): Written => ({ kind: 'callBegan', node: 0, client: 9, call });
const over = (call: string, words: readonly string[], isEnded: boolean): Written => ({
  ...{ kind: 'callOver', node: 0, client: 9, call, heard: words, isEnded },
});

const house: House = {
  ...{
    shards: 1,
    proof: 'none',
    isStrict: false,
    isLenient: false,
    isPlain: true,
    isSlow: false,
    policy: 'multi',
    isNarrow: false,
  },
};
/** Its third step is the first in which somebody hears something. */
const PLAY = 'goodbyes-of-strangers';
const plays: readonly Written[] = [
  just('houseOpened', { node: 0, house }),
  just('playBegan', { node: 0, play: PLAY }),
];
/** Its third step is the first in which somebody hears something. */
const MEETING = 'a-node-comes-and-goes';
const metBy = (...lines: readonly string[]): Written =>
  just('playHeard', { node: 0, play: MEETING, step: 2, by: 'comer', heard: lines });
const challenge =
  'SERVER_CHALLENGE node=n1 incarnation=own cluster=sim version=1.1 caps=["presence","interest","forward","synced","columns","detour"] nonce=fresh key=k1 proof=right advertise=n1:7501';
const refusedTwice = ['ERROR NOT_LOGGED_IN', 'ERROR NOT_LOGGED_IN'];
const playHeard = (lines: readonly string[]): Written =>
  just('playHeard', { node: 0, play: PLAY, step: 2, by: 'a', heard: lines });
const playOver = (...rest: readonly string[]): Written =>
  just('playOver', { node: 0, play: PLAY, rest });

/** It has heard two messages, and says of the later one that it has it; then it is back. */
const saysLater: readonly Written[] = [
  ...[began(), chatBegan({ isCluster: false }), joined(2, { hasAck: true }), loggedIn(2)],
  ...[seated(2, 0), heard(2, 'm1.1', 1), heard(2, 'm1.2', 2), says(2, ['m1.2'])],
  ...[askedFor(2, 'PING', { id: 'p' }), pong(2, 'p'), ended(2, { by: 'network' })],
  loggedIn(2, { ...back, rooms: ['r'] }),
];
const toldAgain = (message: string, place: number): readonly Written[] => [
  heard(2, message, place, { connection: 22, isDelayed: true }),
];
/** The first node is cut off. */
const cutOff = chatBegan({}, [
  { kind: 'cutOff', at: 10_000_000, one: 0, other: 1, durationUs: 15_000_000, amount: 0 },
]);
/** The home of its room dies, and hears of the other one first. */
const toldAnew: readonly Written[] = [
  ...[began(), chatBegan({ isCluster: false }), loggedIn(1), seated(1, 0), at(20_000, crashed)],
  ...[at(20_100, roomEvent(1, 'join', 'u2', 1)), at(40_000, roomEvent(1, 'leave', 'u2', 1))],
];

/** All nodes hear each other, and somebody says something to one room, and to somebody who is not there. */
const together: readonly Written[] = [
  ...[began(), chatBegan(), ...handshake, ...linksUp, joined(1), loggedIn(1), seated(1, 0)],
  at(5_000, askedFor(1, 'ROOM_MESSAGE', { room: 'r', message: 'm1.1', id: 'i1' })),
  askedFor(1, 'DIRECT_MESSAGE', { to: 'u2', message: 'm1.2', id: 'i2' }),
];
/** Two sides have met, and the later one of two messages of the other side was heard. */
const met: readonly Written[] = [
  ...[began(), chatBegan({}, [splitOff(1, 10_000)]), seated(1, 0)],
  at(20_000, heard(1, 'm2.2', 2, { isDelayed: true })),
];
const keeps = (node: number, place: number): Written =>
  spoke(node, 0, 'FORWARD', { key: 'room r', keeps: [1, place] });
const holds = (node: number, to: number, message: string): Written =>
  spoke(node, to, 'FORWARD', { key: 'user U2', holds: message });
const isStored = roomAcked(1, 'm1.1', 1, { status: 'stored' });
const nowWaits = directAcked('queued', { message: 'm1.2' });

const clean: Readonly<Record<string, readonly Written[]>> = {
  'what is stored one of two others keeps, and what waits one of them holds': [
    ...[...together, keeps(1, 1), isStored, holds(1, 0, 'u1 i2'), nowWaits],
  ],
  '[HP-HOME-13] what waits for what stands before it waits until somebody comes in': [
    ...[...met, seated(3, 2), heard(1, 'm2.1', 1, { isDelayed: true })],
  ],
  'what nobody holds waits all the same after two seconds': [...together, at(7_100, nowWaits)],
  'what waited for a login and was left by it has waited for the next one alone': [
    ...[began(), chatBegan({ isCluster: false, offlineAgeMaxMs: 3_000 }), joined(2)],
    ...[askedFor(1, 'DIRECT_MESSAGE', { to: 'u2', message: 'm1.1' }), directAcked('queued')],
    ...[at(2_000, askedFor(2, 'LOGIN')), ended(2, { by: 'client' })],
    ...[at(9_000, askedFor(2, 'LOGIN')), loggedIn(2), directHeard(2, { isDelayed: true })],
  ],
  'nobody waits for a node that was found a moment ago': [
    ...[began(), chatBegan(), at(4_500, seen(0, 'n2', 'linkUp')), joined(1), loggedIn(1)],
    at(5_000, askedFor(1, 'DIRECT_MESSAGE', { to: 'u2', message: 'm1.2', id: 'i2' })),
    nowWaits,
  ],
  'all that live are up, and strangers are told why they may not come in': [
    ...[...world, sees(), stranger('otherCluster', 'ERROR', 'CLUSTER_MISMATCH')],
    just('strangerSentAway', { node: 0, what: 'otherCluster', isTold: true }),
  ],
  'who was dead three times is waited for for twice as long': [
    ...[began(), unheard, seen(0, 'n3', 'linkUp'), ...flapping(3)],
    ...[at(70_000, seen(0, 'n2', 'suspect')), at(80_500, seen(0, 'n2', 'down'))],
  ],
  '[HP-MEMBER-13] who is late itself takes others for suspect after twice the time': [
    ...[began(), unheard, seen(0, 'n3', 'linkUp'), seen(0, 'n2', 'linkUp')],
    at(15_000, { ...seen(0, 'n2', 'suspect'), silentMs: 5_000 }),
    at(16_500, seen(0, 'n2', 'down')),
  ],
  '[HP-MEMBER-7] two others say so, who were heard before a thread died beside the first': [
    ...[began(), { ...unheard, nodes: [...NODES, 'n4'] }],
    ...['n3', 'n4', 'n2'].map((peer) => seen(0, peer, 'linkUp')),
    ...[at(9_000, { kind: 'shardCrashed', node: 0, shard: 1 })],
    ...[at(12_000, seen(0, 'n2', 'suspect')), at(13_000, seen(0, 'n2', 'down'))],
  ],
  'who was dead twice is not': [
    ...[began(), unheard, seen(0, 'n3', 'linkUp'), ...flapping(2)],
    ...[at(70_000, seen(0, 'n2', 'suspect')), at(74_500, seen(0, 'n2', 'down'))],
  ],
  'a session that began anew on another node stands there where nobody else knows': [
    ...[...world, joined(2), loggedIn(2), seated(2, 0), heard(2, 'm1.1', 1)],
    ...[ended(2, { by: 'client' }), loggedIn(2, { ...back, isAnew: true, rooms: ['r'] })],
    ...[joined(3), loggedIn(3), seated(3, 1), heard(3, 'm1.2', 2)],
    loggedIn(2, { connection: 23, isResumed: true, rooms: ['r'] }),
    ...[heard(2, 'm1.3', 3, { connection: 23 }), rested()],
  ],
  'who sat on a node that died is said to have left': [
    ...[...wholeWorld, ...deadNode, at(17_000, roomEvent(1, 'leave', 'u2', 1))],
    at(25_000, sampled),
  ],
  'or comes back': [
    ...[...wholeWorld, ...deadNode, at(15_000, askedFor(2, 'RESUME', of(2, 2)))],
    at(25_000, sampled),
  ],
  'whoever says of the later one that he has it is told the earlier one again': [
    ...saysLater,
    heard(2, 'm1.1', 1, { connection: 22, isDelayed: true }),
    ...[askedFor(2, 'PING', { id: 'p', connection: 22 }), pong(2, 'p', 22)],
  ],
  'who has said goodbye does not count, though he has not heard of it': [
    ...[...alone, joined(1), joined(3, { user: 'u1' }), at(1_000, loggedIn(3, { user: 'u1' }))],
    ...[at(9_000, askedFor(3, 'BYE')), at(10_000, loggedIn(1, { sessions: 1 }))],
  ],
  'who is gone without a word is too slow for a node that keeps little for him': [
    ...[began(), chatBegan({ isCluster: false, sessionsPerUserMax: 100, queueBytesMax: 16_384 })],
    ...[joined(1), connected(1), at(1_000, loggedIn(1))],
    ...[
      at(20_000, ended(1, { by: 'client', isCut: true })),
      at(21_000, refused('RESUME', 'SESSION_EXPIRED')),
    ],
  ],
  'what was said to whoever was about to leave is not owed to him as he joins anew': [
    ...[began(), chatBegan({ isCluster: false }), joined(2, { hasAck: true }), loggedIn(2)],
    ...[seated(2, 0), askedFor(2, 'LEAVE', { id: 'l', room: 'r' }), heard(2, 'm1.1', 1)],
    ...[just('unseated', { ...inSession(2), room: 'r' }), askedFor(2, 'JOIN', { room: 'r' })],
    ...[ended(2, { by: 'network' }), loggedIn(2, { ...back, rooms: ['r'] })],
    ...[askedFor(2, 'PING', { id: 'p', connection: 22 }), pong(2, 'p', 22)],
  ],
  'a node that is cut off takes the others for dead, and they it': [
    ...[began(), cutOff, seen(0, 'n2', 'linkUp'), seen(1, 'n1', 'linkUp')],
    ...[at(13_000, seen(0, 'n2', 'suspect')), seen(1, 'n1', 'suspect')],
    ...[at(17_000, seen(0, 'n2', 'down')), seen(1, 'n1', 'down'), at(24_500, just('sampled'))],
  ],
  'who is cut off from a home takes those on its side for gone': [
    began(),
    chatBegan({}, [
      { kind: 'split', at: 8_000_000, durationUs: 7_000_000, one: 0, other: 0, amount: 1 },
    ]),
    ...[joined(1), joined(2), connected(2, 2, 1), loggedIn(1), seated(1, 2)],
    at(9_000, heard(1, 'm2.1', 1, { home: 'n3' })),
    at(14_000, { ...roomEvent(1, 'leave', 'u2', 1), reason: 'node_down' }),
    at(16_000, heard(1, 'm2.2', 2, { home: 'n3', isDelayed: true })),
  ],
  'who has gone while the home was out of reach is missed by the next one': [
    ...[began(), chatBegan({}, [splitOff(4, 12_000)]), joined(1), joined(2), connected(2, 2, 1)],
    ...[loggedIn(1), seated(1, 0, { count: 2 }), loggedIn(2), at(9_000, heard(1, 'm2.1', 1))],
    just('talkerNoticed', { ...of(2, 1), what: 'ERROR', code: 'AUTH_FAILED' }),
    ended(2, { isBye: true }),
    { ...roomEvent(1, 'leave', 'u2', 1), reason: 'node_down' },
    heard(1, 'm2.2', 2),
  ],
  '[HP-HOME-11] who hears two homes sits in one of them': [
    began(),
    chatBegan({}, [{ kind: 'shutWay', at: 1e6, one: 0, other: 2, durationUs: 6e7, amount: 0 }]),
    ...[joined(1), joined(2), connected(2, 2, 1), loggedIn(1), seated(1, 0, { count: 2 })],
    ...[loggedIn(2), at(9_000, heard(1, 'm2.1', 1))],
    at(14_000, { ...roomEvent(1, 'leave', 'u2', 1), reason: 'node_down' }),
    heard(1, 'm2.2', 2),
  ],
  'who came behind a message does not hear it, though who said it learns late that it was taken': [
    ...[...alone, joined(1), joined(2), loggedIn(1), loggedIn(2), seated(1, 0)],
    at(2_000, askedFor(1, 'ROOM_MESSAGE', { room: 'r', message: 'm1.1' })),
    ...[at(3_000, seated(2, 1)), at(9_000, roomAcked(1, 'm1.1', 1)), at(14_000, just('sampled'))],
  ],
  'a call': [
    ...[calls('bytes'), over('bytes', ['ERROR INVALID_UTF8'], false)],
    ...[calls('http'), over('http', ['ERROR INVALID_JSON fatal'], true), quiet],
  ],
  'a meeting': [
    ...[just('playBegan', { node: 0, play: MEETING }), metBy(challenge)],
    ...[just('playOver', { node: 0, play: MEETING, rest: [] }), quiet],
  ],
  'a play': [...plays, playHeard(refusedTwice), playOver(), quiet],
  'a call whose thread dies': [...[calls('http'), crashed, quiet]],
  'a node goes, and others go on': [
    ...drains,
    at(4_000, seated(2, 0, { node: 1 })),
    at(8_000, askedFor(1, 'ROOM_MESSAGE', { message: 'm1.1', room: 'r' })),
    answered('ROOM_MESSAGE', 'ACK'),
    heard(2, 'm1.1', 1),
    at(12_000, answered('ROOM_MESSAGE', 'ACK', on(0))),
  ],
  'who reads back finds what was said': [
    ...alone,
    ...[joined(1), loggedIn(1), directAcked('delivered'), rested(), withOthers('u1 m1.1'), asked],
  ],
  'a room is read page by page, from both ends': [
    ...alone,
    ...[joined(1), loggedIn(1), seated(1, 0), rests(1), rested()],
    ...[read([4, 5], true), read([2, 3], true, { before: 4 }), read([1], false, { before: 2 })],
    ...[
      read([1, 2], true, { walk: 2, after: 0 }),
      read([3, 4], true, { walk: 2, after: 2 }),
      read([5], false, { walk: 2, after: 4 }),
    ],
    ...[named(['a', 'B'], true, { count: 3 }), named(['c'], false, { after: 'B', count: 3 })],
    ...[rooms([['r', 1]]), asked],
  ],
  'who has taken something is not told again, and who has not is': [
    ...alone,
    ...[joined(2, { hasAck: true }), loggedIn(2), directHeard(2), seated(2, 0)],
    ...[
      heard(2, 'm1.2', 1),
      heard(2, 'm1.3', 2),
      says(2, ['m1.2']),
      askedFor(2, 'PING', { id: 'p' }),
      pong(2, 'p'),
    ],
    ended(2, { by: 'network' }),
    loggedIn(2, { ...back, replayed: 2, rooms: ['r'] }),
    directHeard(2, { connection: 22, isDelayed: true }),
    heard(2, 'm1.3', 2, { connection: 22, isDelayed: true }),
    ...[askedFor(2, 'PING', { id: 'q', connection: 22 }), pong(2, 'q', 22)],
  ],
  'who was away for too long has lost his session': [
    ...alone,
    ...[joined(1), connected(1), loggedIn(1), ended(1, { by: 'network' })],
    at(9_000, connected(1, 11)),
    refused('RESUME', 'SESSION_EXPIRED'),
  ],
  'a room that is forgotten forgets ids, and is begun anew': [
    began(),
    chatBegan({ emptyRoomMs: 2_000 }),
    ...handshake,
    ...[1, 2].map((n) => forward(n, { key: 'publication chat/room/r', message: 'm1.1', epoch: n })),
  ],
  'a list that does not fit is refused': [
    ...[began(), chatBegan({ watchedUsersMax: 2 }), joined(1), loggedIn(1)],
    ...[watches(1, 'u2'), status(1, 'u2', 'online', true), watches(1, 'u3 u4')],
    answered('PRESENCE_SUBSCRIBE', 'ERROR', { code: 'INVALID_PAYLOAD', id: 'x' }),
  ],
  'limits are reached, and nobody goes beyond': [
    ...narrow,
    ...[askedFor(1, 'JOIN', { room: 'r' }), seated(1, 0), refused('JOIN', 'FORBIDDEN')],
    ...[watches(1, 'u2'), status(1, 'u2', 'online', true)],
    ...[watches(1, 'u3'), refused('PRESENCE_SUBSCRIBE', 'INVALID_PAYLOAD')],
    ...[askedFor(1, 'DIRECT_MESSAGE', { to: 'nobody', message: 'm1.1' })],
    ...[directAcked('queued', { to: 'nobody' }), refused('DIRECT_MESSAGE', 'QUEUE_FULL')],
  ],
  'one session makes way for another, and is told so': [
    ...only('replace').slice(0, -1),
    just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'SESSION_REPLACED' }),
    ended(1, { isBye: true }),
    loggedIn(2, { user: 'u1' }),
    rests(2),
  ],
  'two sides of a split let one in each, and nobody can tell which was first': [
    ...[began(), chatBegan({ policy: 'reject' }, [splitOff(1, 15_000)])],
    ...[joined(1), joined(2, { user: 'u1' }), loggedIn(1)],
    at(10_000, loggedIn(2, { user: 'u1', node: 1, home: 'n2' })),
    at(16_000, just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'SESSION_REPLACED' })),
    ended(1, { isBye: true }),
  ],
  'who was first has moved since, as another one came': [
    ...[began(), chatBegan({ policy: 'reject' }, [{ ...splitOff(3, 9_000), at: 5_000_000 }])],
    ...[joined(1), joined(2, { user: 'u1' }), loggedIn(1)],
    at(10_000, loggedIn(2, { user: 'u1', node: 2, home: 'n3' })),
    at(12_000, loggedIn(1, { node: 1, connection: 11, isResumed: true, home: 'n2' })),
    at(15_000, just('talkerNoticed', { ...of(1, 1, 11), what: 'ERROR', code: 'SESSION_REPLACED' })),
    ended(1, { node: 1, connection: 11, isBye: true }),
  ],
  'an earlier version hears its own words, and a later one the new one': [
    ...handshake,
    spoke(0, 1, 'HEARTBEAT', { version: '1.0', hasHave: false }),
    spoke(0, 1, 'HEARTBEAT', { version: '1.1', hasHave: true }),
  ],
  'somebody is away, and who asks is told': [
    ...alone,
    ...[joined(1), loggedIn(1), joined(2), loggedIn(2)],
    ...[watches(2, 'u1'), status(2, 'u1', 'online', true)],
    ...becomes(1, 'away'),
    status(2, 'u1', 'away'),
    at(9_000, just('talkerEnded', { ...of(2), by: 'network', isCut: false, isBye: false })),
    at(9_500, becomes(1, 'busy')[0] ?? rested()),
    ...becomes(1, 'busy').slice(1),
    loggedIn(2, { connection: 22, isResumed: true }),
    status(2, 'u1', 'busy'),
    askedFor(2, 'PRESENCE_UNSUBSCRIBE', { to: 'u1' }),
    just('unwatched', { ...inSession(2), of: 'u1' }),
    ...[rests(1), rests(2), rested(), statusesTold(2, [['u1', 'busy']]), just('chatProbed')],
  ],
  'who began anew comes back to the node that had been out of reach, and hears what it has heard': [
    ...alone,
    ...[joined(2), loggedIn(2)],
    loggedIn(2, { connection: 21, isResumed: true, isAnew: true }),
    directHeard(2, { connection: 21 }),
    loggedIn(2, { connection: 22, isResumed: true }),
    directHeard(2, { connection: 22, isDelayed: true }),
  ],
  'signs come to whom they are for': [
    ...alone,
    ...[
      joined(1),
      loggedIn(1),
      seated(1, 0),
      joined(2),
      loggedIn(2),
      roomEvent(1, 'join', 'u2', 2),
    ],
    ...[seated(2, 0), rests(1), rests(2), rested(), just('chatProbed')],
    ...[askedFor(1, 'TYPING', { room: 'r', sign: 'on' }), sign(2, 'TYPING', 'u1', 'on', 'r')],
    ...[askedFor(2, 'TYPING', { to: 'u1', sign: 'off' }), sign(1, 'TYPING', 'u2', 'off')],
    ...[askedFor(2, 'RECEIPT', { to: 'u1', sign: 'r1 read' }), sign(1, 'RECEIPT', 'u2', 'r1 read')],
    just('talkersLeft'),
  ],
  'comings and goings are counted one by one': [
    ...alone,
    ...[joined(1), loggedIn(1), seated(1, 0), roomEvent(1, 'join', 'u2', 2)],
    ...[
      roomEvent(1, 'join', 'u3', 3),
      roomEvent(1, 'leave', 'u2', 2),
      roomEvent(1, 'leave', 'u3', 1),
    ],
    ...[rests(1), rested(), just('chatProbed')],
  ],
  'who is too fast is refused': [
    ...alone,
    ...[1, 2, 3].map(() => askedFor(1, 'JOIN', { room: 'r' })),
    ...[answered('JOIN', 'JOIN_OK'), answered('JOIN', 'JOIN_OK')],
    answered('JOIN', 'ERROR', { code: 'RATE_LIMITED', retryAfter: 1 }),
    at(5_000, askedFor(1, 'JOIN', { room: 'r' })),
    answered('JOIN', 'JOIN_OK'),
  ],
  'somebody comes, speaks and is heard': [
    ...alone,
    joined(1),
    joined(2),
    connected(1),
    askedFor(1, 'LOGIN'),
    askedFor(2, 'LOGIN'),
    loggedIn(1),
    loggedIn(2),
    seated(1, 0),
    seated(2, 0),
    roomAcked(1, 'm1.1', 1),
    heard(2, 'm1.1', 1),
    roomAcked(2, 'm2.1', 2),
    heard(1, 'm2.1', 2),
    rested(),
    rests(1),
    rests(2),
    presence(1, [
      ['u1', 1],
      ['u2', 1],
    ]),
    members(2, ['u1', 'u2']),
    told(1, ['m1.1', 'm2.1']),
  ],
  'a link that is given up for another one makes nobody dead': [
    ...world,
    at(30_000, seen(0, 'n2', 'linkDown')),
    at(30_000, seen(0, 'n2', 'suspect')),
    at(30_100, seen(0, 'n2', 'linkUp')),
  ],
  'who stalled may suspect everybody': [
    began(),
    chatBegan({}, [{ kind: 'stallNode', at: 1e7, one: 0, other: 0, durationUs: 3e6, amount: 0 }]),
    at(13_500, seen(0, 'n2', 'suspect')),
  ],
  'a node goes on over a link whose other end has died, though it has turned a second one away since':
    [
      ...[...world, ...handshake, forward(1)],
      spoke(0, 1, 'ERROR', { connection: -9, code: 'DUPLICATE_LINK' }),
      ...[{ kind: 'shardStarted', node: 1, shard: 0 } as const, forward(2), forward(3)],
    ],
  'who stalled says that it lagged, and lags no more': [
    began(),
    chatBegan({}, [{ kind: 'stallNode', at: 1e7, one: 0, other: 0, durationUs: 3e6, amount: 0 }]),
    ...[at(10_500, lagOf(201)), at(12_900, lagOf(3))],
    ...[at(13_000, lagSaid(true)), at(13_000, lagSaid(false)), at(15_000, sampled)],
  ],
  'one that speaks in between hears the others around it': [
    ...alone,
    joined(1),
    loggedIn(1),
    seated(1, 0),
    seated(2, 0),
    heard(1, 'm2.1', 1),
    heard(1, 'm2.2', 3),
    heard(2, 'm1.1', 2),
    rested(),
  ],
  'what stands before where somebody came in is not told when he has come back, either': [
    ...[...world, seated(1, 0, { epoch: 9 })],
    ...[ended(1, { by: 'client' }), loggedIn(1, { connection: 11, isResumed: true, rooms: ['r'] })],
    at(20_000, askedFor(2, 'ROOM_MESSAGE', { room: 'r', message: 'm2.1' })),
    ...[roomAcked(2, 'm2.1', 1, { status: 'stored' }), rested()],
  ],
  'of a gap he is told again of whom nothing was heard since': [
    ...[...fewRemembered, said(1, 1), said(2, 2), said(3, 3), said(4, 4)],
    ...[askedFor(2, 'RESUME', { id: 'a' }), answered('RESUME', 'RESUME_OK', { ...of(2), id: 'a' })],
    ...[loggedIn(2, { ...back, gaps: ['r'], rooms: ['r'] }), askedFor(2, 'RESUME', { id: 'b' })],
    answered('RESUME', 'RESUME_OK', { ...of(2, 0, 23), id: 'b' }),
    loggedIn(2, { connection: 23, isResumed: true, gaps: ['r'], rooms: ['r'] }),
  ],
  'what a process said is heard when the next one gives the same places': [
    ...[...alone, joined(1), connected(1), loggedIn(1), seated(1, 0), died(0)],
    ...[joined(2), connected(2), loggedIn(2), seated(2, 0), heard(1, 'm3.1', 1)],
    ...[roomAcked(2, 'm2.1', 1), heard(2, 'm3.2', 2), rested()],
  ],
  'who says what it has heard has not heard itself': [
    ...[...fewRemembered, joined(2, { givesPlaces: true }), roomAcked(2, 'm2.1', 1)],
    ...[askedFor(2, 'RESUME'), loggedIn(2, { ...back, rooms: ['r'] }), said(1, 2), said(2, 3)],
    ...[askedFor(2, 'RESUME'), loggedIn(2, { ...back, gaps: ['r'], rooms: ['r'] })],
  ],
  'who is not in while a visitor has the name, or had it a moment ago': [
    ...[began(), chatBegan({ isCluster: false, policy: 'reject', resumeWindowMs: 5_000 })],
    ...[joined(1), joined(2, visits), loggedIn(2), at(20_000, isOut(1))],
    ...[at(21_000, ended(2, { by: 'client' })), at(29_000, isOut(1))],
  ],
  'whoever is told anew who sits there may be told of less than that': toldAnew,
  'a call that was made to one life and is answered by the next': [
    ...[...world, ...answeredAnew, forward(1), forward(2)],
    ...[...handshake, forward(3)].map((record) => ({ ...record, connection: 10 })),
  ],
  'who joins twice is answered twice, as the room was each time': [
    ...[...alone, joins(2, 'q2'), ...comesIn(1, 'q1', 0)],
    ...[askedFor(1, 'ROOM_MESSAGE', { room: 'r', message: 'm1.1' }), roomAcked(1, 'm1.1', 1)],
    ...[at(3_000, joins(2, 'q3')), granted('q2'), seated(2, 0)],
    ...[granted('q3'), seated(2, 1, { isAlready: true })],
  ],
  'who joins again reads what is on its way once more': [
    ...[...alone, joined(1), loggedIn(1), seated(1, 0), joined(2), loggedIn(2), seated(2, 0)],
    ...[heard(2, 'm3.1', 1), heard(2, 'm3.2', 2), seated(1, 2, { isAlready: true })],
    ...[heard(1, 'm3.2', 2, { isDelayed: true }), heard(1, 'm3.1', 1)],
    ...[heard(1, 'm3.2', 2), heard(1, 'm3.3', 3)],
    rested(),
  ],
  'what was missed comes once, late': [
    ...alone,
    joined(1, { givesPlaces: true }),
    loggedIn(1),
    seated(1, 0),
    heard(1, 'm2.1', 1),
    just('talkerEnded', { ...of(1), by: 'network', isCut: false, isBye: false }),
    loggedIn(1, { connection: 11, isResumed: true, replayed: 2, rooms: ['r'] }),
    heard(1, 'm2.2', 2, { connection: 11, isDelayed: true }),
    heard(1, 'm2.3', 3, { connection: 11, isDelayed: true }),
    heard(1, 'm2.4', 4, { connection: 11 }),
    rested(),
  ],
  'a home that died begins its places anew': [
    ...world,
    seated(1, 0),
    seated(3, 0),
    heard(1, 'm2.1', 1),
    died(0),
    heard(1, 'm2.9', 1, { connection: 12 }),
    heard(3, 'm2.9', 1),
  ],
  'whoever waits for a direct message gets it': [
    ...alone,
    joined(1),
    joined(2, { hasAck: true }),
    askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' }),
    directAcked('queued'),
    directHeard(2, { isDelayed: true }),
    rested(),
    rests(2),
    just('chatProbed'),
  ],
  'what comes as new late, and was held up between the nodes': [
    ...[began(), chatBegan({}, [splitOff(2, 1_000)])],
    ...[joined(2), askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2', node: 1 })],
    ...[directAcked('queued'), askedFor(2, 'LOGIN'), loggedIn(2), directHeard(2)],
  ],
  'everybody is told of a clock that is far off, and an administrator of one that is less so': [
    ...[...clockOf(360), at(500, skewSeen(361)), skewTold(1, 360), skewTold(2, 361)],
    ...[at(40_000, just('clockSet', { node: 1, byMs: -320_000 })), at(41_000, skewSeen(40))],
    ...[at(80_000, seesClock(40)), asked],
    ...[just('clockSet', { node: 1, byMs: -40_000 }), skewSeen(0), at(120_000, seesClock(0))],
  ],
  'less than half a minute is nobody’s': [...clockOf(-25), at(60_000, seesClock(-25)), asked],
  'who is sent away is told of all who stay': [
    ...[...advertised, at(5_000, sentTo('n2', 'n3')), at(6_000, seen(0, 'n3', 'left'))],
    at(9_000, sentTo('n2')),
  ],
  'nobody is told of a node that goes itself': [
    ...[
      began(),
      { ...chatBegan({}, [goes]), doors: ['n1.chat:7502', 'n2.chat:7502', 'n3.chat:7502'] },
    ],
    ...[joined(1), seen(0, 'n2', 'linkUp'), seen(0, 'n3', 'linkUp'), at(9_000, sentTo('n3'))],
  ],
  'who lags says so, and waits for longer': [
    ...[began(), cutOffForLong, at(10_000, lagOf(201)), lagSaid(true), at(15_000, sampled)],
    at(16_000, { ...seen(0, 'n2', 'suspect'), silentMs: 5_100 }),
    at(23_000, { ...seen(0, 'n2', 'down'), silentMs: 12_400 }),
    ...[at(24_000, lagOf(200)), lagSaid(false), at(26_000, sampled)],
    at(31_000, { ...seen(0, 'n3', 'suspect'), silentMs: 2_600 }),
  ],
  'a wrong word ends the link, and a new one does not': [
    ...[...world, at(10_000, erred('INVALID_ID')), refusedWith('INVALID_ID')],
    ...[at(13_000, linkLooked(1, false)), at(20_000, erred()), at(23_000, linkLooked(1, true))],
  ],
  'a link that fails is cut, and that is known': [
    ...[...world, at(10_000, linkFails), seen(1, 'n1', 'linkDown')],
    at(13_000, linkLooked(1, false)),
  ],
  'who was told of a split is told that it is over, or has gone': [
    ...[...world, cutOffTold, noticed(1, 'PARTITION_HEALED'), noticed(2, 'PARTITION')],
    ...[
      at(500, just('talkerEnded', { ...of(2), by: 'client', isCut: false, isBye: true })),
      sees(),
    ],
  ],
  'a node that is dead is taken for dead, and shown for a while': [
    ...world,
    chatBegan({}, [{ kind: 'killProcess', at: 1e6, one: 1, other: 0, durationUs: 2e7, amount: 0 }]),
    joined(2),
    connected(1),
    askedFor(2, 'LOGIN', { node: 1 }),
    at(1_000, died(1)),
    at(2_000, presence(1, [['u2', 1]])),
    at(8_000, seen(0, 'n2', 'down')),
    at(9_000, presence(1, [['u2', 0]])),
  ],
  'a node that two others miss is dead sooner, and what is listed then is partial': [
    ...[began(), { ...chatBegan({ downMs: 10_000 }), nodes: [...NODES, 'n4'] }],
    ...[seen(0, 'n2', 'linkUp'), seen(0, 'n3', 'linkUp'), seen(0, 'n4', 'linkUp')],
    chatBegan({}, [{ kind: 'cutOff', at: 9e6, one: 1, other: 0, durationUs: 2e7, amount: 0 }]),
    ...[at(12_000, seen(0, 'n2', 'suspect')), at(15_500, seen(0, 'n2', 'down'))],
    at(20_000, named(['u1'], false, { isPartial: true })),
  ],
  'a room that was empty for long is forgotten, and members of a node that died have left': [
    ...[began(), chatBegan({ isCluster: false, emptyRoomMs: 2_000 }), joined(1), joined(2)],
    ...[askedFor(1, 'JOIN', { room: 'r' }), seated(1, 3)],
    ...[askedFor(1, 'LEAVE', { room: 'r' }), just('unseated', { ...inSession(1), room: 'r' })],
    ...[at(9_000, askedFor(2, 'JOIN', { room: 'r' })), seated(2, 0, { epoch: 2, count: 1 })],
  ],
  'nodes prove themselves, and then say anything': [
    ...world,
    ...handshake,
    spoke(1, 0, 'INTEREST'),
    ...linksUp,
    counted(1, 1, 1),
  ],
  'a publication crosses once, and once more over a new link': [
    ...world,
    ...handshake,
    cross('crossFollowed', 1),
    at(9_000, cross('crossSent', 0)),
    forward(1, { message: 'pub:1' }),
    ...handshake.map((word) => ({ ...word, connection: 10 })),
    forward(1, { message: 'pub:1', connection: 10 }),
    forward(2, { connection: 10 }),
    cross('crossHeard', 1),
    rested(),
  ],
  'a room and a topic hear each other once, by the names that they have': [
    ...bridgedWorld,
    at(9_000, cross('crossSent', 3, { claims: 'page', isProved: true, proved: 'Bob' })),
    ...[
      cross('crossTaken', 3),
      cross('crossHeard', 3),
      heard(1, 'pub:1', 1, { from: 'bob@broker' }),
    ],
    at(9_500, askedFor(1, 'ROOM_MESSAGE', { message: 'm1.1', room: 'r' })),
    ...[roomAcked(1, 'm1.1', 2), overBridge('m1.1', 2, { from: 'U1' }), rested(40_000)],
  ],
  'what was written to a connection that had ended is lost': [
    ...[...alone, joined(1), joined(2)],
    at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
    ...[directAcked('delivered'), just('directLost', { ...inSession(2), message: 'm1.1' })],
    ...[rested(), rests(2), just('chatProbed')],
  ],
  'what waits on two nodes of three is lost with both': [
    ...[...world, joined(1), joined(2)],
    at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
    ...[directAcked('queued'), died(0), died(1), rested(), rests(2), just('chatProbed')],
  ],
  'who asks what he is is told so': [
    ...[...alone, joined(1), askedFor(1, 'LOGIN', { status: 'busy' })],
    ...[loggedIn(1, { status: 'busy' }), seated(1, 0), ...becomes(1, 'away'), isTold('away')],
  ],
  'whoever says nothing is asked, and then sent away': [
    ...alone,
    joined(1, { isMute: true }),
    at(1_000, loggedIn(1)),
    at(2_500, just('talkerNoticed', { ...of(1), what: 'PING', code: '' })),
    at(5_000, just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'PING_TIMEOUT' })),
    just('talkerEnded', { ...of(1), by: 'server', isCut: false, isBye: true }),
    at(20_000, just('sampled')),
  ],
};

/** What is said when all is well, and who is there. */
const probed: readonly Written[] = [
  ...alone,
  joined(1),
  joined(2),
  rested(),
  rests(1),
  rests(2),
  just('chatProbed'),
  askedFor(1, 'ROOM_MESSAGE', { message: 'm1.1', room: 'r' }),
];

const planted: readonly (readonly [property: string, lie: string, records: readonly Written[]])[] =
  [
    [
      'calls-answered',
      'a page is taken for a client',
      [calls('http'), over('http', ['ERROR INVALID_JSON'], false)],
    ],
    [
      'calls-answered',
      'another code',
      [calls('bytes'), over('bytes', ['ERROR INVALID_JSON'], false)],
    ],
    ['calls-answered', 'a call without end', [calls('http'), { kind: 'quiet' }]],
    ['plays', 'a node hears another proof', [metBy(challenge.replace('right', 'wrong'))]],
    ['plays', 'a node is not answered', [metBy('nothing')]],
    ['plays', 'somebody hears less', [...plays, playHeard(refusedTwice.slice(1))]],
    [
      'plays',
      'somebody hears another word',
      [...plays, playHeard([refusedTwice[0] ?? '', 'PONG'])],
    ],
    ['plays', 'somebody hears more', [...plays, playHeard(refusedTwice), playOver('a: PONG')]],
    ['plays', 'a play without end', [...plays, playHeard(refusedTwice), quiet]],
    ['hp-words', 'a line that is none', [just('talkerMisheard', { ...of(1), what: 'no JSON' })]],
    ['hp-answers', 'an answer that nobody asked for', [...alone, answered(undefined, 'ACK')]],
    ['hp-answers', 'an answer of another kind', [...alone, answered('JOIN', 'LEAVE_OK')]],
    [
      'hp-answers',
      'answers in another order',
      [...alone, answered('PING', 'PONG', { isOutOfTurn: true })],
    ],
    [
      'hp-answers',
      'a wrong line that is taken',
      [...alone, answered('a wrong line', 'PONG', { expected: 'INVALID_JSON' })],
    ],
    [
      'hp-answers',
      'no answer in time, and nothing is wrong',
      [...alone, at(90_000, answered('JOIN', 'ERROR', { code: 'TIMEOUT' }))],
    ],
    [
      'hp-patience',
      'whoever says nothing stays',
      [...alone, joined(1, { isMute: true }), loggedIn(1), at(20_000, just('sampled'))],
    ],
    [
      'hp-patience',
      'whoever says nothing is not asked',
      [
        ...alone,
        joined(1, { isMute: true }),
        loggedIn(1),
        at(5_000, just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'PING_TIMEOUT' })),
      ],
    ],
    [
      'hp-patience',
      'whoever has said something is asked',
      [
        ...[...alone, joined(1), connected(1), loggedIn(1)],
        at(5_000, askedFor(1, 'JOIN', { id: 'j' })),
        at(5_100, answered('JOIN', 'JOIN_OK', { id: 'j' })),
        at(6_000, just('talkerNoticed', { ...of(1), what: 'PING', code: '' })),
      ],
    ],
    [
      'hp-patience',
      'whoever is silent is asked late',
      [
        ...[...alone, joined(1), connected(1), loggedIn(1)],
        at(12_000, askedFor(1, 'PONG')),
        at(15_000, just('sampled')),
      ],
    ],
    [
      'hp-patience',
      'whoever answers is sent away',
      [
        ...alone,
        joined(1),
        loggedIn(1),
        at(5_000, just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'PING_TIMEOUT' })),
      ],
    ],
    [
      'room-order',
      'two messages in one place',
      [...world, heard(1, 'm2.1', 1), heard(3, 'm2.2', 1)],
    ],
    ['room-order', 'backwards', [...world, heard(1, 'm2.2', 2), heard(1, 'm2.1', 1)]],
    [
      'room-order',
      '[HP-HOME-13] backwards, where nodes have met and nobody comes in',
      [...met, heard(1, 'm2.1', 1, { isDelayed: true })],
    ],
    ['room-order', 'twice', [...world, heard(1, 'm2.1', 1), heard(1, 'm2.1', 1)]],
    [
      'room-order',
      'heard at another place than its sender was told',
      [...world, roomAcked(1, 'm1.1', 1), heard(2, 'm1.1', 2)],
    ],
    [
      'room-order',
      'the past backwards, where all who live hear each other',
      [
        ...[began(), chatBegan({}, [{ ...goes, kind: 'killProcess' }])],
        heard(1, 'm2.2', 1, { epoch: 2, home: 'n2' }),
        heard(1, 'm2.1', 1, { isDelayed: true }),
      ],
    ],
    [
      'room-order',
      'the past backwards, long after a node that began alone has met the others',
      [
        ...[began(), chatBegan({}, [{ ...goes, kind: 'killProcess' }]), joined(1)],
        ...[at(6_000, just('processBegan', { node: 0, incarnation: 1 })), loggedIn(1)],
        ...[seated(1, 0), seen(0, 'n2', 'linkUp')],
        at(18_000, heard(1, 'm2.2', 3, { epoch: 3 })),
        heard(1, 'm2.1', 1, { epoch: 2, isDelayed: true }),
      ],
    ],
    [
      'room-order',
      'another place for the same message',
      [...world, roomAcked(1, 'm1.1', 1), roomAcked(1, 'm1.1', 4, { isDuplicate: true })],
    ],
    [
      'room-whole',
      'a message that one of two has not heard',
      [
        ...alone,
        joined(1),
        loggedIn(1),
        seated(1, 0),
        heard(3, 'm2.1', 1),
        heard(1, 'm2.2', 2),
        rested(),
      ],
    ],
    [
      'room-whole',
      'what was missed is missing still',
      [
        ...alone,
        joined(1, { givesPlaces: true }),
        loggedIn(1),
        seated(1, 0),
        heard(1, 'm2.1', 1),
        heard(3, 'm2.2', 2),
        loggedIn(1, { connection: 11, isResumed: true, replayed: 1, rooms: ['r'] }),
        heard(1, 'm2.3', 3, { connection: 11, isDelayed: true }),
        rested(),
      ],
    ],
    [
      'room-whole',
      'fewer messages than were promised',
      [
        ...alone,
        joined(1, { givesPlaces: true }),
        loggedIn(1, { isResumed: true, replayed: 2, rooms: ['r'] }),
        heard(1, 'm2.1', 1, { isDelayed: true }),
        heard(1, 'm2.2', 2),
      ],
    ],
    [
      'room-reach',
      'what was stored does not come to one who sits there',
      [
        ...world,
        seated(1, 0),
        seated(3, 0),
        askedFor(2, 'ROOM_MESSAGE', { room: 'r', message: 'm2.1' }),
        roomAcked(2, 'm2.1', 1, { status: 'stored' }),
        heard(1, 'm2.1', 1),
        rested(),
      ],
    ],
    [
      'room-reach',
      'nor to one who came back before it was said, while another node died',
      [
        ...world,
        seated(1, 0),
        just('talkerEnded', { ...of(1), by: 'client', isCut: false, isBye: false }),
        loggedIn(1, { connection: 11, isResumed: true, rooms: ['r'] }),
        askedFor(2, 'ROOM_MESSAGE', { room: 'r', message: 'm2.1' }),
        roomAcked(2, 'm2.1', 1, { status: 'stored' }),
        died(2),
        rested(),
      ],
    ],
    [
      'directs',
      '[HP-DM-4] told late, long after it was to be forgotten',
      [
        ...[began(), chatBegan({ isCluster: false, offlineAgeMaxMs: 3_000 }), joined(2)],
        ...[askedFor(1, 'DIRECT_MESSAGE', { to: 'u2', message: 'm1.1' }), directAcked('queued')],
        ...[at(9_000, askedFor(2, 'LOGIN')), loggedIn(2), directHeard(2, { isDelayed: true })],
      ],
    ],
    [
      'views',
      '[HP-RES-5] a session that is over sits where another one of its user does',
      [
        ...[...world, rested()],
        just('ghostSeen', { node: 0, room: 'r', user: 'u1', session: 's0' }),
        ...[rests(1), asked],
      ],
    ],
    [
      'promised',
      '[HP-STORE-2] stored, where nobody has come so far',
      [...together, keeps(2, 0), isStored],
    ],
    [
      'promised',
      '[HP-STORE-1] stored by one of three others',
      [
        ...[began(), chatBegan({ nodesExpected: 4 }), ...linksUp],
        ...[askedFor(1, 'ROOM_MESSAGE', { message: 'm1.1' }), keeps(2, 1), isStored],
      ],
    ],
    [
      'promised',
      '[HP-STORE-6] it waits, and another message is held',
      [...together, holds(1, 0, 'u1 i1'), nowWaits],
    ],
    [
      'promised',
      '[HP-ACK-2] it waits, and is held for another node',
      [...together, holds(1, 2, 'u1 i2'), nowWaits],
    ],
    [
      'copied',
      '[HP-STORE-1] a copy lacks a message',
      [...world, copyDiffers({ room: 'r', lacks: ['u1 m1.1'] })],
    ],
    [
      'copied',
      '[HP-STORE-7] a copy knows somebody who has left',
      [...world, copyDiffers({ room: 'r', tooMuch: ['u1'] })],
    ],
    [
      'copied',
      '[HP-STORE-6] nobody holds what waits',
      [...world, copyDiffers({ user: 'u1', lacks: ['u2 m2.1'] })],
    ],
    ['copied', '[HP-STORE-6] what the user has had is held', [...world, heldInVain]],
    [
      'copied',
      '[HP-STORE-6] nobody holds what waits, though a node has died',
      [...world, died(1), copyDiffers({ user: 'u1', lacks: ['u2 m2.1'] })],
    ],
    [
      'copied',
      '[HP-STORE-6] what the user has had is held',
      [...world, copyDiffers({ user: 'u1', tooMuch: ['u2 m2.1'] })],
    ],
    [
      'copied',
      '[HP-ACK-1] a speaker waits for a node that does not answer',
      [...world, copyAwaited(9_000)],
    ],
    [
      'room-memory',
      'what was accepted is gone',
      [...alone, roomAcked(1, 'm1.1', 1), rested(), told(2, [])],
    ],
    [
      'room-memory',
      'what was stored is gone with one node',
      [
        ...world,
        roomAcked(1, 'm1.1', 1, { status: 'stored' }),
        heard(2, 'm1.1', 1),
        at(9_000, died(0)),
        rested(),
        told(2, []),
      ],
    ],
    ['directs', 'twice', [...alone, directHeard(2), directHeard(2)]],
    [
      'directs',
      'by the one who says it',
      [
        ...alone,
        askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' }),
        directHeard(1, { from: 'u1', to: 'u2', isSent: true }),
      ],
    ],
    ['directs', 'of somebody else', [...alone, directHeard(2, { to: 'u3' })]],
    [
      'directs',
      'what waits never comes',
      [
        ...alone,
        joined(1),
        joined(2, { hasAck: true }),
        at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
        directAcked('queued'),
        rested(),
        rests(2),
        just('chatProbed'),
      ],
    ],
    [
      'directs',
      'what is delivered nobody has',
      [
        ...alone,
        joined(2, { hasAck: true }),
        at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
        directAcked('delivered'),
        rested(),
        rests(2),
        just('chatProbed'),
      ],
    ],
    ...[alone, world].map((where, nodes): readonly [string, string, readonly Written[]] => [
      'directs',
      `[HP-DM-2] of two sessions one does not hear it, ${nodes === 0 ? 'on a node that is alone' : 'in a cluster'}`,
      [
        ...[...where, joined(2), loggedIn(2)],
        ...[joined(3, { user: 'u2' }), loggedIn(3, { user: 'u2' })],
        at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
        ...[directAcked('delivered'), directHeard(2), rested()],
        ...[rests(2), { ...rests(3), user: 'u2' }, just('chatProbed')],
      ],
    ]),
    [
      'directs',
      'what waits on two nodes of three is lost with one',
      [
        ...[...world, joined(1), joined(2)],
        at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
        ...[directAcked('queued'), died(0), rested(), rests(2), just('chatProbed')],
      ],
    ],
    [
      'directs',
      'what is delivered was written to a connection that has ended, and is not lost there',
      [
        ...[...alone, joined(1), joined(2), connected(2)],
        at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
        ...[directAcked('delivered'), ended(2), rested(), rests(2), just('chatProbed')],
      ],
    ],
    [
      'directs',
      'lost with a node that it never came to',
      [
        ...[...world, joined(1), joined(2), connected(2, 2, 1)],
        at(20_000, askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })),
        ...[directAcked('delivered'), died(2), rested(), rests(2), just('chatProbed')],
      ],
    ],
    [
      'directs',
      'again to one that came back',
      [...alone, joined(2), directHeard(2), { ...directHeard(2), connection: 22 }],
    ],
    [
      'gaps',
      'where nothing was forgotten',
      [
        ...alone,
        joined(1),
        askedFor(1, 'ROOM_MESSAGE', { room: 'r', message: 'm1.1' }),
        loggedIn(1, { isResumed: true, gaps: ['r'] }),
      ],
    ],
    [
      'gaps',
      'once more, where one message has come since',
      [
        ...[...fewRemembered, said(1, 1), said(2, 2), said(3, 3), said(4, 4)],
        ...[askedFor(2, 'RESUME'), loggedIn(2, { ...back, gaps: ['r'], rooms: ['r'] })],
        ...[askedFor(2, 'PING', { id: 'p', connection: 22 }), pong(2, 'p', 22)],
        ...[said(5, 5), askedFor(2, 'RESUME'), loggedIn(2, { ...back, gaps: ['r'] })],
      ],
    ],
    [
      'gaps',
      'where the last was heard that is not remembered',
      [
        ...[...fewRemembered, joined(2, { givesPlaces: true }), heard(2, 'm1.1', 1)],
        ...[said(1, 1), said(2, 2), said(3, 3)],
        ...[askedFor(2, 'RESUME'), loggedIn(2, { ...back, gaps: ['r'], rooms: ['r'] })],
      ],
    ],
    [
      'room-memory',
      'one node alone has what is said when all is well',
      [...world, rested(), asked, roomAcked(1, 'm1.1', 1)],
    ],
    [
      'room-memory',
      'half of two nodes take what was stored with them',
      [
        began(),
        { ...chatBegan(), nodes: ['n1', 'n2'] },
        roomAcked(1, 'm1.1', 1, { status: 'stored' }),
        ...[at(9_000, died(0)), rested(), told(2, [])],
      ],
    ],
    [
      'room-fresh',
      'what is said while one sits there is told late',
      [...alone, ...sits, heard(2, 'm1.1', 1, { isDelayed: true })],
    ],
    [
      'room-fresh',
      'to one who has come back before it was said',
      [
        ...[...world, at(40_000, loggedIn(2, { ...back, rooms: ['r'] })), ...sits.slice(-1)],
        heard(2, 'm1.1', 1, { connection: 22, isDelayed: true }),
      ],
    ],
    [
      'room-whole',
      'what was never written is not told again',
      [
        ...[...alone, joined(2), loggedIn(2), seated(2, 0), heard(2, 'm1.1', 1), ended(2)],
        ...[loggedIn(2, { ...back, rooms: ['r'] }), heard(3, 'm1.2', 2)],
        ...[heard(2, 'm1.3', 3, { connection: 22 }), rested()],
      ],
    ],
    [
      'minority',
      'somebody logs in',
      [
        ...[...smaller('readonly-minority'), at(12_000, askedFor(1, 'LOGIN'))],
        answered('LOGIN', 'LOGIN_OK', { id: 'x' }),
      ],
    ],
    [
      'minority',
      'clients are sent away in the first moment',
      [...smaller('drain-minority'), at(11_000, sentAway)],
    ],
    [
      'minority',
      'and where there is no smaller side',
      [...smaller('drain-minority').slice(0, 2), sentAway],
    ],
    [
      'minority',
      'and in the first moment of another time',
      [
        ...smaller('drain-minority'),
        ...[at(11_000, seen(0, 'n2', 'up')), at(18_000, seen(0, 'n2', 'down'))],
        at(18_500, sentAway),
      ],
    ],
    [
      'hp-tokens',
      'a session outlives its token',
      [
        ...[...alone, ...shows, at(9_000, askedFor(1, 'PING'))],
        answered('PING', 'PONG', { id: 'x' }),
      ],
    ],
    [
      'hp-tokens',
      'and where it has come back',
      [
        ...[
          ...world,
          ...shows,
          ended(1),
          at(9_000, loggedIn(1, { connection: 11, isResumed: true })),
        ],
        ...[
          askedFor(1, 'PING', { connection: 11 }),
          answered('PING', 'PONG', { id: 'x', connection: 11 }),
        ],
      ],
    ],
    [
      'hp-tokens',
      'a session ends before its token',
      [
        ...[...alone, ...shows],
        at(2_000, just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'AUTH_FAILED' })),
      ],
    ],
    [
      'hp-rates',
      'refusals that were made up for send one away',
      [
        began(),
        chatBegan({ isCluster: false, messagesPerSecondMax: 1, messagesBurstMax: 1 }),
        ...[1, 2, 3, 4, 5].flatMap((_, time) => [
          at(time * 9_000, askedFor(1, 'ROOM_MESSAGE')),
          answered('ROOM_MESSAGE', 'ACK'),
          askedFor(1, 'ROOM_MESSAGE'),
          answered('ROOM_MESSAGE', 'ERROR', { code: 'RATE_LIMITED', isFatal: time === 4 }),
        ]),
      ],
    ],
    [
      'hp-welcome',
      'more come in than may',
      [
        began(),
        chatBegan({ isCluster: false, sessionsPerUserMax: 1 }),
        ...[joined(1), joined(2, { user: 'u1' }), askedFor(1, 'LOGIN'), loggedIn(1)],
        at(9_000, loggedIn(2, { user: 'u1', sessions: 2 })),
      ],
    ],
    [
      'comes-back',
      'to a session that it has ended',
      [
        ...[...alone, joined(1), loggedIn(1), answered('BYE', 'BYE')],
        loggedIn(1, { connection: 11, isResumed: true }),
      ],
    ],
    [
      'statuses',
      'one that nobody set',
      [...alone, joined(1), loggedIn(1), rests(1), rested(), statusesTold(1, [['u1', 'busy']])],
    ],
    [
      'statuses',
      'of two sessions the one that is less here',
      [
        ...alone,
        ...[joined(1), loggedIn(1), joined(2, { user: 'u1' }), loggedIn(2, { user: 'u1' })],
        just('statusSet', { ...inSession(2), user: 'u1', status: 'busy' }),
        ...[rests(1), { ...rests(2), user: 'u1' }, rested()],
        statusesTold(1, [['u1', 'busy']]),
      ],
    ],
    [
      'statuses',
      'of a member of a room',
      [
        ...alone,
        joined(1),
        loggedIn(1),
        ...becomes(1, 'busy'),
        rests(1),
        rested(),
        members(1, ['u1']),
      ],
    ],
    [
      'watching',
      'what he has become never comes',
      [
        ...alone,
        ...[joined(1), loggedIn(1), joined(2), loggedIn(2), watches(2, 'u1')],
        ...[status(2, 'u1', 'online', true), ...becomes(1, 'away'), rests(1), rests(2), rested()],
        just('chatProbed'),
      ],
    ],
    [
      'watching',
      'nor what his lost connection was told',
      [
        ...alone,
        ...[joined(1), loggedIn(1), joined(2), loggedIn(2), watches(2, 'u1')],
        ...[status(2, 'u1', 'online', true), ...becomes(1, 'away')],
        just('talkerEnded', { ...of(2), by: 'network', isCut: false, isBye: false }),
        loggedIn(2, { connection: 22, isResumed: true }),
        ...[rests(1), rests(2), rested(), just('chatProbed')],
      ],
    ],
    [
      'watching',
      'nor what he has become since his watcher came back',
      [
        ...alone,
        ...[joined(1), loggedIn(1), joined(2), loggedIn(2), watches(2, 'u1')],
        status(2, 'u1', 'online', true),
        just('talkerEnded', { ...of(2), by: 'network', isCut: false, isBye: false }),
        loggedIn(2, { connection: 22, isResumed: true }),
        at(30_000, askedFor(1, 'PING')),
        ...[...becomes(1, 'away'), rests(1), rests(2), rested(), just('chatProbed')],
      ],
    ],
    [
      'watching',
      'what is written beside another status',
      [
        ...[...alone, joined(1), loggedIn(1), joined(2), loggedIn(2), watches(2, 'u1')],
        ...[joined(3, { user: 'u1' }), loggedIn(3, { user: 'u1' })],
        just('statusSet', { ...inSession(3), user: 'u1', status: 'away', note: 'lunch' }),
        { ...status(2, 'u1', 'online', true), note: 'lunch' },
        ...[rests(1), rests(2), { ...rests(3), user: 'u1' }, rested(), just('chatProbed')],
      ],
    ],
    [
      'watching',
      'the same again',
      [...alone, watches(2, 'u1'), status(2, 'u1', 'online', true), status(2, 'u1', 'online')],
    ],
    [
      'watching',
      'the same again to who comes back, and has surely heard it',
      [
        ...alone,
        ...[joined(1), loggedIn(1), joined(2), loggedIn(2), watches(2, 'u1')],
        at(20_000, status(2, 'u1', 'online')),
        ...[
          at(26_000, askedFor(2, 'PING', { id: 'p' })),
          answered('PING', 'PONG', { id: 'p', ...of(2) }),
        ],
        just('talkerEnded', { ...of(2), by: 'network', isCut: false, isBye: false }),
        loggedIn(2, { connection: 22, isResumed: true }),
        status(2, 'u1', 'online'),
      ],
    ],
    [
      'watching',
      'the same again, when it comes back a second time',
      [
        ...alone,
        ...[joined(1), loggedIn(1), joined(2), loggedIn(2), watches(2, 'u1')],
        at(20_000, status(2, 'u1', 'online')),
        ...[
          at(26_000, askedFor(2, 'PING', { id: 'p' })),
          answered('PING', 'PONG', { id: 'p', ...of(2) }),
        ],
        just('talkerEnded', { ...of(2), by: 'network', isCut: false, isBye: false }),
        loggedIn(2, { connection: 22, isResumed: true }),
        just('talkerEnded', { ...of(2, 0, 22), by: 'network', isCut: false, isBye: false }),
        loggedIn(2, { connection: 23, isResumed: true }),
        status(2, 'u1', 'online'),
      ],
    ],
    [
      'told-in-time',
      'late',
      [
        ...alone,
        ...[joined(1), connected(1), loggedIn(1), joined(2), connected(2), loggedIn(2)],
        ...[watches(2, 'u1'), status(2, 'u1', 'online', true), at(20_000, askedFor(1, 'PING'))],
        ...[...becomes(1, 'away'), at(24_000, just('sampled'))],
      ],
    ],
    [
      'told-in-time',
      'nor when he is back',
      [
        ...alone,
        ...[joined(1), connected(1), loggedIn(1), joined(2), connected(2), loggedIn(2)],
        ...[watches(2, 'u1'), status(2, 'u1', 'online', true)],
        at(20_000, just('talkerEnded', { ...of(2), by: 'network', isCut: false, isBye: false })),
        ...[at(22_000, askedFor(1, 'PING')), ...becomes(1, 'away')],
        at(23_000, loggedIn(2, { connection: 22, isResumed: true })),
        at(27_000, just('sampled')),
      ],
    ],
    ['watching', 'of one whom he does not watch', [...alone, status(2, 'u1', 'online')]],
    [
      'watching',
      'twice within a second',
      [
        ...alone,
        ...[watches(2, 'u1'), status(2, 'u1', 'online', true)],
        ...[at(5_000, status(2, 'u1', 'away')), at(5_300, status(2, 'u1', 'busy'))],
      ],
    ],
    [
      'signs',
      'a receipt that nobody gave',
      [...alone, joined(1), joined(2), sign(2, 'RECEIPT', 'u1', 'r1 read')],
    ],
    [
      'signs',
      'his own typing',
      [
        ...alone,
        ...[joined(1), loggedIn(1), seated(1, 0), askedFor(1, 'TYPING', { room: 'r', sign: 'on' })],
        sign(1, 'TYPING', 'u1', 'on', 'r'),
      ],
    ],
    [
      'signs',
      'a receipt comes to nobody, and all is well',
      [
        ...alone,
        ...[joined(1), joined(2), rests(1), rests(2), rested(), just('chatProbed')],
        ...[askedFor(1, 'RECEIPT', { to: 'u2', sign: 'r1 read' }), just('talkersLeft')],
      ],
    ],
    [
      'room-events',
      'one more comes, and they are as many as before',
      [...alone, loggedIn(1), seated(1, 0), at(20_000, roomEvent(1, 'join', 'u2', 1))],
    ],
    [
      'room-events',
      'who is there comes in',
      [
        ...alone,
        ...[loggedIn(1), seated(1, 0), at(20_000, roomEvent(1, 'join', 'u2', 2))],
        roomEvent(1, 'join', 'u2', 3),
      ],
    ],
    ['room-events', 'of a room in which he does not sit', [...alone, heard(1, 'm2.1', 1)]],
    [
      'room-events',
      'somebody goes, and nobody is told',
      [
        ...alone,
        ...[joined(1), loggedIn(1), at(20_000, seated(1, 0)), roomEvent(1, 'join', 'u2', 2)],
        ...[rests(1), rested(), just('chatProbed')],
      ],
    ],
    ...[0, 9].map((retryAfter): (typeof planted)[number] => [
      'hp-rates',
      `is to wait for ${retryAfter} s, and has to for half a second`,
      [
        ...alone,
        ...[1, 2, 3].map(() => askedFor(1, 'JOIN', { room: 'r' })),
        ...[answered('JOIN', 'JOIN_OK'), answered('JOIN', 'JOIN_OK')],
        answered('JOIN', 'ERROR', { code: 'RATE_LIMITED', retryAfter }),
      ],
    ]),
    [
      'room-events',
      'two come at once, long after all were told anew',
      [...toldAnew, at(50_000, roomEvent(1, 'join', 'u3', 3))],
    ],
    [
      'room-events',
      'gone with a node, and all are there',
      [
        ...[...alone, loggedIn(1), seated(1, 0, { count: 2 })],
        at(20_000, { ...roomEvent(1, 'leave', 'u2', 1), reason: 'node_down' }),
      ],
    ],
    [
      'hp-rates',
      'three at once, where two may be',
      [
        ...alone,
        ...[1, 2, 3].map(() => askedFor(1, 'JOIN', { room: 'r' })),
        ...[1, 2, 3].map(() => answered('JOIN', 'JOIN_OK')),
      ],
    ],
    [
      'hp-rates',
      'one who waits as long as he has to is refused',
      [
        ...alone,
        ...[askedFor(1, 'PRESENCE_SET'), answered('PRESENCE_SET', 'ACK')],
        at(4_000, askedFor(1, 'PRESENCE_SET')),
        answered('PRESENCE_SET', 'ERROR', { code: 'RATE_LIMITED' }),
      ],
    ],
    [
      'views',
      'statistics of one user too many',
      [...world, rested(), rests(1), stats(1, { users: 2 }), asked],
    ],
    [
      'views',
      'statistics of a session on another node',
      [...world, rested(), rests(1), stats(1, { sessions: [['n2', 1]] }), asked],
    ],
    [
      'views',
      'statistics of rooms in which nobody is, on the only node',
      [
        ...[began(), { ...chatBegan(), nodes: ['n1'] }, rested(), rests(1)],
        ...[stats(1, { rooms: 2 }), asked],
      ],
    ],
    [
      'away',
      'one message more, and then another one',
      [
        began(),
        chatBegan({ resumeMessagesMax: 1 }),
        ...[1, 2, 3].map((messages) => at(messages * 250, awaySeen(messages, 40))),
      ],
    ],
    [
      'away',
      'few messages that are long',
      [
        began(),
        chatBegan({ resumeBytesMax: 300 }),
        ...[at(250, awaySeen(1, 200)), at(500, awaySeen(2, 400))],
      ],
    ],
    [
      'away',
      'more that is not acknowledged than may be',
      [began(), chatBegan({ resumeMessagesMax: 1 }), awaySeen(1, 40, 2, 80)],
    ],
    [
      'away',
      'few messages that are not acknowledged, and long',
      [began(), chatBegan({ resumeBytesMax: 300 }), awaySeen(1, 40, 1, 400)],
    ],
    [
      'hp-limits',
      'more in a room than it has places',
      [
        began(),
        chatBegan({ roomMembersMax: 1 }),
        joined(1),
        loggedIn(1),
        seated(1, 0, { count: 2 }),
      ],
    ],
    [
      'hp-limits',
      'a room is full for the first that comes',
      [
        ...[began(), chatBegan({ roomMembersMax: 1 }), joined(1), loggedIn(1)],
        ...[askedFor(1, 'JOIN', { room: 'r' }), refused('JOIN', 'ROOM_FULL')],
      ],
    ],
    [
      'views',
      'one session too many',
      [...world, rested(), rests(1), presence(1, [['u1', 2]]), asked],
    ],
    [
      'views',
      'one who is not here',
      [...world, rested(), rests(1), presence(1, [['ghost', 1]]), asked],
    ],
    [
      'views',
      'a member who has left',
      [...world, rested(), rests(1), members(1, ['u1', 'u2']), asked],
    ],
    [
      'views',
      'a member who is not seen',
      [...world, rested(), rests(1), rests(2), members(1, ['u1']), asked],
    ],
    ['views', 'a room that is not listed', [...world, rested(), rests(1), rooms([]), asked]],
    ['views', 'a wrong count', [...world, rested(), rests(1), rooms([['r', 2]]), asked]],
    [
      'ghosts',
      'somebody from a node that is dead',
      [
        ...world,
        joined(2),
        connected(1),
        askedFor(2, 'LOGIN', { node: 1 }),
        at(1_000, died(1)),
        at(30_000, presence(1, [['u2', 1]])),
      ],
    ],
    [
      'ghosts',
      'somebody of a former life of the same node',
      [
        ...world,
        joined(2),
        askedFor(2, 'LOGIN'),
        at(1_000, died(0)),
        connected(1),
        at(2_000, presence(1, [['u2', 1]])),
      ],
    ],
    [
      'hp-liveness',
      'one who is not in',
      [...alone, joined(1), rested(), rests(1, [], undefined)].map((record) =>
        record.kind === 'talkerRests' ? { ...record, session: undefined } : record,
      ),
    ],
    [
      'hp-liveness',
      'one who is not in, whose name a visitor had long ago',
      [
        ...[began(), chatBegan({ isCluster: false, policy: 'reject', resumeWindowMs: 5_000 })],
        ...[joined(1), joined(2, visits), loggedIn(2), ended(2), at(9_100, isOut(1))],
      ],
    ],
    [
      'hp-liveness',
      'an answer that never comes',
      [
        ...alone,
        joined(1),
        connected(1),
        rested(),
        just('talkerWaits', { ...of(1), what: 'JOIN' }),
      ],
    ],
    ['hp-liveness', 'nobody hears what is said', [...probed, at(70_000, just('talkersLeft'))]],
    ['live-peers', 'a node that lives', [...world, at(30_000, seen(0, 'n2', 'down'))]],
    [
      'live-peers',
      'by a node that has stalled itself',
      [
        began(),
        chatBegan({}, [
          { kind: 'stallNode', at: 1e7, one: 0, other: 0, durationUs: 1.2e7, amount: 0 },
        ]),
        at(22_100, seen(0, 'n2', 'down')),
      ],
    ],
    ['live-peers', 'a node that is heard', [...world, at(30_000, seen(0, 'n2', 'suspect'))]],
    [
      'detours',
      'one whom a third node hears',
      [...shut, challenged(2, 0), challenged(2, 1), at(30_000, seen(0, 'n2', 'down'))],
    ],
    [
      'detours',
      'by a node that is called itself',
      [...shut, challenged(1, 2), challenged(0, 2), at(30_000, seen(1, 'n1', 'down'))],
    ],
    ['copies', 'of a few sessions', [...world, differed(1, 'n1', 7)]],
    ['copies', 'after a link that came back', [...world, ...linksUp, differed(2, 'n2', 1)]],
    ['mesh', 'two links', [...world, ...linksUp, counted(1, 2, 1)]],
    ['mesh', 'no link', [...world, ...linksUp, counted(1, 0, 1)]],
    ['mesh', 'one that is not used', [...world, ...linksUp.slice(1), counted(1, 1, 1)]],
    [
      'unproved',
      'who is here',
      [
        just('strangerHeard', {
          node: 0,
          connection: 5,
          what: 'eager',
          type: 'MEMBERS',
          isTelling: true,
        }),
      ],
    ],
    [
      'unproved',
      'a welcome for a stranger',
      [
        just('strangerHeard', {
          node: 0,
          connection: 5,
          what: 'wrongProof',
          type: 'SERVER_WELCOME',
          isTelling: true,
        }),
      ],
    ],
    [
      'joining',
      'nobody in time',
      [...world, just('processBegan', { node: 0, incarnation: 1 }), at(60_000, sampled)],
    ],
    [
      'joining',
      'who has found nobody yet',
      [
        ...[...world, at(0, just('processBegan', { node: 1, incarnation: 1 }))],
        at(40_000, just('processBegan', { node: 0, incarnation: 1 })),
        at(40_100, just('nodeTold', { node: 0, news: 'clusterJoined' })),
      ],
    ],
    ['clocks', 'one of which nobody is told', [...clockOf(-60), at(60_000, seesClock(-60))]],
    [
      'clocks',
      'one that is told as right',
      [...clockOf(60), skewSeen(60), at(60_000, seesClock(0))],
    ],
    ['clocks', 'ahead, and it is behind', [...clockOf(-60), skewTold(1, 60)]],
    ['clocks', 'one that is for administrators', [...clockOf(60), skewTold(2, 60)]],
    [
      'clocks',
      'one of which some are told',
      [...clockOf(360), skewSeen(360), skewTold(1, 360), at(9_000, asked)],
    ],
    [
      'elsewhere',
      'a node that is down',
      [...advertised, seen(0, 'n2', 'down'), at(9_000, sentTo('n2', 'n3'))],
    ],
    ['elsewhere', 'all but one that is up', [...advertised, at(9_000, sentTo('n3'))]],
    ['elsewhere', 'one that is none', [...advertised, at(9_000, sentTo('n2', 'n3', 'n4'))]],
    [
      'elsewhere',
      'one that goes itself',
      [
        ...[
          began(),
          { ...chatBegan({}, [goes]), doors: ['n1.chat:7502', 'n2.chat:7502', 'n3.chat:7502'] },
        ],
        ...[
          joined(1),
          seen(0, 'n2', 'linkUp'),
          seen(0, 'n3', 'linkUp'),
          at(9_000, sentTo('n2', 'n3')),
        ],
      ],
    ],
    ['lagging', 'nobody that it does', [...world, at(10_000, lagOf(201)), at(12_000, sampled)]],
    ['lagging', 'that it does, and it does not', [...world, lagOf(200), lagSaid(true)]],
    [
      'lagging',
      'too little patience',
      [
        ...[...world, at(10_000, lagOf(201)), lagSaid(true)],
        at(16_000, { ...seen(0, 'n2', 'suspect'), silentMs: 4_900 }),
      ],
    ],
    [
      'lagging',
      'a death too early',
      [
        ...[...world, at(10_000, lagOf(201)), lagSaid(true)],
        at(16_000, { ...seen(0, 'n2', 'down'), silentMs: 11_000 }),
      ],
    ],
    [
      'wanted',
      'a topic that is wanted no more',
      [...world, nodesDiffer('interest', { tooMuch: ['broker/t'] })],
    ],
    [
      'wanted',
      'a topic that others are told is followed where nobody is',
      [...world, nodesDiffer('own', { tooMuch: ['chat/room/a'] })],
    ],
    [
      'wanted',
      'a topic that a home does not know of',
      [...world, nodesDiffer('followed', { lacks: ['broker/t ×1'] })],
    ],
    [
      'copies',
      'a session too few',
      [...world, nodesDiffer('sessions', { lacks: ['s1 u1 online '] })],
    ],
    [
      'copies',
      'a session too much',
      [...world, nodesDiffer('sessions', { tooMuch: ['s1 u1 online '] })],
    ],
    ['misspoken', 'another code', [...world, erred('INVALID_ID'), refusedWith('INVALID_TYPE')]],
    ['misspoken', 'a newer word', [...world, erred(), refusedWith('UNKNOWN_TYPE')]],
    ['misspoken', 'no end of it', [...world, erred('INVALID_ID'), at(3_000, linkLooked(1, true))]],
    [
      'misspoken',
      'no word of it',
      [...world, erred('INVALID_ID'), at(3_000, linkLooked(1, false))],
    ],
    [
      'misspoken',
      'a link that fails and stands',
      [...world, linkFails, seen(1, 'n1', 'linkDown'), at(3_000, linkLooked(1, true))],
    ],
    [
      'misspoken',
      'a link that fails unknown',
      [...world, linkFails, at(3_000, linkLooked(1, false))],
    ],
    [
      'unproved',
      'another code than the word has',
      [{ ...stranger('first: no id', 'ERROR', 'INVALID_TYPE'), expected: 'INVALID_ID' }],
    ],
    ['members-told', 'one that is suspected', [...world, sees({ state: 'suspect' })]],
    ['members-told', 'that it does not serve', [...world, sees({}, { isServing: false })]],
    ['members-told', 'nobody', [...world, sees({}, { members: [] })]],
    [
      'members-told',
      'one that has been dead for long',
      [
        ...[began(), chatBegan({ forgetMs: 6_000 }), just('nodeKilled', { node: 1 })],
        at(80_000, sees({ state: 'down', hasLink: false })),
      ],
    ],
    ['healed', 'a split that is over, and is not told so', [...world, cutOffTold, sees()]],
    [
      'healed',
      'a split that is over, and is told so to others',
      [...world, cutOffTold, noticed(2, 'PARTITION_HEALED'), sees()],
    ],
    [
      'cut-off-told',
      'another node is lost, and its administrator is not told',
      [
        ...[began(), chatBegan(), joined(1, { user: 'u0' }), loggedIn(1)],
        ...[cannotReach('n2'), cutOffTold, cannotReach('n2', 'n3'), asked],
      ],
    ],
    [
      'cut-off-told',
      'some are told that another node is lost, and others are not',
      [
        ...[began(), chatBegan(), joined(1), loggedIn(1), joined(2), loggedIn(2)],
        ...[cannotReach('n2'), cutOffTold, cannotReach(), asked],
      ],
    ],
    [
      'unproved',
      'a node of another cluster, which is answered',
      [...world, stranger('otherCluster', 'SERVER_CHALLENGE')],
    ],
    [
      'unproved',
      'or told something else',
      [...world, stranger('otherCluster', 'ERROR', 'PEER_AUTH_FAILED')],
    ],
    [
      'unproved',
      'or sent away without a word',
      [...world, just('strangerSentAway', { node: 0, what: 'otherCluster', isTold: false })],
    ],
    [
      'unproved',
      'one that stands at the door',
      [...world, at(60_000, just('strangerStands', { node: 0, connection: 5, what: 'silent' }))],
    ],
    ['draining', 'it is suspected', [...drains, at(14_000, seen(0, 'n2', 'suspect'))]],
    [
      'minority',
      'nobody is sent away',
      [
        ...[...smaller('drain-minority'), at(30_000, askedFor(1, 'PING'))],
        answered('PING', 'PONG', { id: 'x' }),
      ],
    ],
    ['forwarding', 'again over one link', [...world, ...handshake, forward(1), forward(1)]],
    ['unproved', 'a node before its proof', [...handshake.slice(0, 2), spoke(1, 0, 'INTEREST')]],
    ['unproved', 'a caller before its welcome', [...handshake.slice(0, 3), spoke(0, 1, 'MEMBERS')]],
    [
      'versions',
      'to the node that was called',
      [...handshake, spoke(0, 1, 'HEARTBEAT', { version: '1.0', hasHave: true })],
    ],
    [
      'versions',
      'to the caller',
      [...handshake, spoke(1, 0, 'HEARTBEAT', { version: '1.0', hasHave: true })],
    ],
    [
      'forwarding',
      'a number is left out of what a new life is told',
      [...world, ...answeredAnew, forward(1), forward(3)],
    ],
    ['forwarding', 'a number is left out', [...world, ...handshake, forward(1), forward(3)]],
    [
      'forwarding',
      'twice, under two numbers',
      [...world, ...handshake, forward(1, { message: 'pub:1' }), forward(2, { message: 'pub:1' })],
    ],
    [
      'forwarding',
      'on to a third',
      [...world, ...handshake, cross('crossSent', 2), forward(1, { message: 'pub:1' })],
    ],
    [
      'forwarding',
      'by a node that is not the home',
      [
        ...world,
        ...handshake,
        forward(1, { key: 'publication chat/room/r', message: 'u1 m1.1', origin: 'n3' }),
      ],
    ],
    ['draining', 'a client stays', [...drains, at(12_000, answered('PING', 'PONG', on(1)))]],
    ['draining', 'somebody comes in', [...drains, at(8_000, seated(1, 0, on(1)))]],
    [
      'draining',
      'it has a home',
      [
        ...drains,
        at(8_000, askedFor(1, 'ROOM_MESSAGE', { message: 'm1.1', room: 'r' })),
        heard(2, 'm1.1', 1, { home: 'n2' }),
      ],
    ],
    [
      'draining',
      'others wait for it',
      [...drains, at(12_000, answered('JOIN', 'ERROR', { code: 'TIMEOUT' }))],
    ],
    [
      'directs',
      'what was said is not found',
      [...alone, joined(1), loggedIn(1), directAcked('delivered'), rested(), withOthers()],
    ],
    ['mesh', 'one that is suspected', [...world, ...linksUp, seen(0, 'n2', 'suspect'), allLinked]],
    ['pages', 'a message twice', [...alone, read([1, 1], false)]],
    ['pages', 'one that is left out', [...alone, read([1, 3], false)]],
    ['pages', 'one more than was asked for', [...alone, read([1, 2, 3], false)]],
    ['pages', 'another part than was asked for', [...alone, read([3], false, { before: 3 })]],
    ['pages', 'nothing, and more of it', [...alone, read([], true)]],
    ['pages', 'less than there is room for', [...alone, read([1], true)]],
    [
      'pages',
      'a hole between two pages',
      [...alone, read([5, 6], true), read([2, 3], true, { before: 5 })],
    ],
    [
      'pages',
      'more, and then nothing',
      [...alone, read([1, 2], true), read([], false, { before: 1 })],
    ],
    [
      'pages',
      'no more, and then something',
      [...alone, read([2, 3], false), read([1], false, { before: 2 })],
    ],
    ['pages', 'what is forgotten too early', [...alone, rested(), read([2, 3], false)]],
    ['pages', 'a name twice', [...alone, named(['a', 'A'], false)]],
    ['pages', 'more members than there are', [...alone, named(['a', 'b'], true)]],
    ['hp-limits', 'a room too many', [...narrow, seated(1, 0), seated(1, 0, { room: 'other' })]],
    ['hp-limits', 'the last room is refused', [...narrow, refused('JOIN', 'FORBIDDEN')]],
    [
      'hp-limits',
      'a list that fits is refused',
      [
        ...[began(), chatBegan({ watchedUsersMax: 3 }), joined(1), loggedIn(1)],
        ...[watches(1, 'u2'), status(1, 'u2', 'online', true), watches(1, 'u2 u3 u4')],
        answered('PRESENCE_SUBSCRIBE', 'ERROR', { code: 'INVALID_PAYLOAD', id: 'x' }),
      ],
    ],
    [
      'hp-limits',
      'the last to be watched is refused',
      [...narrow, refused('PRESENCE_SUBSCRIBE', 'INVALID_PAYLOAD')],
    ],
    [
      'hp-limits',
      'one more waits',
      [
        ...narrow,
        ...['m1.1', 'm1.2'].flatMap((message) => [
          askedFor(1, 'DIRECT_MESSAGE', { to: 'nobody', message }),
          directAcked('queued', { to: 'nobody', message }),
        ]),
      ],
    ],
    [
      'hp-limits',
      'nobody may wait, and some may',
      [...narrow, refused('DIRECT_MESSAGE', 'USER_OFFLINE')],
    ],
    ['hp-limits', 'a session too many', [...narrow, presence(1, [['u1', 2]])]],
    ['hp-limits', 'the last session is refused', [...narrow, refused('LOGIN', 'SESSION_LIMIT')]],
    ['hp-last-words', 'nothing is said', [...alone, joined(1), loggedIn(1), ended(1)]],
    ['hp-last-words', 'before it is in', [...alone, joined(1), connected(1), ended(1)]],
    [
      'one-session',
      'the former one is obeyed',
      [
        ...only('replace'),
        at(15_000, askedFor(1, 'ROOM_MESSAGE', { message: 'm1.1', room: 'r' })),
        roomAcked(1, 'm1.1', 1),
      ],
    ],
    [
      'one-session',
      'the first one has to go',
      [
        ...only('reject'),
        just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'SESSION_REPLACED' }),
      ],
    ],
    [
      'one-session',
      'the first one has to go, and was heard of before the other side could not be reached',
      [
        ...[began(), chatBegan({ policy: 'reject' }, [{ ...splitOff(1, 9_000), at: 5_000_000 }])],
        ...[joined(1), joined(2, { user: 'u1' }), loggedIn(1)],
        at(10_000, loggedIn(2, { user: 'u1', node: 1, home: 'n2' })),
        just('talkerNoticed', { ...of(1), what: 'ERROR', code: 'SESSION_REPLACED' }),
      ],
    ],
    [
      'one-session',
      'two are in, long after all is well',
      [...only('replace'), just('healed'), at(50_000, just('sampled'))],
    ],
    [
      'hp-self',
      'another room',
      [...alone, loggedIn(1), seated(1, 0), isTold('online', { rooms: [] })],
    ],
    [
      'hp-self',
      '[HP-RES-1] whoever comes back sits nowhere',
      [...alone, loggedIn(1), seated(1, 0), ended(1), loggedIn(1, back)],
    ],
    [
      'hp-self',
      '[HP-RES-1] whoever comes back sits in one room less',
      [
        ...[...alone, loggedIn(1), seated(1, 0), seated(1, 0, { room: 'a' }), ended(1)],
        loggedIn(1, { ...back, rooms: ['a'] }),
      ],
    ],
    ['hp-self', 'another status', [...alone, loggedIn(1), seated(1, 0), isTold('away')]],
    [
      'hp-self',
      'another note',
      [...alone, loggedIn(1), seated(1, 0), isTold('online', { note: 'x' })],
    ],
    [
      'hp-self',
      'another session',
      [...alone, loggedIn(1), seated(1, 0), isTold('online', { as: 's2' })],
    ],
    [
      'hp-self',
      'another user',
      [...alone, loggedIn(1), seated(1, 0), isTold('online', { of: 'u2' })],
    ],
    [
      'hp-self',
      'another node',
      [...alone, loggedIn(1), seated(1, 0), isTold('online', { home: 'n2' })],
    ],
    [
      'hp-self',
      'comes in as another',
      [...alone, askedFor(1, 'LOGIN', { status: 'away' }), loggedIn(1)],
    ],
    ['one-session', 'two in the end', [...only('replace'), rests(1), { ...rests(2), user: 'u1' }]],
    [
      'taken',
      'told again, and had it',
      [
        ...alone,
        ...[joined(2, { hasAck: true }), loggedIn(2), heard(2, 'm1.2', 1), says(2, ['m1.2'])],
        ...[askedFor(2, 'PING', { id: 'p' }), pong(2, 'p'), ended(2), loggedIn(2, back)],
        heard(2, 'm1.2', 1, { connection: 22, isDelayed: true }),
      ],
    ],
    ['acknowledged', 'told again, and had said so', [...saysLater, ...toldAgain('m1.2', 2)]],
    [
      'acknowledged',
      'not told again, and had not said so',
      [...saysLater, askedFor(2, 'PING', { id: 'p', connection: 22 }), pong(2, 'p', 22)],
    ],
    [
      'heard-in-time',
      'never',
      [
        ...[...alone, joined(1), joined(2), loggedIn(1), loggedIn(2), seated(1, 0), seated(2, 0)],
        ...[at(9_000, roomAcked(1, 'm1.1', 1)), at(14_000, just('sampled'))],
      ],
    ],
    [
      'heard-in-time',
      'after a while',
      [
        ...[...alone, joined(1), joined(2), loggedIn(1), loggedIn(2, { ...back, rooms: ['r'] })],
        ...[at(9_000, roomAcked(1, 'm1.1', 1)), at(14_000, just('sampled'))],
        at(15_000, heard(2, 'm1.1', 1, { connection: 22 })),
      ],
    ],
    [
      'silence',
      'heard nothing for long, and suspects nobody',
      [...[began(), cutOff, seen(0, 'n2', 'linkUp')], at(20_000, just('sampled'))],
    ],
    [
      'silence',
      'suspects it for ever',
      [
        ...[began(), cutOff, seen(0, 'n2', 'linkUp'), at(13_000, seen(0, 'n2', 'suspect'))],
        at(24_500, just('sampled')),
      ],
    ],
    [
      'taken',
      'not told again, and did not have it',
      [
        ...alone,
        ...[joined(2, { hasAck: true }), loggedIn(2), directHeard(2), ended(2), loggedIn(2, back)],
        ...[askedFor(2, 'PING', { id: 'p', connection: 22 }), pong(2, 'p', 22)],
      ],
    ],
    [
      'taken',
      'it had waited, and waits again',
      [
        ...alone,
        ...[joined(2), loggedIn(2), directHeard(2, { isDelayed: true }), ended(2)],
        at(30_000, loggedIn(2, { session: 's22', connection: 22 })),
        directHeard(2, { session: 's22', connection: 22, isDelayed: true }),
      ],
    ],
    [
      'comes-back',
      'its session is gone',
      [
        began(),
        chatBegan({ isCluster: false, sessionsPerUserMax: 100 }),
        ...[joined(1), connected(1), at(1_000, loggedIn(1)), at(20_000, ended(1))],
        at(21_000, refused('RESUME', 'SESSION_EXPIRED')),
      ],
    ],
    [
      'comes-back',
      '[HP-SESS-4] its session has made way, and nobody came',
      [
        began(),
        chatBegan({ isCluster: false, sessionsPerUserMax: 2 }),
        ...[joined(1), connected(1), at(1_000, loggedIn(1)), at(20_000, ended(1))],
        at(21_000, refused('RESUME', 'SESSION_EXPIRED')),
      ],
    ],
    [
      'comes-back',
      '[HP-SESS-4] its session has made way, and an older one would have',
      [
        began(),
        chatBegan({ isCluster: false, sessionsPerUserMax: 2 }),
        ...[joined(2, { user: 'u1' }), connected(2), at(1_000, loggedIn(2, { user: 'u1' }))],
        ...[joined(1), connected(1), at(5_000, loggedIn(1))],
        ...[at(20_000, ended(2, { by: 'client' })), at(20_100, ended(1, { by: 'client' }))],
        ...[joined(3, { user: 'u1' }), at(23_000, askedFor(3, 'LOGIN'))],
        at(24_000, refused('RESUME', 'SESSION_EXPIRED')),
      ],
    ],
    [
      'comes-back',
      'more waits for it than may',
      [
        began(),
        chatBegan({ isCluster: false, resumeMessagesMax: 1 }),
        ...[joined(2), loggedIn(2), ended(2), loggedIn(2, { ...back, replayed: 3 })],
        ...['m1.1', 'm1.2', 'm1.3'].map((message) =>
          directHeard(2, { message, connection: 22, isDelayed: true }),
        ),
      ],
    ],
    ['hp-welcome', 'another node', [...world, joined(1), loggedIn(1, { home: 'n2' })]],
    ['hp-welcome', 'sessions too many', [...alone, joined(1), loggedIn(1, { sessions: 2 })]],
    [
      'hp-welcome',
      'sessions too few',
      [
        ...alone,
        ...[joined(1), joined(2, { user: 'u1' }), askedFor(1, 'LOGIN'), loggedIn(1)],
        at(9_000, loggedIn(2, { user: 'u1' })),
      ],
    ],
    [
      'directs',
      'at a later login, and was delivered',
      [
        ...[...alone, joined(2), askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })],
        ...[directAcked('delivered'), at(9_000, askedFor(2, 'LOGIN')), loggedIn(2)],
        directHeard(2, { isDelayed: true }),
      ],
    ],
    [
      'directs',
      'at a later login, and another client had it',
      [
        ...[...alone, joined(2), joined(3, { user: 'u2' })],
        ...[askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2' })],
        ...[directHeard(3, { user: 'u2', to: 'u2' }), directAcked('delivered')],
        ...[at(9_000, askedFor(2, 'LOGIN')), loggedIn(2), directHeard(2, { isDelayed: true })],
      ],
    ],
    [
      'directs',
      'as new, and had waited',
      [
        ...[...alone, joined(2), directAcked('queued'), askedFor(2, 'LOGIN')],
        ...[loggedIn(2), directHeard(2)],
      ],
    ],
    [
      'directs',
      'as new, and had waited, while another node was cut off',
      [
        ...[began(), chatBegan({}, [splitOff(4, 1_000)])],
        ...[joined(2), askedFor(1, 'DIRECT_MESSAGE', { message: 'm1.1', to: 'u2', node: 1 })],
        ...[directAcked('queued'), askedFor(2, 'LOGIN'), loggedIn(2), directHeard(2)],
      ],
    ],
    [
      'wanted',
      'nobody was ever there',
      [...world, at(9_000, forward(1, { key: 'publication broker/t', message: 'pub:1' }))],
    ],
    [
      'wanted',
      'the last has gone',
      [
        ...[...world, joined(1), connected(1, 1, 1), ended(1)],
        at(60_000, forward(1, { key: 'publication chat/room/r' })),
      ],
    ],
    [
      'partial',
      'whole, and a node is down',
      [...world, at(9_000, seen(0, 'n2', 'down')), at(13_000, named(['u1'], false))],
    ],
    [
      'partial',
      'partial, and alone',
      [...alone, at(9_000, named(['u1'], false, { isPartial: true }))],
    ],
    [
      'timely-deaths',
      'before its time, and nobody else says so',
      [
        ...[...world, at(9_000, seen(0, 'n2', 'linkUp')), seen(0, 'n3', 'linkUp')],
        ...[at(12_000, seen(0, 'n2', 'suspect')), at(13_000, seen(0, 'n2', 'down'))],
      ],
    ],
    [
      'timely-deaths',
      'and the others are suspect themselves',
      [
        ...[began(), { ...chatBegan(), nodes: [...NODES, 'n4'] }],
        ...[seen(0, 'n3', 'linkUp'), seen(0, 'n4', 'linkUp'), seen(0, 'n2', 'linkUp')],
        ...[at(12_000, seen(0, 'n2', 'suspect')), seen(0, 'n3', 'suspect')],
        ...[seen(0, 'n4', 'suspect'), at(13_000, seen(0, 'n2', 'down'))],
      ],
    ],
    [
      'timely-deaths',
      'though it was dead three times of late',
      [
        ...[...world, seen(0, 'n3', 'linkUp'), ...flapping(3)],
        ...[at(70_000, seen(0, 'n2', 'suspect')), at(73_500, seen(0, 'n2', 'down'))],
      ],
    ],
    [
      'gone-with-node',
      'of whom nobody hears that he has left',
      [...wholeWorld, ...deadNode, at(25_000, sampled)],
    ],
    [
      'gone-with-node',
      'where another leaves in his place',
      [...wholeWorld, ...deadNode, roomEvent(1, 'leave', 'u9', 1), at(25_000, sampled)],
    ],
    [
      'room-kept',
      'begun anew',
      [
        ...[...alone, ...comesIn(1, 'q1', 3)],
        ...[at(3_000, joins(2, 'q2')), granted('q2'), seated(2, 0, { epoch: 2 })],
      ],
    ],
    [
      'room-kept',
      'gone back behind what was said',
      [
        ...[...alone, ...comesIn(1, 'q1', 0)],
        ...[askedFor(1, 'ROOM_MESSAGE', { room: 'r', message: 'm1.1' }), roomAcked(1, 'm1.1', 1)],
        ...[at(3_000, joins(2, 'q2')), granted('q2'), seated(2, 0)],
      ],
    ],
    [
      'carried-off',
      'with a node that lives',
      [
        ...[...world, joined(1), joined(2), connected(2, 2, 1), at(9_000, heard(1, 'm1.1', 1))],
        { ...roomEvent(1, 'leave', 'u2', 1), reason: 'node_down' },
        heard(1, 'm1.2', 2),
      ],
    ],
    [
      'carried-off',
      'while its session waits for it',
      [
        ...[...world, joined(1), joined(2), connected(2, 2, 1), at(9_000, heard(1, 'm1.1', 1))],
        just('talkerNoticed', { ...of(2, 1), what: 'ERROR', code: 'PING_TIMEOUT' }),
        ...[ended(2, { isBye: true }), { ...roomEvent(1, 'leave', 'u2', 1), reason: 'node_down' }],
        heard(1, 'm1.2', 2),
      ],
    ],
    [
      'carried-off',
      'with a thread of another node',
      [
        ...[began(), chatBegan(), joined(1), joined(2), connected(2, 2, 1)],
        at(9_000, heard(1, 'm1.1', 1)),
        { kind: 'shardCrashed', node: 0, shard: 1 },
        { ...roomEvent(1, 'leave', 'u2', 1), reason: 'node_down' },
        heard(1, 'm1.2', 3),
      ],
    ],
    ['crossing', 'over no bridge', [...bridgedWorld, ...overNoBridge]],
    ['bridged', 'twice', [...bridgedWorld, overBridge('m1.1', 1), overBridge('m1.1', 1)]],
    ['bridged', 'by somebody else', [...bridgedWorld, joined(2), overBridge('m2.1', 1)]],
    ['bridged', 'for the second time', [...bridgedWorld, overBridge('pub:1', 1)]],
    ['bridged', 'from another room', [...bridgedWorld, overBridge('m1.1', 1, { room: 'q' })]],
    [
      'bridged',
      'by a name that nobody has proved',
      [
        ...[...bridgedWorld, cross('crossSent', 3, { claims: 'page', isProved: true })],
        heard(1, 'pub:1', 1, { from: 'page@broker' }),
      ],
    ],
    [
      'bridged',
      'never in the room',
      [
        ...[...bridgedWorld, at(9_000, cross('crossSent', 3)), cross('crossTaken', 3)],
        rested(40_000),
      ],
    ],
    [
      'bridged',
      'never out of it',
      [
        ...[...bridgedWorld, at(9_000, askedFor(1, 'ROOM_MESSAGE', { message: 'm1.1' }))],
        ...[roomAcked(1, 'm1.1', 1), rested(40_000)],
      ],
    ],
    ['crossing', 'twice', [...world, cross('crossHeard', 1), cross('crossHeard', 1)]],
    [
      'crossing',
      'never',
      [
        ...[...world, cross('crossFollowed', 1), at(40_000, cross('crossSent', 0))],
        ...[cross('crossTaken', 0), rested()],
      ],
    ],
  ];

describe('a clean history breaks nothing', () => {
  test.each(Object.entries(clean))('%s', (_, records) => {
    expect(judgeTrace(history(...records), chatInvariants)).toEqual([]);
  });
});

describe('a planted lie is found', () => {
  test.each(planted)('by %s: %s', (property, _, records) => {
    expect(broken(...records)).toContain(property);
  });

  test('by every invariant there is, and by each in two ways', () => {
    const found = planted.map(([property]) => property);
    const judged = chatInvariants.map(({ property }) => property);
    const times = (name: string): number => found.filter((property) => property === name).length;
    expect(
      judged.filter((property) => times(property) < (property === 'hp-words' ? 1 : 2)),
    ).toEqual([]);
  });
});
