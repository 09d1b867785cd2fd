// Steps towards a plainer gateway: fewer holders, outages and channels, origins that answer at once and truly, holders
// without whims, fewer publications. A plan that is no gateway's stays as it is.
// Refuses to know whether a step helps: every one is tried, see search/shrink.ts.

import { gatewayDefaults, type GatewayOptions } from '../../actors/gateway/gateway-options.ts';
import type { Plan } from '../plan.ts';
import type {
  ChannelPlan,
  GatewayPlan,
  HolderPlan,
  OriginPlan,
  Outage,
  PlannedErrand,
} from './gateway-plan.ts';
import type { PlayerPlan } from '../records/scenes/scene.ts';
import { plainLink } from './simpler.ts';

export type GatewayStep = (plan: Plan) => Plan;

/** What happens to one origin. */
export interface PlannedOutage {
  readonly host: string;
  readonly outage: Outage;
}

export function holdersOf({ gateway }: Plan): readonly HolderPlan[] {
  return gateway?.holders ?? [];
}

export function withHolders(plan: Plan, holders: readonly HolderPlan[]): Plan {
  return withGateway(plan, (gateway) => ({ ...gateway, holders }));
}

export function playersOf({ gateway }: Plan): readonly PlayerPlan[] {
  return gateway?.players ?? [];
}

export function withPlayers(plan: Plan, players: readonly PlayerPlan[]): Plan {
  return withGateway(plan, (gateway) => ({ ...gateway, players }));
}

export function errandsOf({ gateway }: Plan): readonly PlannedErrand[] {
  return gateway?.errander?.errands ?? [];
}

export function withErrands(plan: Plan, errands: readonly PlannedErrand[]): Plan {
  return withGateway(plan, (gateway) => {
    const { errander } = gateway;
    if (errander === undefined) return gateway;
    return { ...gateway, errander: errands.length === 0 ? undefined : { ...errander, errands } };
  });
}

export function channelsOf({ gateway }: Plan): readonly ChannelPlan[] {
  return gateway?.channels ?? [];
}

export function withChannels(plan: Plan, channels: readonly ChannelPlan[]): Plan {
  return withGateway(plan, (gateway) => ({ ...gateway, channels }));
}

export function outagesOf({ gateway }: Plan): readonly PlannedOutage[] {
  return (gateway?.origins ?? []).flatMap(({ host, outages }) =>
    outages.map((outage) => ({ host, outage })),
  );
}

export function withOutages(plan: Plan, kept: readonly PlannedOutage[]): Plan {
  return everyOrigin(plan, (origin) => ({
    ...origin,
    outages: kept.filter(({ host }) => host === origin.host).map(({ outage }) => outage),
  }));
}

const plainOptions: GatewayOptions = { ...gatewayDefaults, subscriptionLingerMs: 200 };
const drawnOptions = [
  'messageWaitMs',
  'queuedItemsMax',
  'queueBytesMax',
  'keptBodyBytesMax',
  'updateOnFirstSubscription',
  'messageRate',
  'messageHwm',
  'forwardedFor',
] as const satisfies readonly (keyof GatewayOptions)[];

const percents = [
  'brokenPercent',
  'errorPercent',
  'truncatedPercent',
  'lyingPercent',
] as const satisfies readonly (keyof OriginPlan)[];

const whims: readonly ((holder: HolderPlan) => HolderPlan)[] = [
  (holder) => ({ ...holder, leavesEveryUs: 0 }),
  (holder) => ({ ...holder, isJson: false }),
  (holder) => ({ ...holder, isGoneTold: false }),
  (holder) => ({ ...holder, filter: undefined, isInterval: false }),
  (holder) => ({ ...holder, padBytes: 0, askBytes: 0, isTooLarge: false }),
  (holder) => ({ ...holder, channels: holder.channels.slice(0, 1) }),
  (holder) => ({ ...holder, link: plainLink }),
];

const manners: readonly ((channel: ChannelPlan) => ChannelPlan)[] = [
  (channel) => ({ ...channel, burst: 1 }),
  (channel) => ({ ...channel, hintPercent: 0 }),
  (channel) => ({ ...channel, lostPercent: 0 }),
  (channel) => ({ ...channel, isOrdered: true }),
];

/** The bold ones first; each of the timid ones changes one thing. */
export const plainerGatewaySteps: readonly GatewayStep[] = [
  (plan) =>
    withGateway(everyOrigin(everyHolder(plan, plainly(whims)), faultless), (gateway) => ({
      ...gateway,
      options: plainOptions,
      sites: [],
      channels: gateway.channels.map(plainly(manners)),
    })),
  (plan) => everyOrigin(plan, faultless),
  (plan) => everyHolder(plan, plainly(whims)),
  (plan) => everyChannel(plan, plainly(manners)),
  ...[8, 4, 2].map(
    (times): GatewayStep =>
      (plan) =>
        everyChannel(plan, (channel) => ({ ...channel, everyUs: channel.everyUs * times })),
  ),
  (plan) => withGateway(plan, (gateway) => ({ ...gateway, options: plainOptions })),
  (plan) => withGateway(plan, (gateway) => ({ ...gateway, sites: [] })),
  (plan) => withGateway(plan, (gateway) => ({ ...gateway, reroutings: [] })),
  ...drawnOptions.map(
    (name): GatewayStep =>
      (plan) =>
        withGateway(plan, (gateway) => ({
          ...gateway,
          options: { ...gateway.options, [name]: plainOptions[name] },
        })),
  ),
  ...percents.map(
    (name): GatewayStep =>
      (plan) =>
        everyOrigin(plan, (origin) => ({ ...origin, [name]: 0 })),
  ),
  (plan) => everyOrigin(plan, (origin) => ({ ...origin, thinkUs: PLAIN_THINK_US })),
  (plan) => everyOrigin(plan, (origin) => ({ ...origin, pieceBytes: PLAIN_PIECE_BYTES })),
  ...whims.map(
    (whim): GatewayStep =>
      (plan) =>
        everyHolder(plan, whim),
  ),
  ...manners.map(
    (manner): GatewayStep =>
      (plan) =>
        everyChannel(plan, manner),
  ),
];

function plainly<T>(changes: readonly ((value: T) => T)[]): (value: T) => T {
  return (value) => changes.reduce((from, change) => change(from), value);
}

function faultless(origin: OriginPlan): OriginPlan {
  return {
    ...origin,
    thinkUs: PLAIN_THINK_US,
    pieceBytes: PLAIN_PIECE_BYTES,
    brokenPercent: 0,
    errorPercent: 0,
    truncatedPercent: 0,
    lyingPercent: 0,
    outages: [],
  };
}

function withGateway(plan: Plan, change: (gateway: GatewayPlan) => GatewayPlan): Plan {
  const { gateway } = plan;
  return gateway === undefined ? plan : { ...plan, gateway: change(gateway) };
}

function everyHolder(plan: Plan, change: (holder: HolderPlan) => HolderPlan): Plan {
  return withHolders(
    plan,
    holdersOf(plan).map((holder) => change(holder)),
  );
}

function everyChannel(plan: Plan, change: (channel: ChannelPlan) => ChannelPlan): Plan {
  return withChannels(
    plan,
    channelsOf(plan).map((channel) => change(channel)),
  );
}

function everyOrigin(plan: Plan, change: (origin: OriginPlan) => OriginPlan): Plan {
  return withGateway(plan, (gateway) => ({
    ...gateway,
    origins: gateway.origins.map((origin) => change(origin)),
  }));
}

const PLAIN_THINK_US = 1_000;
const PLAIN_PIECE_BYTES = 100_000;
