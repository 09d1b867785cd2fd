// Plans whose nodes have a chat: one node, or a cluster of two to seven; talkers, strangers, clients of the broker whose
// publications cross; the faults of every other run, and those between nodes. Each part is drawn from a stream of its own.
// Refuses to run anything.

import { type Arbitrary, array, boolean, constant, constantFrom, integer, tuple } from 'fast-check';

import { chatDefaults, type ChatOptions } from '../../actors/chat/chat-options.ts';
import { clusterDefaults, type ClusterOptions } from '../../actors/cluster/cluster-options.ts';
import type { LinkPlan } from '../edges/link.ts';
import type { Lane } from '../edges/web.edge.ts';
import { blowsAtReturns } from '../faults/faults.ts';
import { drawFaults, kindsOf, type Plan, type PlanChoices } from '../plan.ts';
import type {
  ChatPlan,
  CrosserPlan,
  Return,
  Upgrade,
  StrangerPlan,
  TalkerPlan,
} from './chat-plan.ts';
import { type Bridging, bridgings, withBridgedRoom, withVoices } from './casting/bridgings.ts';
import { withCalls } from './calls/draw-calls.ts';
import { withMeetings } from './calls/draw-meetings.ts';
import { withPlays } from './calls/draw-plays.ts';
import { withTours } from './calls/draw-tours.ts';
import { areCrowdsAlone, inCrowds, isOfCrowds, sessionsMax } from './casting/crowds.ts';
import { withHabits } from './casting/habits.ts';
import {
  clusterKindsOf,
  clusterSchedules,
  drawBeside,
  drains,
  singleFault,
} from './casting/schedules.ts';
import { clusterSites } from './casting/sites.ts';
import { fourthSilence, longDeath, whoSee } from './casting/mishaps-of-one.ts';
import {
  brokenLink,
  cutAfterStall,
  repeatedFault,
  withClocks,
  withMemory,
  withSides,
} from './casting/sides.ts';
import { impostors, knockers, mumblers } from './casting/strangers.ts';
import { forgetfulness, inOwnRooms, shortages } from './casting/shortages.ts';
import { clusterKindsIn, kindsIn, tame, tempers } from './casting/tempers.ts';
import { visits, withLatecomers, withVisitors } from './casting/visitors.ts';
import { ADMIN, ROOMS } from './chat-plan.ts';
import { chance, drawn, milliseconds, mixed, plainRecord, stepped } from './drawing.ts';
import { frame } from './settings.ts';

export function drawChatPlan({ seed, lane, nodes, shards, clients }: PlanChoices): Plan {
  const drawnFrame = drawn(frame, seed, 'plan');
  const { settings } = drawnFrame;
  const mood = drawnFrame.mood === 'narrow' ? 'everything' : drawnFrame.mood;
  const nodeCount = nodes ?? drawn(nodeCounts, seed, 'chat nodes');
  const shardCount = shards ?? drawn(constantFrom(1, 1, 2, 3), seed, 'chat shards');
  const isFaulty = mood !== 'calm' && nodeCount > 1;
  const drain = isFaulty ? drawn(drains(nodeCount), seed, 'drain') : undefined;
  const isDrain = drain !== undefined;
  const isLasting = isFaulty && !isDrain;
  const again = isLasting ? drawn(repeatedFault(nodeCount), seed, 'repeated') : [];
  const broken = isLasting ? drawn(brokenLink(nodeCount), seed, 'broken link') : [];
  const late = isLasting ? drawn(cutAfterStall(nodeCount), seed, 'cut after stall') : [];
  const dead = isLasting ? drawn(longDeath(nodeCount), seed, 'long death') : [];
  const often = isLasting ? drawn(fourthSilence(nodeCount), seed, 'fourth silence') : [];
  const repeated = [again, broken, late, dead, often].find(({ length }) => length > 0) ?? [];
  const lasting = drain === undefined ? repeated : [drain];
  // In a few runs there is time for what is done only now and then.
  const isLong = nodeCount > 1 && drawn(chance(1, 10), seed, 'is long');
  const horizonUs = Math.max(
    drawn(milliseconds(4_000, 14_000), seed, 'chat horizon') + (isLong ? LONG_US : 0),
    ...lasting.map(({ at, durationUs }) => at + durationUs + 1_000_000),
  );
  const drawnParts = drawn(partsOf(nodeCount, horizonUs), seed, 'chat');
  const isCluster = nodeCount > 1 || drawnParts.isClusterOfOne;
  const isCrowded = !isCluster && isOfCrowds(seed, drawnParts.options);
  const parts = isCrowded ? inCrowds(drawnParts) : drawnParts;
  const talkers = clients ?? parts.talkers;
  const narrow = drawn(narrowLimits, seed, 'chat limits');
  const short = drawn(shortages(nodeCount), seed, 'shortages');
  const forgetful = drawn(forgetfulness(nodeCount), seed, 'forgetfulness');
  const chatOptions = { ...parts.options, ...narrow, ...short, ...forgetful };
  const areFew = narrow.roomsPerSessionMax !== undefined || isCrowded;
  const drawnTalkers = Array.from({ length: talkers }, (_, rank) =>
    talkerOf(seed, rank, nodeCount, lane, parts),
  );
  const all = inOwnRooms(drawnTalkers, forgetful);
  const bridging = drawn(bridgings, seed, 'bridges');
  const about = { mayBreak: repeated.length === 0, isBridged: bridging !== undefined };
  const beside = isLasting ? drawBeside(nodeCount, seed, about) : undefined;
  const { crossers, seated } = crossingOf(bridging, { seed, talkers: all, isCluster, nodeCount });
  const counts = {
    client: talkers + crossers.length,
    shard: nodeCount * shardCount,
    node: nodeCount,
  };
  const temper = nodeCount > 1 ? drawn(tempers, seed, 'temper') : 'anything';
  const kinds = kindsIn(temper, tame(kindsOf({ ...drawnFrame, mood }), nodeCount));
  // One thing that goes wrong, and for long, excuses nothing else.
  const isRepeated = repeated.length > 0;
  const isSingle = isFaulty && !isRepeated && drawn(chance(1, 4), seed, 'is single');
  const isOne = isSingle || isRepeated || isDrain;
  const isQuiet = isCrowded && areCrowdsAlone(seed);
  const scope = { horizonUs, counts };
  const mayDie = kinds.includes('crashShard') && !isOne && !isQuiet;
  const blows = mayDie ? drawn(blowsAtReturns(scope), seed, 'blows at returns') : [];
  const some = isOne || isQuiet ? [] : drawFaults(seed, kinds, scope);
  const faults = [...some, ...blows].toSorted((one, other) => one.at - other.at);
  const clusterKinds = clusterKindsIn(temper, drawn(clusterKindsOf(mood), seed, 'cluster kinds'));
  const several = clusterSchedules(isFaulty ? clusterKinds : [], nodeCount, horizonUs);
  const schedule = isSingle ? singleFault(nodeCount) : several;
  const habitual = withHabits(
    seed,
    withVisitors(
      withLatecomers(seed, inTheirTime(seated, isLong), horizonUs),
      parts.options.sessionPolicy === 'multi' ? [] : drawn(visits(horizonUs), seed, 'visits'),
      { first: talkers + crossers.length, nodes: nodeCount },
    ),
    isCrowded,
  );
  const chat: ChatPlan = {
    options: {
      ...chatOptions,
      sessionsPerUserMax: areFew
        ? sessionsMax(parts, talkers, isCluster, SESSIONS_MAX)
        : SESSIONS_MAX,
    },
    cluster: isCluster ? withSides(withMemory(parts.cluster, seed), nodeCount, seed) : undefined,
    talkers: whoSee(habitual, repeated === dead ? dead : []),
    strangers: isCluster
      ? [
          ...[...parts.strangers, ...drawn(knockers(nodeCount), seed, 'knockers')],
          ...drawn(mumblers(nodeCount), seed, 'mumblers'),
        ]
      : [],
    // Who has died for ever tells nobody where others are.
    isSparse: !kinds.includes('killNode') && drawn(chance(1, 5), seed, 'is sparse'),
    impostor: isCluster ? drawn(impostors, seed, 'impostors') : undefined,
    crossers: [...crossers, ...(beside?.crossers ?? [])],
    bridges: bridging?.bridges,
    faults: [
      ...(lasting.length > 0 ? lasting : drawn(schedule, seed, 'cluster faults')),
      ...(beside?.faults ?? []),
    ],
    way: drawn(lane === 'byte' ? byteWays : objectWays, seed, 'way'),
    skewsMs: isCluster ? withClocks(parts.skewsMs, seed) : parts.skewsMs,
    isAdvertised: isCluster && (isDrain || drawn(chance(1, 4), seed, 'is advertised')),
    upgrades: isCluster ? drawn(upgradesOf(nodeCount), seed, 'upgrades') : [],
  };
  const plan: Plan = {
    ...{ seed, lane, mood, nodes: nodeCount, shards: shardCount, ...settings },
    sites: [...settings.sites, ...(isCluster ? drawn(clusterSites, seed, 'cluster sites') : [])],
    // Limits of doors, and short memories of topics, have runs of their own.
    broker: {
      ...settings.broker,
      ...{ requireToken: bridging?.isProved ?? false, publish: 'all', subscriptionsMax: 1_000 },
      ...{
        connectionsMax: 50_000,
        connectionsPerAddressMax: 50_000,
        messagesPerSecondMax: 100_000,
      },
    },
    home: { ...settings.home, topicsMax: 100_000, dedupeIdsMax: 1_000 },
    ...{ addresses: 0, clients: [], faults, horizonUs, chat: withCalls(seed, chat) },
  };
  return withMeetings(withTours(withPlays(plan)));
}

/** Whose publications cross, between nodes or over bridges, and who sits where they come. */
function crossingOf(
  bridging: Bridging | undefined,
  {
    seed,
    talkers,
    isCluster,
    nodeCount,
  }: {
    readonly seed: number;
    readonly talkers: readonly TalkerPlan[];
    readonly isCluster: boolean;
    readonly nodeCount: number;
  },
): { readonly crossers: readonly CrosserPlan[]; readonly seated: readonly TalkerPlan[] } {
  const few = bridging === undefined ? 0 : 2;
  const isAny = isCluster || bridging !== undefined;
  const some = isAny ? drawn(crossersOf(talkers.length, nodeCount, few), seed, 'crossers') : [];
  if (bridging === undefined) return { crossers: some, seated: talkers };
  return { crossers: withVoices(some, bridging, seed), seated: withBridgedRoom(talkers, seed) };
}

/** As much is said as in a short run. */
function inTheirTime(talkers: readonly TalkerPlan[], isLong: boolean): readonly TalkerPlan[] {
  if (!isLong) return talkers;
  return talkers.map((talker) => ({ ...talker, everyUs: talker.everyUs * LONG_TIMES }));
}

const LONG_US = 35_000_000;
const LONG_TIMES = 4;

const nodeCounts: Arbitrary<number> = mixed(
  [3, constant(1)],
  [2, constant(2)],
  [3, constant(3)],
  [2, integer({ min: 4, max: 7 })],
);

/** In some clusters an upgrade is under way. */
function upgradesOf(nodes: number): Arbitrary<readonly Upgrade[]> {
  const one = constantFrom<Upgrade[]>('done', 'never', 'later', 'later');
  return mixed<readonly Upgrade[]>(
    [3, constant([])],
    [1, array(one, { minLength: nodes, maxLength: nodes })],
  );
}

interface Parts {
  readonly talkers: number;
  readonly users: number;
  readonly isClusterOfOne: boolean;
  readonly options: ChatOptions;
  readonly cluster: ClusterOptions;
  readonly strangers: readonly StrangerPlan[];
  readonly skewsMs: readonly number[];
}

function partsOf(nodes: number, horizonUs: number): Arbitrary<Parts> {
  return plainRecord<Parts>({
    talkers: integer({ min: 4, max: 10 + nodes }),
    users: integer({ min: 2, max: 8 }),
    isClusterOfOne: chance(1, 4),
    options,
    cluster,
    strangers: array(
      plainRecord<StrangerPlan>({
        node: integer({ min: 0, max: nodes - 1 }),
        at: integer({ min: 0, max: horizonUs - 1 }),
        what: constantFrom<StrangerPlan['what'][]>(
          ...(['silent', 'http', 'garbage', 'unproved', 'wrongProof', 'otherCluster'] as const),
          'eager',
        ),
      }),
      { maxLength: 4, size: 'max' },
    ),
    skewsMs: tuple(
      ...Array.from({ length: nodes }, () =>
        mixed<number>([3, constant(0)], [1, stepped(-100, 100, 1_000)]),
      ),
    ),
  });
}

/** Patience is short, so that within a run silence is noticed and its end is seen. */
const options: Arbitrary<ChatOptions> = plainRecord({
  sessionPolicy: constantFrom<ChatOptions['sessionPolicy'][]>(
    'multi',
    'multi',
    'replace',
    'reject',
  ),
  resumeWindowMs: constantFrom(5_000, 5_000, 1_500),
  historyMax: constantFrom(1_000, 1_000, 20),
  offlineMessagesMax: constantFrom(100, 100, 3, 0),
  emptyRoomMs: constantFrom(3_600_000, 2_000),
  roomEventsMax: constantFrom(1_000, 2),
  queueBytesMax: constantFrom(786_432, 16_384),
  resumeMessagesMax: constantFrom(1_000, 1_000, 5),
  presenceEveryMs: constantFrom(2_000, 10),
  messagesPerSecondMax: mixed<number>([6, constant(1_000)], [1, constant(8)]),
  messagesBurst: constantFrom(8, 2),
  joinsPerSecondMax: mixed<number>([7, constant(1_000)], [1, constant(3)]),
}).map(({ messagesBurst, ...some }) => ({
  ...chatDefaults,
  ...{
    cluster: 'sim',
    auth: ['none', 'token'],
    allowPlaintext: true,
    admins: [ADMIN],
    connectionsPerAddressMax: 50_000,
    sessionsPerUserMax: SESSIONS_MAX,
  },
  ...{ arrivalsPerAddressMax: 1_000_000 },
  ...{ messagesBurstMax: some.messagesPerSecondMax < 1_000 ? messagesBurst : 1_000 },
  ...{ bytesPerSecondMax: 1_000_000 },
  ...{ bytesBurstMax: 4_000_000, loginTimeoutMs: 3_000, pingEveryMs: 1_500, pingTimeoutMs: 4_000 },
  ...{ stallTimeoutMs: 3_000, answerTimeoutMs: 3_000 },
  ...some,
}));

/** In some runs limits are so low that talkers come to them by the way. */
const narrowLimits: Arbitrary<Partial<ChatOptions>> = mixed<Partial<ChatOptions>>(
  [3, constant({})],
  [
    1,
    plainRecord({
      roomsPerSessionMax: constantFrom(100, 2, 1),
      watchedUsersMax: constantFrom(500, 3, 1),
      bodyBytesMax: constantFrom(16_384, 4_096),
      offlineMessagesMax: constantFrom(100, 3, 1),
      historyMax: constantFrom(1_000, 1_000, 3),
    }),
  ],
);

const SESSIONS_MAX = 100;

const cluster: Arbitrary<ClusterOptions> = plainRecord({
  heartbeatMs: constantFrom(1_000, 500),
  suspectMs: constantFrom(4_000, 2_500),
  downMs: constantFrom(10_000, 6_000),
  lingerMs: constantFrom(15_000, 3_000),
  deltaEveryMs: constantFrom(100, 10),
}).map((some) => ({
  ...clusterDefaults,
  ...{ cluster: 'sim', dialMaxMs: 4_000 },
  ...some,
}));

function talkerOf(
  seed: number,
  rank: number,
  nodes: number,
  lane: Lane,
  { users, options: { sessionPolicy } }: Parts,
): TalkerPlan {
  // Where a user has one session, two of them would send each other away for ever.
  const user = `u${sessionPolicy === 'multi' ? rank % users : rank}`;
  const role = drawn(lane === 'byte' ? byteRoles : objectRoles, seed, `talker ${rank}`);
  // What nobody else has heard is in no other node's memory but the copies'.
  const own = rank % OWN_ROOM_EVERY === 0 ? [`own-${rank}`] : [];
  return { client: rank, node: rank % nodes, user, ...role, rooms: [...role.rooms, ...own] };
}

const OWN_ROOM_EVERY = 3;

type Role = Omit<TalkerPlan, 'client' | 'node' | 'user'>;

function rolesOn(links: Arbitrary<LinkPlan>): Arbitrary<Role> {
  return plainRecord<Role>({
    rooms: tuple(...ROOMS.map(() => boolean())).map((flags) => {
      const rooms = ROOMS.filter((_, index) => flags[index]);
      return rooms.length === 0 ? ROOMS.slice(0, 1) : rooms;
    }),
    isMute: chance(1, 10),
    hasAck: chance(1, 3),
    hasEcho: chance(1, 4),
    returns: constantFrom<Return[]>('anew', 'resumed', 'placed', 'placed'),
    roams: chance(1, 4),
    everyUs: integer({ min: 60_000, max: 900_000 }),
    burst: constantFrom(1, 1, 4),
    bodyBytes: mixed<number>([5, constantFrom(0, 40)], [1, constant(3_000)]),
    repeatPercent: constantFrom(0, 10, 40),
    mistakePercent: constantFrom(0, 0, 10),
    askedMax: constantFrom(1, 4, 20),
    readBytes: mixed<number>([7, constant(0)], [1, constantFrom(20_000, 2_000)]),
    leavesEveryUs: mixed([1, constant(0)], [1, integer({ min: 1_500_000, max: 6_000_000 })]),
    link: links,
  });
}

const latencies = mixed(
  [2, integer({ min: 100, max: 5_000 })],
  [1, integer({ min: 200, max: 80_000 })],
);
const byteLinks: Arbitrary<LinkPlan> = plainRecord({
  latencyUs: latencies,
  jitterUs: constantFrom(0, 100, 1_000, 10_000),
  windowBytes: constantFrom(1_048_576, 65_536, 4_096),
  cutPercent: constantFrom(0, 0, 5, 80),
  joinPercent: constantFrom(0, 0, 50),
});
const whole = { cutPercent: 0, joinPercent: 0 };
const objectLinks = byteLinks.map((link) => ({ ...link, ...whole }));
const byteRoles = rolesOn(byteLinks);
const objectRoles = rolesOn(objectLinks);
const byteWays: Arbitrary<LinkPlan> = plainRecord({
  latencyUs: mixed([3, integer({ min: 100, max: 3_000 })], [1, integer({ min: 200, max: 60_000 })]),
  jitterUs: constantFrom(0, 100, 1_000, 5_000),
  windowBytes: constantFrom(1_048_576, 65_536),
  cutPercent: constantFrom(0, 5, 50),
  joinPercent: constantFrom(0, 50),
});
const objectWays = byteWays.map((way) => ({ ...way, ...whole }));

function crossersOf(
  talkers: number,
  nodes: number,
  minLength: number,
): Arbitrary<readonly CrosserPlan[]> {
  return array(
    plainRecord({
      topic: constantFrom('cross/a', 'cross/a', 'cross/b'),
      everyUs: mixed([1, constant(0)], [2, integer({ min: 150_000, max: 900_000 })]),
    }),
    { minLength, maxLength: nodes + 1, size: 'max' },
  ).map((some) =>
    some.map((one, rank) => ({ client: talkers + rank, node: rank % nodes, ...one })),
  );
}
