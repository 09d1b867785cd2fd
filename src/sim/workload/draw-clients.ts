// The cast of a run: which clients there are and how they behave, drawn from the seed. Every topic of every node has
// a steady publisher and steady followers, so that there is always something to be right or wrong about.
// Each client has a stream of its own: one more or one less leaves the others as they are. Refuses to act.

import { type Arbitrary, boolean, constant, constantFrom, integer, tuple } from 'fast-check';

import type { LinkPlan } from '../edges/link.ts';
import type { Lane } from '../edges/web.edge.ts';
import { chance, drawn, mixed, plainRecord } from '../plan/drawing.ts';
import type { Token } from '../trace.ts';
import { type ClientPlan, plainHabits } from './client-plan.ts';

export interface Cast {
  readonly seed: number;
  readonly lane: Lane;
  readonly nodes: number;
  readonly clients: number;
  readonly requireToken: boolean;
  readonly isChurning: boolean;
  /** Much is said to readers behind long and narrow ways. */
  readonly isNarrow: boolean;
}

/** The values that clients are drawn from; the plainest comes first. */
export const clientValues = {
  topics: ['stock:AAPL', 'room/1', 'käse 🧀', 'a', 'a"b', '__proto__', '0', 'news.*'],
  jitterUs: [0, 100, 1_000, 10_000],
  windowBytes: [1_048_576, 262_144, 65_536, 4_096],
  cutPercent: [0, 0, 0, 1, 5, 30, 80],
  joinPercent: [0, 0, 5, 50],
  idPercent: [0, 30, 100],
  readBytes: [20_000, 5_000, 500, 0],
  patterns: [
    'stock:AAPL',
    'stock:*',
    'room/1',
    'room/1*',
    'room',
    'käse*',
    'a',
    'a*',
    'o*',
    '__proto__',
    '_*',
    '0',
    'news.*',
  ],
} as const;

/** Client `n` is the `n`th of the list, and on node `n` modulo the nodes. */
export function drawClients(cast: Cast): ClientPlan[] {
  const { seed, nodes, clients, isNarrow } = cast;
  const topics = drawn(topicLists, seed, 'topics');
  // The first clients of each node publish: one for each topic at least, where there are clients enough.
  const publishers = Math.min(topics.length, Math.max(2, Math.floor(clients / nodes / 4)));
  const followers = followersOf(cast, topics);
  const byRank: Arbitrary<Role>[] = [];
  for (let rank = 0; rank < publishers; rank += 1)
    byRank.push(publisherOf(cast, rank, publishers, topics));
  const plans: ClientPlan[] = [];
  for (let client = 0; client < clients; client += 1) {
    const role = byRank[Math.floor(client / nodes)] ?? followers;
    const drawnRole = drawn(role, seed, `cast ${client}`);
    const habits = drawn(habitsOf(cast), seed, `habits ${client}`);
    const token = drawnRole.token && drawn(judgedLate(drawnRole.token), seed, `verdict ${client}`);
    const habitual = {
      ...(isNarrow ? narrowed(drawnRole) : drawnRole),
      ...habits(drawnRole),
      token,
    };
    plans.push({ client, node: client % nodes, ...plainHabits, ...habitual });
  }
  for (const [rank, plan] of plans.entries())
    if (topics.length >= FICKLE_TOPICS_MIN && drawn(fickle, seed, `fickle ${rank}`))
      plans[rank] = withFickleness(plan, topics);
  for (const [node, hermit] of drawn(hermitsOf(cast), seed, 'hermits').entries()) {
    const client = HERMIT_RANK * nodes + node;
    const there = plans[client];
    if (there !== undefined && hermit !== undefined)
      plans[client] = { ...there, ...plainHabits, ...hermit };
  }
  return plans;
}

/** A client without its number and place. */
type Role = Omit<ClientPlan, 'client' | 'node' | keyof typeof plainHabits>;
type Habits = Pick<ClientPlan, 'awayUs' | 'isCurious' | 'everyUs'>;

/** Some sleep long when they are gone, and some ask again and again; what they do besides is as it was drawn. */
function habitsOf({ isNarrow }: Cast): Arbitrary<(role: Role) => Habits> {
  return plainRecord({
    awayUs: mixed(
      [isNarrow ? 2 : 5, constant(0)],
      [1, integer({ min: 1_000_000, max: 8_000_000 })],
    ),
    isCurious: chance(1, 8),
    curiousEveryUs: integer({ min: 30_000, max: 120_000 }),
  }).map(
    ({ awayUs, isCurious, curiousEveryUs }) =>
      ({ behaviour, publishes, everyUs, transport }) => {
        const mayAsk = behaviour === 'steady' && transport === 'ws' && publishes.length === 0;
        return isCurious && mayAsk && !isNarrow
          ? { awayUs, isCurious, everyUs: curiousEveryUs }
          : { awayUs, isCurious: false, everyUs };
      },
  );
}

/** Whoever has a topic that nobody else knows: it is silent for long, and often nobody follows it. */
function hermitsOf({
  nodes,
  isNarrow,
}: Cast): Arbitrary<readonly (Partial<ClientPlan> | undefined)[]> {
  const hermit = plainRecord({
    everyUs: mixed(
      [1, integer({ min: 300_000, max: 1_000_000 })],
      [1, integer({ min: 2_000_000, max: 6_000_000 })],
    ),
    leavesEveryUs: integer({ min: 2_000_000, max: 8_000_000 }),
    awayUs: mixed([1, constant(0)], [1, integer({ min: 500_000, max: 4_000_000 })]),
  }).map((drawnHermit) => ({
    ...drawnHermit,
    ...({ behaviour: 'steady', transport: 'ws', envelope: true, recovers: true } as const),
    ...{ topics: [HERMIT_TOPIC], publishes: [HERMIT_TOPIC], burst: 1, dataBytes: 60 },
  }));
  const perhaps = isNarrow
    ? constant(undefined)
    : mixed<Partial<ClientPlan> | undefined>([1, constant(undefined)], [1, hermit]);
  return tuple(...Array.from({ length: nodes }, () => perhaps));
}

/** Of each node; those before have something to do for others. */
const HERMIT_RANK = 7;
export const HERMIT_TOPIC = 'hermit/1';

const topicLists: Arbitrary<readonly string[]> = integer({
  min: 2,
  max: clientValues.topics.length,
}).map((count) => clientValues.topics.slice(0, count));

/** Reads what comes, publishes nothing, and knows no haste. */
function steadyOf({ lane, requireToken }: Cast, topics: readonly string[]): Arbitrary<Role> {
  const steady: Arbitrary<Role> = plainRecord({
    behaviour: constant('steady'),
    transport: constantFrom('ws', 'ws', 'sse'),
    envelope: chance(3, 4),
    recovers: chance(3, 4),
    topics: tuple(...topics.map(() => boolean())).map((flags) => {
      const followed = topics.filter((_, index) => flags[index]);
      return followed.length === 0 ? topics.slice(0, 1) : followed;
    }),
    publishes: constant([]),
    everyUs: constant(100_000),
    burst: constant(1),
    dataBytes: constant(0),
    idPercent: constant(0),
    readBytes: constant(0),
    leavesEveryUs: mixed([2, constant(0)], [1, integer({ min: 1_000_000, max: 6_000_000 })]),
    token: requireToken ? tokens : constant(undefined),
    link: lane === 'byte' ? byteLinks : objectLinks,
  });
  // Most pages follow one topic by an event stream.
  return tuple(steady, chance(2, 3)).map(([role, isAlone]) =>
    isAlone && role.transport === 'sse' ? { ...role, topics: role.topics.slice(0, 1) } : role,
  );
}

function publisherOf(
  cast: Cast,
  rank: number,
  publishers: number,
  topics: readonly string[],
): Arbitrary<Role> {
  const own = topics.map((_, index) =>
    index % publishers === rank ? constant(true) : chance(1, 4),
  );
  return tuple(
    steadyOf(cast, topics),
    plainRecord({
      publishes: tuple(...own).map((flags) => topics.filter((_, index) => flags[index])),
      dataBytes: mixed([15, constantFrom(0, 60, 120, 300)], [1, constantFrom(2_000, 9_000)]),
      idPercent: constantFrom(...clientValues.idPercent),
      leavesEveryUs: mixed([3, constant(0)], [1, constant(3_000_000)]),
    }),
    mixed([4, paces], [1, storms]),
    chance(1, 5),
  ).map(([steady, publishing, pace, isPost]) => ({
    ...steady,
    ...publishing,
    ...pace,
    transport: isPost ? 'post' : 'ws',
    topics: isPost ? [] : steady.topics.slice(0, 2),
  }));
}

function followersOf(cast: Cast, topics: readonly string[]): Arbitrary<Role> {
  const steady = steadyOf(cast, topics);
  const churning = tuple(
    steady,
    integer({ min: cast.isChurning ? 5_000 : 30_000, max: 200_000 }),
  ).map(([role, everyUs]): Role => ({
    ...role,
    behaviour: 'churning',
    transport: 'ws',
    topics: topics.slice(0, 3),
    everyUs,
  }));
  const slow = tuple(steady, constantFrom(...clientValues.readBytes)).map(
    ([role, readBytes]): Role => ({
      ...role,
      behaviour: 'slow',
      topics,
      readBytes,
      leavesEveryUs: 0,
    }),
  );
  const malformed = steady.map((role): Role => ({
    ...role,
    behaviour: 'malformed',
    transport: 'ws',
    topics: [],
    everyUs: 50_000,
  }));
  const mute = steady.map((role): Role => ({ ...role, behaviour: 'mute', transport: 'ws' }));
  const mistaken = steady.map((role): Role => ({
    ...role,
    behaviour: 'mistaken',
    transport: 'ws',
    topics: [],
    everyUs: 100_000,
    token: cast.requireToken ? ownToken : undefined,
  }));
  if (cast.isNarrow)
    return mixed([3, steady], [3, churning], [3, slow], [1, malformed], [1, mistaken]);
  return cast.isChurning
    ? mixed([1, steady], [5, churning], [1, slow], [1, malformed], [1, mistaken])
    : mixed([24, steady], [4, churning], [2, slow], [2, malformed], [2, mistaken], [1, mute]);
}

function narrowed(role: Role): Role {
  if (role.publishes.length > 0)
    return { ...role, dataBytes: 2_000, burst: 10, everyUs: 100_000, leavesEveryUs: 0 };
  return { ...role, link: { ...role.link, windowBytes: 4_096, latencyUs: 60_000 } };
}

const paces = plainRecord({
  everyUs: integer({ min: 20_000, max: 120_000 }),
  burst: integer({ min: 1, max: 4 }),
});

const storms = plainRecord({
  everyUs: constant(400_000),
  burst: integer({ min: 20, max: 60 }),
});

/** Rights to everything, to some topics, to beginnings of names, to what there is not, and to nothing. */
const patterns: Arbitrary<readonly string[]> = mixed<readonly string[]>(
  [6, constant(['*'])],
  [1, constant([])],
  [
    5,
    tuple(...clientValues.patterns.map(() => chance(1, 3))).map((flags) =>
      clientValues.patterns.filter((_, index) => flags[index]),
    ),
  ],
);

const tokens: Arbitrary<Token> = plainRecord({
  subscribe: patterns,
  publish: patterns,
  flaw: mixed<Token['flaw']>(
    [12, constant(undefined)],
    [1, constant('missing')],
    [1, constant('broken')],
  ),
  expiresInMs: mixed<number | undefined>(
    [2, constant(undefined)],
    [1, integer({ min: 500, max: 8_000 })],
  ),
});

/** Of one who may have topics of its own, and no others. */
const ownToken: Token = {
  subscribe: ['own/*'],
  publish: ['own/*'],
  expiresInMs: undefined,
  flaw: undefined,
};

/** [BROKER-AUTH-5] Whoever judges some takes long, or too long. */
function judgedLate(token: Token): Arbitrary<Token> {
  return mixed<number | undefined>(
    [7, constant(undefined)],
    [2, constantFrom(2_000, 20_000, 60_000)],
  ).map((judgedAfterMs) => ({
    ...token,
    judgedAfterMs: token.flaw === undefined ? judgedAfterMs : undefined,
  }));
}

const fickle = chance(1, 4);
const FICKLE_TOPICS_MIN = 6;

/** Follows all there is, and comes and goes, so that there is much to recover. */
function withFickleness(plan: ClientPlan, topics: readonly string[]): ClientPlan {
  const { behaviour, transport, publishes, leavesEveryUs } = plan;
  if (behaviour !== 'steady' || transport !== 'ws' || publishes.length > 0) return plan;
  return {
    ...{ ...plan, topics, isFickle: true, envelope: true, recovers: true },
    leavesEveryUs: leavesEveryUs > 0 ? leavesEveryUs : FICKLE_LEAVES_US,
  };
}

const FICKLE_LEAVES_US = 3_000_000;

const byteLinks = linksOf(true);
const objectLinks = linksOf(false);

function linksOf(isByte: boolean): Arbitrary<LinkPlan> {
  const { jitterUs, windowBytes, cutPercent, joinPercent } = clientValues;
  return plainRecord({
    latencyUs: mixed(
      [2, integer({ min: 100, max: 5_000 })],
      [1, integer({ min: 200, max: 80_000 })],
    ),
    jitterUs: constantFrom(...jitterUs),
    windowBytes: constantFrom(...windowBytes),
    cutPercent: isByte ? constantFrom(...cutPercent) : constant(0),
    joinPercent: isByte ? constantFrom(...joinPercent) : constant(0),
  });
}
