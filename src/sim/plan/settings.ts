// How a node and its world are set up, as values to draw: in each list the plainest value comes first, and that is
// what the others become when a failing plan is made simpler.
// Refuses to know clients and faults.

import { type Arbitrary, boolean, constant, constantFrom, integer, tuple } from 'fast-check';

import { type BrokerOptions, brokerDefaults } from '../../actors/broker/broker-options.ts';
import { homeDefaults } from '../../actors/node.ts';
import type { HomeLimits } from '../../actors/routing/home.actor.ts';
import { type FaultKind, faultKinds } from '../faults/faults.ts';
import { chance, milliseconds, mixed, plainRecord } from './drawing.ts';

export type Mood = 'everything' | 'swarm' | 'churn' | 'narrow' | 'calm';

/** What a plan says besides its clients and faults. */
export interface Settings {
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  readonly receiptBytes: number;
  readonly serviceUs: number;
  readonly fineTurns: number;
  readonly portUs: number;
  /** Network addresses that clients share; 0 gives each its own. */
  readonly addresses: number;
  /** Buggify sites that may fire; which they are, test/house.test.ts compares with the actors. */
  readonly sites: readonly string[];
}

/** What clients and faults are drawn for. */
export interface Frame {
  readonly mood: Mood;
  readonly nodes: number;
  readonly shards: number;
  readonly clientsPerNode: number;
  readonly horizonUs: number;
  readonly settings: Settings;
  /** Kinds that a swarm is made of. */
  readonly swarm: readonly FaultKind[];
}

/** Patience is short, so that within a run silence is noticed and its end is seen. */
const broker: BrokerOptions = {
  ...brokerDefaults,
  pingEveryMs: 2_000,
  pongTimeoutMs: 1_500,
  stallTimeoutMs: 3_000,
  sseKeepAliveMs: 1_500,
};

/** A world in which nothing is narrow, slow or unusual. */
export const plainSettings: Settings = {
  broker,
  home: homeDefaults,
  receiptBytes: 131_072,
  serviceUs: 1,
  fineTurns: 0,
  portUs: 50,
  addresses: 0,
  sites: [],
};

/** The settings of a plan, and nothing else of it. */
export function settingsOf(plan: Settings): Settings {
  return {
    broker: plan.broker,
    home: plan.home,
    receiptBytes: plan.receiptBytes,
    serviceUs: plan.serviceUs,
    fineTurns: plan.fineTurns,
    portUs: plan.portUs,
    sites: plan.sites,
    addresses: plan.addresses,
  };
}

/** Every buggify site of the actors. */
export const siteNames: readonly string[] = [
  'early-expiry',
  'early-ping',
  'early-sweep',
  'queue-first',
  'reverse-fan-out',
  'tiny-history',
  'tiny-window',
];

/** Where there is a list, it is on it. */
export const PAGE = 'https://a.example';

/** Short enough for a topic to fall quiet for longer. */
const SHORT_AGE_MS = 4_000;

type Fields<T> = { readonly [K in keyof T]: Arbitrary<T[K]> };

const ORIGINS: readonly (readonly string[])[] = [[], [PAGE, 'https://b.example'], ['*']];

/** Of pages that may come; without a list in every other run. */
export const origins: Arbitrary<readonly string[]> = constantFrom<number[]>(0, 0, 1, 2).map(
  (place) => ORIGINS[place] ?? [],
  (list) => ORIGINS.findIndex((one) => String(one) === String(list)),
);

const brokerFields: Fields<BrokerOptions> = {
  ...fixed(broker),
  pongTimeoutMs: constantFrom(1_500, 20_000),
  welcome: constantFrom(true, true, true, false),
  slowPolicy: constantFrom('disconnect', 'drop-oldest', 'latest-per-topic'),
  queueBytesMax: constantFrom(1_048_576, 65_536, 16_384),
  messageBytesMax: constantFrom(1_048_576, 1_048_576, 20_000),
  batchMax: constantFrom(1_000, 64),
  topicLengthMax: constantFrom(256, 64),
  idLengthMax: constantFrom(128, 32),
  jsonDepthMax: constantFrom(512, 16),
  requireToken: constantFrom(false, false, false, true),
  publish: seldom<BrokerOptions['publish']>('all', 16, 'none'),
  subscriptionsMax: seldom(1_000, 8, 3, 2),
  connectionsMax: seldom(50_000, 8, 12, 7),
  connectionsPerAddressMax: seldom(50_000, 8, 6, 4),
  messagesPerSecondMax: seldom(100_000, 8, 60, 30),
};

export const settingFields: Fields<Settings> = {
  broker: plainRecord(brokerFields),
  home: plainRecord({
    ...fixed(homeDefaults),
    historyCountMax: constantFrom(100, 1_000, 30, 5),
    historyBytesMax: constantFrom(1_048_576, 20_000),
    historyAgeMaxMs: constantFrom(300_000, 300_000, 300_000, 20_000, 20_000, SHORT_AGE_MS),
    topicsMax: seldom(100_000, 8, 4, 2),
    historyBytesTotalMax: seldom(67_108_864, 6, 200_000, 60_000),
    dedupeIdsMax: seldom(1_000, 6, 20, 3),
  }),
  receiptBytes: constantFrom(131_072, 131_072, 16_384, 1),
  serviceUs: constantFrom(1, 2, 4, 15),
  fineTurns: constantFrom(0, 0, 1, 4),
  portUs: constantFrom(50, 500, 5_000),
  sites: tuple(...siteNames.map(() => chance(1, 4))).map(
    (flags) => siteNames.filter((_, index) => flags[index]),
    (sites) => siteNames.map((site) => (sites as readonly string[]).includes(site)),
  ),
  addresses: constantFrom(0, 0, 3, 1),
};

/** With what is drawn apart from the rest. */
export const allSettingFields: Fields<Settings> = {
  ...settingFields,
  broker: plainRecord({ ...brokerFields, allowedOrigins: origins }),
};

/** Whether more is remembered than the queues of a narrow world could take. */
export const depths: Arbitrary<boolean> = boolean();

/** A crowd before doors that are narrow in both ways: many are turned away, for one reason and the other. */
export const crowds: Arbitrary<Crowd | undefined> = mixed<Crowd | undefined>(
  [15, constant(undefined)],
  [
    1,
    plainRecord({
      connectionsMax: constantFrom(12, 7),
      connectionsPerAddressMax: constantFrom(6, 4),
      addresses: constantFrom(3, 1),
    }),
  ],
);

export interface Crowd {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly addresses: number;
}

export const frame: Arbitrary<Frame> = plainRecord({
  mood: mixed<Mood>(
    [4, constant('everything')],
    [4, constant('swarm')],
    [1, constant('churn')],
    [1, constant('narrow')],
    [1, constant('calm')],
  ),
  nodes: constantFrom(1, 1, 2, 3),
  shards: constantFrom(1, 2, 2, 3, 4),
  clientsPerNode: integer({ min: 8, max: 28 }),
  horizonUs: milliseconds(6_000, 14_000),
  settings: plainRecord(settingFields),
  swarm: tuple(...faultKinds.map(() => boolean())).map((flags) =>
    faultKinds.filter((_, index) => flags[index]),
  ),
});

/** The plain value, but for one of so many draws, which is one of the others. */
function seldom<T>(plain: T, oneIn: number, ...others: readonly T[]): Arbitrary<T> {
  const plains = Array.from({ length: (oneIn - 1) * others.length }, () => plain);
  return constantFrom(plain, ...plains.slice(1), ...others);
}

/** Every field as it is. */
function fixed<T extends object>(values: T): Fields<T> {
  const entries = Object.entries(values).map(([name, value]) => [name, constant(value)] as const);
  return Object.fromEntries(entries) as Fields<T>;
}
