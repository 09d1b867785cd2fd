// Steps towards a plainer chat: fewer talkers, strangers and faults between nodes, talkers without whims, ways that are wide.
// A plan that has no chat stays as it is. Refuses to know whether a step helps: every one is tried, see search/shrink.ts.

import { chatDefaults, type ChatOptions } from '../../actors/chat/chat-options.ts';
import type { ClusterFault } from '../faults/cluster-faults.ts';
import type { Plan } from '../plan.ts';
import type { ChatPlan, CrosserPlan, PlannedCall, StrangerPlan, TalkerPlan } from './chat-plan.ts';
import { plainLink } from './simpler.ts';

export type ChatStep = (plan: Plan) => Plan;

export function talkersOf({ chat }: Plan): readonly TalkerPlan[] {
  return chat?.talkers ?? [];
}

export function crossersOf({ chat }: Plan): readonly CrosserPlan[] {
  return chat?.crossers ?? [];
}

export function strangersOf({ chat }: Plan): readonly StrangerPlan[] {
  return chat?.strangers ?? [];
}

export function clusterFaultsOf({ chat }: Plan): readonly ClusterFault[] {
  return chat?.faults ?? [];
}

export function callsOf({ chat }: Plan): readonly PlannedCall[] {
  return chat?.calls ?? [];
}

export function withTalkers(plan: Plan, talkers: readonly TalkerPlan[]): Plan {
  return withChat(plan, (chat) => ({ ...chat, talkers }));
}

export function withCrossers(plan: Plan, crossers: readonly CrosserPlan[]): Plan {
  return withChat(plan, (chat) => ({ ...chat, crossers }));
}

export function withStrangers(plan: Plan, strangers: readonly StrangerPlan[]): Plan {
  return withChat(plan, (chat) => ({ ...chat, strangers }));
}

export function withClusterFaults(plan: Plan, faults: readonly ClusterFault[]): Plan {
  return withChat(plan, (chat) => ({ ...chat, faults }));
}

export function withCalls(plan: Plan, calls: readonly PlannedCall[]): Plan {
  return withChat(plan, (chat) => ({ ...chat, calls }));
}

/** Nothing but this node, as node 0: nobody is between nodes. */
export function chatOfOneNode(plan: Plan, node: number): Plan {
  const there = <T extends { readonly node: number }>(members: readonly T[]): T[] =>
    members.filter((member) => member.node === node).map((member) => ({ ...member, node: 0 }));
  return withChat(plan, (chat) => ({
    ...chat,
    ...{ talkers: there(chat.talkers), crossers: there(chat.crossers) },
    ...{ strangers: there(chat.strangers), faults: [] },
    cluster: expecting(chat.cluster, 1),
  }));
}

/** So many nodes: whoever was on a later one is on one of the first, and what befell it befalls that one. */
export function chatOfFewNodes(plan: Plan, nodes: number): Plan {
  const there = <T extends { readonly node: number }>(all: readonly T[]): T[] =>
    all.map((one) => ({ ...one, node: one.node % nodes }));
  return withChat(plan, (chat) => ({
    ...chat,
    ...{ talkers: there(chat.talkers), crossers: there(chat.crossers) },
    strangers: there(chat.strangers),
    faults: chat.faults.map((fault) => ({
      ...fault,
      one: fault.one % nodes,
      other: fault.other % nodes,
    })),
    skewsMs: chat.skewsMs.slice(0, nodes),
    cluster: expecting(chat.cluster, nodes),
  }));
}

/** Nobody waits for nodes that are not there. */
function expecting(cluster: ChatPlan['cluster'], nodes: number): ChatPlan['cluster'] {
  if (cluster === undefined) return undefined;
  return { ...cluster, nodesExpected: Math.min(cluster.nodesExpected, nodes) };
}

/** What may be set otherwise than a chat is by default, but for the patience of all simulated ones. */
export const changedOptions = [
  ...(['sessionPolicy', 'resumeWindowMs', 'historyMax', 'offlineMessagesMax'] as const),
  ...(['emptyRoomMs', 'roomEventsMax', 'queueBytesMax', 'resumeMessagesMax'] as const),
  ...(['messagesPerSecondMax', 'joinsPerSecondMax', 'roomsPerSessionMax'] as const),
  ...(['watchedUsersMax', 'bodyBytesMax', 'presenceEveryMs'] as const),
] as const satisfies readonly (keyof ChatOptions)[];

const whims: readonly ((talker: TalkerPlan) => TalkerPlan)[] = [
  (talker) => ({ ...talker, leavesEveryUs: 0 }),
  (talker) => ({ ...talker, mistakePercent: 0 }),
  (talker) => ({ ...talker, repeatPercent: 0 }),
  (talker) => ({ ...talker, bodyBytes: 0, burst: 1 }),
  (talker) => ({ ...talker, readBytes: 0 }),
  (talker) => ({ ...talker, owesAcks: false }),
  (talker) => ({ ...talker, acksLate: false, owesAcks: false }),
  (talker) => ({ ...talker, hasAck: false, hasEcho: false }),
  (talker) => ({
    ...talker,
    favourite: undefined,
    tokenMs: undefined,
    reusesIds: false,
    countsAs: undefined,
  }),
  (talker) => ({ ...talker, askedMax: 1 }),
  (talker) => ({ ...talker, roams: false }),
  (talker) => ({ ...talker, wanders: false, stumbles: false, hushes: false, dozes: false }),
  (talker) => ({ ...talker, lingers: false, comesAt: undefined, visit: undefined }),
  (talker) => ({ ...talker, returns: 'anew' }),
  (talker) => ({ ...talker, rooms: talker.rooms.slice(0, 1) }),
  (talker) => ({ ...talker, link: plainLink }),
];

const surroundings: readonly ((chat: ChatPlan) => ChatPlan)[] = [
  (chat) => ({ ...chat, strangers: [], impostor: undefined }),
  (chat) => ({ ...chat, crossers: [], bridges: undefined }),
  (chat) => ({ ...chat, way: plainLink }),
  (chat) => ({ ...chat, skewsMs: chat.skewsMs.map(() => 0) }),
  (chat) => ({ ...chat, isAdvertised: false }),
  (chat) => ({ ...chat, upgrades: [] }),
  (chat) => ({ ...chat, isSparse: false }),
];

/** The bold ones first; each of the timid ones changes one thing. */
export const plainerChatSteps: readonly ChatStep[] = [
  (plan) =>
    everyTalker(withChat(plan, alone), (talker) =>
      whims.reduce((from, whim) => whim(from), talker),
    ),
  (plan) => withChat(plan, alone),
  ...surroundings.map(
    (change): ChatStep =>
      (plan) =>
        withChat(plan, change),
  ),
  ...[8, 4, 2].map(
    (times): ChatStep =>
      (plan) =>
        everyTalker(plan, (talker) => ({ ...talker, everyUs: talker.everyUs * times })),
  ),
  ...whims.map(
    (whim): ChatStep =>
      (plan) =>
        everyTalker(plan, whim),
  ),
  ...changedOptions.map(
    (name): ChatStep =>
      (plan) =>
        withChat(plan, (chat) => ({
          ...chat,
          options: { ...chat.options, [name]: chatDefaults[name] },
        })),
  ),
];

function alone(chat: ChatPlan): ChatPlan {
  return surroundings.reduce((from, change) => change(from), chat);
}

function everyTalker(plan: Plan, change: (talker: TalkerPlan) => TalkerPlan): Plan {
  return withTalkers(
    plan,
    talkersOf(plan).map((talker) => change(talker)),
  );
}

function withChat(plan: Plan, change: (chat: ChatPlan) => ChatPlan): Plan {
  const { chat } = plan;
  return chat === undefined ? plan : { ...plan, chat: change(chat) };
}
