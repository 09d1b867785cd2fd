// Plans whose nodes are gateways: few small nodes, some clients of the broker beside those of the gateway, origins with
// their outages, and the faults of every other run. Each part is drawn from a stream of its own.
// Refuses to run anything.

import { type Arbitrary, array, boolean, constant, constantFrom, integer, tuple } from 'fast-check';

import { gatewayDefaults, type GatewayOptions } from '../../actors/gateway/gateway-options.ts';
import { drawPoisons, type Poison } from '../faults/poison.ts';
import { drawFaults, kindsOf, type Plan, type PlanChoices } from '../plan.ts';
import { type FilterName, filterNames } from '../records/gateway-traits.ts';
import type { HolderKind } from '../records/gateway-records.ts';
import { drawClients } from '../workload/draw-clients.ts';
import type { ChannelPlan, HolderPlan, OriginPlan, Outage, Rerouting } from './gateway-plan.ts';
import { chance, drawn, milliseconds, mixed, plainRecord } from './drawing.ts';
import { errandOptions } from '../records/errands/ways.ts';
import type { PlayerPlan } from '../records/scenes/scene.ts';
import { drawGatewayCluster } from './scenes/draw-cluster.ts';
import { drawNarrowGateway } from './scenes/draw-narrow.ts';
import { drawErrander } from './scenes/draw-errands.ts';
import { drawPlayers } from './scenes/draw-scenes.ts';
import { frame } from './settings.ts';

/** Buggify sites of the gateway's actors. */
export const gatewaySiteNames: readonly string[] = [
  'early-check',
  'short-item-queue',
  'long-next',
  'early-heartbeat',
];

export function drawGatewayPlan(choices: PlanChoices): Plan {
  const { seed, lane, nodes, shards, clients } = choices;
  const other = drawGatewayCluster(choices) ?? drawNarrowGateway(choices);
  if (other !== undefined) return other;
  const drawnFrame = drawn(frame, seed, 'plan');
  const { settings } = drawnFrame;
  const mood = drawnFrame.mood === 'narrow' ? 'everything' : drawnFrame.mood;
  const nodeCount = nodes ?? drawn(constantFrom(1, 1, 1, 2), seed, 'gateway nodes');
  const shardCount = shards ?? Math.min(3, drawnFrame.shards);
  const horizonUs = drawn(milliseconds(4_000, 9_000), seed, 'gateway horizon');
  const own = drawn(parts(horizonUs), seed, 'gateway');
  const holders = clients ?? own.holders;
  // A part of its own: runs without it are the runs that they were before.
  const directs = drawn(mixed([2, constant(0)], [1, integer({ min: 1, max: 4 })]), seed, 'direct');
  // Limits of doors have runs of their own.
  const broker = {
    ...settings.broker,
    requireToken: false,
    connectionsMax: 50_000,
    connectionsPerAddressMax: 50_000,
  };
  const cast = drawClients({
    seed,
    lane,
    nodes: nodeCount,
    clients: own.brokerClients,
    requireToken: false,
    isChurning: mood === 'churn',
    isNarrow: false,
  });
  const all = own.brokerClients + holders + directs;
  // Theirs, too: nobody else's items are dropped for want of room, and none waits for its turn.
  const isStaged = drawn(chance(3, 5), seed, 'stage');
  const errander =
    !isStaged && drawn(chance(3, 5), seed, 'errander')
      ? drawErrander({ seed, nodes: nodeCount, client: all })
      : undefined;
  const forwardedFor = drawn(forwarding, seed, 'forwarded for');
  const logs = drawn(logging, seed, 'log');
  const paddingBytes = isStaged ? undefined : drawn(paddings, seed, 'padding');
  const options: GatewayOptions = {
    ...own.options,
    ...(paddingBytes === undefined ? {} : { queueBytesMax: 16_384 }),
    ...(isStaged ? { queuedItemsMax: 100, ...unpaced, forwardedFor, ...logs } : {}),
    ...(errander === undefined ? {} : { ...errandOptions, ...unpaced }),
    // What is asked again, and when, is written down.
    ...(errander?.isPatient === true ? { updateOnFirstSubscription: true } : {}),
  };
  const players = isStaged ? drawPlayers({ seed, nodes: nodeCount, from: all, options }) : [];
  const counts = { client: all, shard: nodeCount * shardCount, node: nodeCount };
  const faults = drawFaults(seed, kindsOf({ ...drawnFrame, mood }), { horizonUs, counts });
  return {
    seed,
    lane,
    mood,
    nodes: nodeCount,
    shards: shardCount,
    ...settings,
    // What goes over a bridge has been published.
    broker: errander === undefined ? broker : { ...broker, publish: 'all' },
    // Channels of the gateway are topics, too.
    home: { ...settings.home, topicsMax: 100_000 },
    addresses: 0,
    clients: cast,
    faults,
    horizonUs,
    poisons: drawn(
      mixed<readonly Poison[]>([2, constant([])], [1, drawPoisons(horizonUs, holders + directs)]),
      seed,
      'holder poisons',
    ).map((poison) => ({ ...poison, client: own.brokerClients + poison.client })),
    gateway: {
      options,
      channels: own.channels.map((channel) => ({ ...channel, paddingBytes })),
      origins: mood === 'calm' ? own.origins.map(calmed) : own.origins,
      holders: [
        ...Array.from({ length: holders }, (_, rank): HolderPlan => {
          const drawnRole = drawn(roles(own.channels, own.kinds), seed, `holder ${rank}`);
          const role = withTraits(drawnRole, own.channels, drawn(traits, seed, `traits ${rank}`));
          const { what, askBytes, padBytes } = role;
          const { keptBodyBytesMax: most } = options;
          const isTooLarge =
            (what === 'poll' || what === 'stream') &&
            (askBytes > most || (what === 'poll' && padBytes > most));
          const client = own.brokerClients + rank;
          const speech = what === 'ws' ? drawn(speeches, seed, `speech ${rank}`) : NO_SPEECH;
          // Long words take their time.
          const everyUs = Math.max(role.everyUs, (speech.wordBytes ?? 0) * 5);
          const holder = {
            client,
            node: rank % nodeCount,
            isTooLarge,
            ...role,
            ...speech,
            everyUs,
          };
          const napsEveryUs = drawn(naps, seed, `naps ${rank}`);
          if (what !== 'stream' || paddingBytes === undefined || napsEveryUs === 0) return holder;
          return { ...holder, napsEveryUs, link: { ...role.link, windowBytes: 4_096 } };
        }),
        ...Array.from({ length: directs }, (_, rank): HolderPlan => {
          const drawnRole = drawn(roles(own.channels, 'sockets'), seed, `direct ${rank}`);
          const its = drawn(traits, seed, `direct traits ${rank}`);
          const role = withTraits(drawnRole, own.channels, its);
          const client = own.brokerClients + holders + rank;
          const { closeCode } = drawn(speeches, seed, `direct speech ${rank}`);
          const more = { isTooLarge: false, isDirect: true, closeCode };
          return { client, node: rank % nodeCount, ...role, ...more };
        }),
      ],
      players,
      errander,
      idlers: drawn(idling, seed, 'idlers').map((node, rank) => ({
        client: all + OTHERS + rank,
        node: node % nodeCount,
      })),
      reroutings: drawn(reroutings(horizonUs, nodeCount), seed, 'reroutings'),
      sites: own.sites.filter((site) =>
        errander === undefined ? !isStaged || !hinders(site, players) : !HINDERING.includes(site),
      ),
    },
  };
}

/** Their nodes. */
const idling = mixed<readonly number[]>(
  [1, constant([])],
  [1, array(integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 })],
);
/** More than play or run errands. */
const OTHERS = 20;

function reroutings(horizonUs: number, nodes: number): Arbitrary<readonly Rerouting[]> {
  const one = plainRecord<Rerouting>({
    at: integer({ min: 0, max: horizonUs - 1 }),
    node: integer({ min: 0, max: nodes - 1 }),
  });
  return mixed<readonly Rerouting[]>(
    [2, constant([])],
    [1, array(one, { minLength: 1, maxLength: 3 })],
  );
}

const unpaced = { messageRate: undefined, messageHwm: undefined };

/** Of whoever wants to know what comes of a link that is short, or of a page that waits. */
const HINDERING: readonly string[] = ['long-next', 'early-heartbeat'];

/** Items that are dropped, and links that are too long to be changed, are nobody's scene. */
function hinders(site: string, players: readonly PlayerPlan[]): boolean {
  if (site === 'short-item-queue') return true;
  const scenes = players.flatMap((player) => player.scenes);
  // [GRIP-NEXT-11]
  const isChanged = scenes.some(
    (one) => one.next !== undefined && one.filters.includes('build-id'),
  );
  return site === 'long-next' && isChanged;
}

interface Parts {
  readonly brokerClients: number;
  readonly holders: number;
  readonly options: GatewayOptions;
  readonly kinds: Kinds;
  readonly channels: readonly ChannelPlan[];
  readonly origins: readonly OriginPlan[];
  readonly sites: readonly string[];
}

function parts(horizonUs: number): Arbitrary<Parts> {
  return plainRecord({
    brokerClients: constantFrom(0, 2, 4),
    holders: integer({ min: 4, max: 14 }),
    options,
    kinds: constantFrom<Kinds[]>('all', 'all', 'lasting', 'polls'),
    channels: tuple(
      ...CHANNEL_NAMES.map(([prefix, name]) =>
        plainRecord<ChannelPlan>({
          prefix: constant(prefix),
          name: constant(name),
          hasIds: chance(2, 3),
          isOrdered: boolean(),
          everyUs: integer({ min: 60_000, max: 900_000 }),
          burst: constantFrom(1, 1, 3),
          hintPercent: constantFrom(0, 0, 20),
          lostPercent: constantFrom(0, 0, 15),
        }),
      ),
    ).map((channels) =>
      // What cannot be asked for again is handed over.
      channels.map((channel) =>
        channel.hasIds ? channel : { ...channel, hintPercent: 0, lostPercent: 0 },
      ),
    ),
    origins: tuple(originOf('origin-a', horizonUs), originOf('origin-b', horizonUs)),
    sites: tuple(...gatewaySiteNames.map(() => chance(1, 4))).map((flags) =>
      gatewaySiteNames.filter((_, index) => flags[index]),
    ),
  });
}

/** One name stands under two prefixes, and is two channels; one begins like another, and ids are digits, too. */
const CHANNEL_NAMES = [
  ['p1-', 'a'],
  ['p1-', 'a1'],
  ['p2-', 'a'],
] as const;

const options: Arbitrary<GatewayOptions> = plainRecord({
  messageWaitMs: constantFrom(5_000, 5_000, 500),
  queuedItemsMax: constantFrom(100, 100, 2),
  queueBytesMax: constantFrom(1_048_576, 1_048_576, 16_384),
  keptBodyBytesMax: constantFrom(100_000, 2_000),
  updateOnFirstSubscription: constantFrom(true, true, false),
  messageRate: constantFrom(undefined, 50, 8, 8),
}).map((some) => ({
  ...gatewayDefaults,
  subscriptionLingerMs: 200,
  ...some,
  messageHwm: some.messageRate === undefined ? undefined : WAITING_MAX,
}));

/** More than all clients together have to wait for when one item comes on each channel. */
const WAITING_MAX = 60;

const forwarding = constantFrom<GatewayOptions['forwardedFor'][]>(
  [],
  [{ kind: 'append' }],
  [{ kind: 'truncate', keep: 0 }, { kind: 'append' }],
  [{ kind: 'truncate', keep: 1 }],
);

const logging = plainRecord({
  logRequests: chance(2, 3),
  logFrom: boolean(),
  logUserAgent: boolean(),
});

function originOf(host: string, horizonUs: number): Arbitrary<OriginPlan> {
  const percents = mixed<number>([3, constant(0)], [1, integer({ min: 1, max: 20 })]);
  return plainRecord<OriginPlan>({
    host: constant(host),
    thinkUs: mixed(
      [2, integer({ min: 100, max: 5_000 })],
      [1, integer({ min: 5_000, max: 900_000 })],
    ),
    brokenPercent: percents,
    errorPercent: percents,
    truncatedPercent: percents,
    lyingPercent: mixed<number>([5, constant(0)], [1, constant(20)]),
    pieceBytes: constantFrom(100_000, 1_000, 7),
    outages: array(
      plainRecord<Outage>({
        at: integer({ min: 0, max: horizonUs - 1 }),
        durationUs: milliseconds(50, 2_000),
        kind: constantFrom<Outage['kind'][]>('refused', 'unreachable', 'silent'),
      }),
      { maxLength: 2 },
    ),
  });
}

function calmed(origin: OriginPlan): OriginPlan {
  return {
    ...origin,
    brokenPercent: 0,
    errorPercent: 0,
    truncatedPercent: 0,
    lyingPercent: 0,
    outages: [],
  };
}

type Role = Omit<HolderPlan, 'client' | 'node' | 'isTooLarge'>;
type Traits = Required<Pick<HolderPlan, 'filter' | 'isInterval'>>;

const traits: Arbitrary<Traits> = plainRecord<Traits>({
  filter: mixed<FilterName | undefined>(
    [2, constant(undefined)],
    [1, constantFrom(...filterNames)],
  ),
  isInterval: chance(1, 2),
});

type Speech = Pick<HolderPlan, 'isOneByOne' | 'wordBytes' | 'closeCode'>;

const NO_SPEECH: Speech = {};

/** How a WebSocket speaks. */
const speeches: Arbitrary<Speech> = plainRecord<Speech>({
  isOneByOne: chance(1, 4),
  // A few of them are more than one request may hold.
  wordBytes: mixed<number>([7, constant(0)], [1, integer({ min: 40_000, max: 90_000 })]),
  closeCode: constantFrom(1_000, 1_005, 4_001),
});

/** Some items are so long that they fill the queue of whoever does not read. */
const paddings = mixed<number | undefined>([2, constant(undefined)], [1, constant(9_000)]);
const naps = mixed<number>([1, constant(0)], [1, integer({ min: 500_000, max: 2_000_000 })]);

/** Where ids are told, what is kept from a client is told of with what it missed. */
function withTraits(
  role: Role,
  channels: readonly ChannelPlan[],
  { filter, isInterval }: Traits,
): Role {
  const hasIds = channels.some(
    (one) => one.hasIds && one.prefix === role.prefix && role.channels.includes(one.name),
  );
  if (role.what === 'ws') return { ...role, filter };
  return role.what === 'stream' && !hasIds ? { ...role, filter, isInterval } : role;
}

/** Who asks: everybody, or only those whose holds last, or only those who ask again and again. */
type Kinds = 'all' | 'lasting' | 'polls' | 'sockets';

const kindsOfHolders: Readonly<Record<Kinds, Arbitrary<HolderKind>>> = {
  all: mixed<HolderKind>(
    [4, constant('poll')],
    [4, constant('stream')],
    [2, constant('ws')],
    [1, constant('plain')],
  ),
  lasting: mixed<HolderKind>([3, constant('stream')], [1, constant('ws')]),
  polls: mixed<HolderKind>([5, constant('poll')], [1, constant('plain')]),
  sockets: constant<HolderKind>('ws'),
};

function roles(channels: readonly ChannelPlan[], kinds: Kinds): Arbitrary<Role> {
  return tuple(
    kindsOfHolders[kinds],
    constantFrom('p1-', 'p1-', 'p2-'),
    boolean(),
    plainRecord({
      isJson: chance(1, 4),
      isGoneTold: chance(1, 3),
      padBytes: constantFrom(0, 0, 40, 5_000),
      askBytes: constantFrom(0, 0, 30, 3_000),
      leavesEveryUs: mixed([2, constant(0)], [1, integer({ min: 300_000, max: 3_000_000 })]),
      everyUs: integer({ min: 10_000, max: 400_000 }),
      link: plainRecord({
        latencyUs: mixed(
          [2, integer({ min: 100, max: 5_000 })],
          [1, integer({ min: 200, max: 80_000 })],
        ),
        jitterUs: constantFrom(0, 100, 1_000, 10_000),
        windowBytes: constantFrom(1_048_576, 65_536, 4_096),
        cutPercent: constantFrom(0, 0, 5, 80),
        joinPercent: constantFrom(0, 0, 50),
      }),
    }),
  ).map(([what, wanted, isBoth, rest]) => {
    // WebSockets have one route, and its prefix.
    const prefix = what === 'ws' ? 'p1-' : wanted;
    const names = channels.filter((channel) => channel.prefix === prefix).map(({ name }) => name);
    return { what, prefix, channels: isBoth ? names : names.slice(0, 1), ...rest };
  });
}
