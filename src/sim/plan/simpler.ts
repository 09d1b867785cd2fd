// What the values of a plan may become, as fast-check's arbitraries: every client, fault and setting that is drawn, or
// was made simpler already, lies inside, and each value shrinks towards the plain one. Numbers of clients, their
// nodes, and the instants and targets of faults stay: they say which streams are drawn from and who meets whom.
// Refuses to know what is tried first; see search/shrink.ts.

import {
  type Arbitrary,
  array,
  boolean,
  constantFrom,
  integer,
  limitShrink,
  noShrink,
  oneof,
  option,
  tuple,
} from 'fast-check';

import type { LinkPlan } from '../edges/link.ts';
import { type Fault, faultKinds, faultSizes, faultWithin } from '../faults/faults.ts';
import type { Behaviour, Token } from '../trace.ts';
import type { ClientPlan } from '../workload/client-plan.ts';
import { clientValues, HERMIT_TOPIC } from '../workload/draw-clients.ts';
import { RIVER_READ_BYTES, RIVER_TOPIC } from './casting/river.ts';
import { plainRecord } from './drawing.ts';
import { allSettingFields, type Settings } from './settings.ts';

/** The way to a node when nothing is unusual. */
export const plainLink: LinkPlan = {
  latencyUs: 1_000,
  jitterUs: 0,
  windowBytes: 1_048_576,
  cutPercent: 0,
  joinPercent: 0,
};

const kept = noShrink(integer({ min: 0, max: 0x7fffffff }));

/** Plain, or what it was. */
const plainOr = <T>(plain: T, other: Arbitrary<T>): Arbitrary<T> =>
  option(noShrink(other), { nil: plain });

const oneOf = (values: readonly number[]): Arbitrary<number> => constantFrom(...values);

const everyTopic: readonly string[] = [...clientValues.topics, HERMIT_TOPIC, RIVER_TOPIC];

const someTopics: Arbitrary<readonly string[]> = tuple(...everyTopic.map(() => boolean())).map(
  (flags) => everyTopic.filter((_, index) => flags[index] === true),
  (topics) => everyTopic.map((topic) => (topics as readonly string[]).includes(topic)),
);

const link: Arbitrary<LinkPlan> = plainRecord({
  latencyUs: plainOr(plainLink.latencyUs, kept),
  jitterUs: oneOf(clientValues.jitterUs),
  windowBytes: oneOf(clientValues.windowBytes),
  cutPercent: oneOf(clientValues.cutPercent),
  joinPercent: oneOf(clientValues.joinPercent),
});

const rights = noShrink(
  array(constantFrom('*', 'own/*', ...clientValues.patterns), { size: 'max' }),
);

const token: Arbitrary<Token> = plainRecord({
  subscribe: rights,
  publish: rights,
  expiresInMs: plainOr<number | undefined>(undefined, kept),
  flaw: constantFrom(undefined, 'missing', 'broken'),
  judgedAfterMs: plainOr<number | undefined>(undefined, kept),
});

export const simplerClient: Arbitrary<ClientPlan> = plainRecord({
  client: kept,
  node: kept,
  behaviour: constantFrom<Behaviour[]>(
    'steady',
    'churning',
    'slow',
    'malformed',
    'mistaken',
    'mute',
  ),
  transport: constantFrom('ws', 'sse', 'post'),
  envelope: constantFrom(true, false),
  recovers: constantFrom(false, true),
  topics: someTopics,
  publishes: someTopics,
  everyUs: kept,
  burst: few(integer({ min: 1, max: 200 })),
  dataBytes: oneOf([0, 60, 120, 300, 2_000, 9_000]),
  idPercent: oneOf(clientValues.idPercent),
  readBytes: oneOf([0, 500, 5_000, 20_000, RIVER_READ_BYTES]),
  leavesEveryUs: plainOr(0, kept),
  awayUs: plainOr(0, kept),
  isCurious: constantFrom(false, true),
  isPulsing: constantFrom(false, true),
  isFickle: constantFrom(false, true),
  isUneven: constantFrom(false, true),
  token: option(token, { nil: undefined }),
  link,
});

const anywhere = {
  horizonUs: 60_000_000,
  counts: { client: 0x7fffffff, shard: 0x7fffffff, node: 0x7fffffff },
};

export const simplerFault: Arbitrary<Fault> = oneof(
  { depthSize: 'max' },
  ...faultKinds.map((kind) => {
    const { durationMs, amount, ...size } = faultSizes[kind];
    const wider = { ...size, durationMs: fromOne(durationMs), amount: fromOne(amount) };
    return faultWithin(kind, wider, anywhere, few);
  }),
);

export const simplerSettings: Arbitrary<Settings> = plainRecord(allSettingFields);

/** The least, the middle, and what is near: the rest of a search among numbers tells a reader nothing. */
function few<T>(values: Arbitrary<T>): Arbitrary<T> {
  return limitShrink(values, 3);
}

function fromOne([min, max]: readonly [number, number]): readonly [number, number] {
  return [Math.min(1, min), max];
}
