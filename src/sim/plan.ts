// The whole of a run as data, drawn from its seed: sizes, limits, clients and faults. Some runs get every kind of
// fault, some a swarm of few kinds, some churn, some none: each finds what the others hide.
// Refuses to run anything.

import { constant } from 'fast-check';

import type { BrokerOptions } from '../actors/broker/broker-options.ts';
import type { HomeLimits } from '../actors/routing/home.actor.ts';
import type { Lane } from './edges/web.edge.ts';
import {
  companies,
  type Fault,
  type FaultKind,
  faultKinds,
  type FaultScope,
  lastBlows,
  schedules,
  together,
} from './faults/faults.ts';
import { drawPoisons, type Poison } from './faults/poison.ts';
import { drawn, mixed } from './plan/drawing.ts';
import {
  type Crowd,
  crowds,
  depths,
  type Frame,
  frame,
  type Mood,
  origins,
  plainSettings,
  type Settings,
} from './plan/settings.ts';
import { type ClientPlan, plainHabits } from './workload/client-plan.ts';
import { ADMIN, type ChatPlan } from './plan/chat-plan.ts';
import type { GatewayPlan } from './plan/gateway-plan.ts';
import { drawClients } from './workload/draw-clients.ts';
import {
  creeks,
  hasPlaceForRiver,
  mishapsOf,
  rivers,
  shallow,
  widened,
  withCreek,
  withRiver,
} from './plan/casting/river.ts';

export interface Plan {
  /** Names the streams that its run draws from; the plan itself was drawn from it only as long as nobody changed it. */
  readonly seed: number;
  readonly lane: Lane;
  readonly mood: Mood;
  readonly nodes: number;
  /** Shards of each node. */
  readonly shards: number;
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly Fault[];
  /** Network addresses that a node's clients share; 0 gives each its own. */
  readonly addresses: number;
  /** Faults and workload end here; then the world must come to rest. */
  readonly horizonUs: number;
  readonly receiptBytes: number;
  readonly serviceUs: number;
  readonly fineTurns: number;
  /** The longest that a crossing takes when nothing is wrong. */
  readonly portUs: number;
  /** Buggify sites of the actors that may fire. */
  readonly sites: readonly string[];
  /** Sessions that are told what they cannot bear. */
  readonly poisons?: readonly Poison[];
  /** What else the nodes and their world have when they are gateways. */
  readonly gateway?: GatewayPlan | undefined;
  /** And when they have a chat. */
  readonly chat?: ChatPlan | undefined;
}

/** What a caller may fix instead of drawing it. */
export interface PlanChoices {
  readonly seed: number;
  readonly lane: Lane;
  readonly nodes?: number | undefined;
  readonly shards?: number | undefined;
  readonly clients?: number | undefined;
}

/** The one plan of a seed; each part comes from a stream of its own, so what is fixed leaves the others as they are. */
export function drawPlan({ seed, lane, nodes, shards, clients }: PlanChoices): Plan {
  const drawnFrame = drawn(frame, seed, 'plan');
  const { mood, horizonUs, clientsPerNode } = drawnFrame;
  const crowded = withCrowd(drawnFrame.settings, drawn(crowds, seed, 'crowd'));
  const isDeep = drawn(depths, seed, 'depth');
  const nodeCount = nodes ?? drawnFrame.nodes;
  const shardCount = shards ?? drawnFrame.shards;
  const clientCount = clients ?? clientsPerNode * nodeCount;
  const hasRiver = mood !== 'narrow' && hasPlaceForRiver(clientCount, nodeCount);
  const river = hasRiver ? drawn(rivers, seed, 'river') : undefined;
  const dry = mood === 'narrow' ? narrowed(drawnFrame.settings, isDeep) : crowded;
  const hasCreek = river === undefined && mood !== 'narrow' && drawn(creeks, seed, 'creek');
  const settings = river !== undefined ? widened(dry) : hasCreek ? shallow(dry) : dry;
  const cast = drawClients({
    seed,
    lane,
    nodes: nodeCount,
    clients: clientCount,
    requireToken: settings.broker.requireToken,
    isChurning: mood === 'churn' || mood === 'narrow',
    isNarrow: mood === 'narrow',
  });
  const counts = { client: clientCount, shard: nodeCount * shardCount, node: nodeCount };
  return {
    seed,
    lane,
    mood,
    nodes: nodeCount,
    shards: shardCount,
    ...settings,
    broker: { ...settings.broker, allowedOrigins: drawn(origins, seed, 'origins') },
    clients:
      river !== undefined ? withRiver(cast, river, nodeCount) : hasCreek ? withCreek(cast) : cast,
    faults: [
      // Whoever has caught up is judged where nothing else may have held him up.
      ...(river?.isPulsing === true
        ? []
        : drawFaults(seed, kindsOf(drawnFrame), { horizonUs, counts })),
      ...(river === undefined || mood === 'calm'
        ? []
        : mishapsOf(river, { horizonUs, nodes: nodeCount, shards: shardCount })),
    ].toSorted((a, b) => a.at - b.at),
    horizonUs,
    poisons: drawn(
      mixed<readonly Poison[]>([2, constant([])], [1, drawPoisons(horizonUs, clientCount)]),
      seed,
      'poisons',
    ),
  };
}

/** A plan as it was read from a file: what was undefined when it was written, or did not exist yet, is plain. */
export function completed(plan: Plan): Plan {
  const { chat } = plan;
  return {
    ...plainSettings,
    ...plan,
    ...(chat === undefined ? {} : { chat: withAdmin(chat) }),
    broker: { ...plainSettings.broker, ...plan.broker },
    home: { ...plainSettings.home, ...plan.home },
    clients: plan.clients.map((client) => {
      const { token } = client;
      return {
        ...plainHabits,
        ...client,
        token: token && {
          ...{ ...token, expiresInMs: token.expiresInMs, flaw: token.flaw },
          judgedAfterMs: token.judgedAfterMs,
        },
      };
    }),
  };
}

function withAdmin(chat: ChatPlan): ChatPlan {
  const admins = [...new Set([...chat.options.admins, ADMIN])];
  return { ...chat, options: { ...chat.options, admins } };
}

/** Where ways are narrow, queues are short, and silence is borne: what fills up is not ended for another reason. */
function narrowed(settings: Settings, isDeep: boolean): Settings {
  const { broker, home } = settings;
  return {
    ...settings,
    broker: { ...broker, queueBytesMax: 16_384, pongTimeoutMs: 20_000 },
    // Of some topics more is remembered than any queue could take.
    home: isDeep ? { ...home, historyCountMax: 1_000, historyBytesMax: 1_048_576 } : home,
  };
}

function withCrowd(settings: Settings, crowd: Crowd | undefined): Settings {
  if (crowd === undefined) return settings;
  const { addresses, ...doors } = crowd;
  return { ...settings, broker: { ...settings.broker, ...doors }, addresses };
}

export function drawFaults(
  seed: number,
  kinds: readonly FaultKind[],
  scope: FaultScope,
): readonly Fault[] {
  const scheduled = drawn(schedules(kinds, scope), seed, 'faults');
  const faults = together(scheduled, drawn(companies, seed, 'company'), scope);
  const blows = kinds.length === 0 ? [] : drawn(lastBlows(scope), seed, 'last blows');
  return blows.length === 0 ? faults : [...faults, ...blows].toSorted((a, b) => a.at - b.at);
}

export function kindsOf({ mood, swarm }: Frame): readonly FaultKind[] {
  if (mood === 'calm') return [];
  return mood === 'swarm' ? swarm : faultKinds;
}
