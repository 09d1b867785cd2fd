// Large steps towards a plain plan, each of which may hold many small ones: who is needed, one node, few shards, plain
// settings, plain links, plain manners, few topics, short faults. The bolder step of a kind comes before the timid.
// Refuses to know whether a step helps: every one is tried, see search/shrink.ts.

import { type Fault, faultSizes } from '../faults/faults.ts';
import type { Plan } from '../plan.ts';
import { type ClientPlan, plainHabits } from '../workload/client-plan.ts';
import {
  chatOfFewNodes,
  chatOfOneNode,
  clusterFaultsOf,
  crossersOf,
  strangersOf,
  talkersOf,
  withCrossers,
  withTalkers,
} from './plainer-chat.ts';
import { holdersOf, outagesOf, playersOf, withHolders, withPlayers } from './plainer-gateway.ts';
import { plainSettings, type Settings } from './settings.ts';
import { plainLink } from './simpler.ts';

/** Only these clients, of the broker and of the gateway. */
export function withClients(plan: Plan, isNeeded: (member: Member) => boolean): Plan {
  const needed = new Set(
    membersOf(plan)
      .filter(isNeeded)
      .map(({ client }) => client),
  );
  const isKept = ({ client }: { readonly client: number }): boolean => needed.has(client);
  const clients = plan.clients.filter(isKept);
  const withHeld = withHolders({ ...plan, clients }, holdersOf(plan).filter(isKept));
  const withPlaying = withPlayers(withHeld, playersOf(plan).filter(isKept));
  const withTalking = withTalkers(withPlaying, talkersOf(plan).filter(isKept));
  return withCrossers(withTalking, crossersOf(plan).filter(isKept));
}

/** A client of either kind, as far as others meet it. */
export interface Member {
  readonly client: number;
  readonly node: number;
  readonly topics: readonly string[];
  readonly publishes: readonly string[];
}

export function membersOf(plan: Plan): readonly Member[] {
  const holders = holdersOf(plan).map(({ client, node, prefix, channels }) => ({
    client,
    node,
    topics: channels.map((channel) => prefix + channel),
    publishes: [],
  }));
  const talkers = talkersOf(plan).map(({ client, node, rooms }) => ({
    ...{ client, node, topics: rooms, publishes: rooms },
  }));
  const crossers = crossersOf(plan).map(({ client, node, topic }) => ({
    ...{ client, node, topics: [topic], publishes: [topic] },
  }));
  const players = playersOf(plan).map(({ client, node }) => ({
    ...{ client, node, topics: [], publishes: [] },
  }));
  return [...plan.clients, ...holders, ...players, ...talkers, ...crossers];
}

/** All that goes wrong, by kind: with clients, shards and nodes, between nodes and with origins, and by who is a stranger. */
export function mishapsIn(plan: Plan): readonly string[] {
  const { faults, poisons = [] } = plan;
  return [
    ...[...faults, ...clusterFaultsOf(plan)].map(({ kind }) => kind),
    ...poisons.map(() => 'poison'),
    ...strangersOf(plan).map(() => 'stranger'),
    ...outagesOf(plan).map(() => 'outage'),
  ];
}

/** Without the faults that begin later, and those whose client there is no more. */
export function withoutIdleFaults(plan: Plan, until: number): Plan {
  const clients = new Set(membersOf(plan).map(({ client }) => client));
  const places = { shard: plan.nodes * plan.shards, node: plan.nodes };
  const faults = plan.faults.filter(({ at, kind, target }) => {
    const befalls = faultSizes[kind].target;
    return at <= until && (befalls === 'client' ? clients.has(target) : target < places[befalls]);
  });
  return { ...plan, faults };
}

/** Nothing but this node, as node 0. */
export function withOneNode(plan: Plan, node: number): Plan {
  const first = node * plan.shards;
  const faults: Fault[] = [];
  for (const fault of plan.faults) {
    const befalls = faultSizes[fault.kind].target;
    if (befalls === 'client') faults.push(fault);
    else if (befalls === 'node') {
      if (fault.target === node) faults.push({ ...fault, target: 0 });
    } else if (fault.target >= first && fault.target < first + plan.shards)
      faults.push({ ...fault, target: fault.target - first });
  }
  const there = <T extends { readonly node: number }>(members: readonly T[]): T[] =>
    members.filter((member) => member.node === node).map((member) => ({ ...member, node: 0 }));
  const clients = there(plan.clients);
  const only = withHolders({ ...plan, nodes: 1, clients, faults }, there(holdersOf(plan)));
  return chatOfOneNode(only, node);
}

/** So many nodes, with everybody: who was on a later one is on one of the first. */
export function withNodes(plan: Plan, nodes: number): Plan {
  const there = <T extends { readonly node: number }>(members: readonly T[]): T[] =>
    members.map((member) => ({ ...member, node: member.node % nodes }));
  const faults = plan.faults.map((fault) => {
    const befalls = faultSizes[fault.kind].target;
    const count = { client: Number.POSITIVE_INFINITY, shard: nodes * plan.shards, node: nodes };
    return { ...fault, target: fault.target % count[befalls] };
  });
  const clients = there(plan.clients);
  const only = withHolders({ ...plan, nodes, clients, faults }, there(holdersOf(plan)));
  return chatOfFewNodes(only, nodes);
}

/** Fewer shards to each node; what befell the missing ones befalls the last. */
export function withShards(plan: Plan, shards: number): Plan {
  const faults = plan.faults.map((fault) => {
    if (faultSizes[fault.kind].target !== 'shard') return fault;
    const node = Math.floor(fault.target / plan.shards);
    const shard = Math.min(shards - 1, fault.target % plan.shards);
    return { ...fault, target: node * shards + shard };
  });
  return { ...plan, shards, faults };
}

/** Nobody follows or publishes to anything but these topics. */
export function withTopics(plan: Plan, topics: ReadonlySet<string>): Plan {
  const only = (list: readonly string[]): readonly string[] =>
    list.filter((topic) => topics.has(topic));
  return everyClient(plan, (client) => ({
    ...client,
    topics: only(client.topics),
    publishes: only(client.publishes),
  }));
}

/** A step towards the plain; it leaves all clients and faults in the plan. */
export type Step = (plan: Plan) => Plan;

const settingNames = [
  'broker',
  'home',
  'receiptBytes',
  'serviceUs',
  'fineTurns',
  'portUs',
  'addresses',
  'sites',
] as const satisfies readonly (keyof Settings)[];

const linkNames = ['cutPercent', 'joinPercent', 'jitterUs', 'windowBytes', 'latencyUs'] as const;

const manners: readonly ((client: ClientPlan) => ClientPlan)[] = [
  (client) => ({ ...client, leavesEveryUs: 0 }),
  (client) => ({ ...client, ...plainHabits }),
  (client) => ({ ...client, idPercent: 0 }),
  (client) => ({ ...client, dataBytes: 0 }),
  (client) => ({ ...client, burst: 1 }),
  (client) => ({ ...client, recovers: false }),
];

/** The bold ones first; each of the timid ones changes one thing. */
export const plainerSteps: readonly Step[] = [
  (plan) => everyClient(everyClient(settled(plan), onPlainLink), plainManners),
  settled,
  (plan) => everyClient(plan, onPlainLink),
  (plan) => everyClient(plan, plainManners),
  shortened,
  ...settingNames.map((name): Step => (plan) => ({ ...plan, [name]: plainSettings[name] })),
  ...linkNames.map(
    (name): Step =>
      (plan) =>
        everyClient(plan, (client) => ({
          ...client,
          link: { ...client.link, [name]: plainLink[name] },
        })),
  ),
  ...manners.map(
    (manner): Step =>
      (plan) =>
        everyClient(plan, manner),
  ),
];

function plainManners(client: ClientPlan): ClientPlan {
  return manners.reduce((from, manner) => manner(from), client);
}

function onPlainLink(client: ClientPlan): ClientPlan {
  return { ...client, link: plainLink };
}

/** Plain settings; where nobody asks for tokens, nobody brings one. */
function settled(plan: Plan): Plan {
  const clients = plan.clients.map((client) => ({ ...client, token: undefined }));
  return { ...plan, ...plainSettings, clients };
}

function shortened(plan: Plan): Plan {
  const faults = plan.faults.map((fault) => {
    const { durationMs, amount, amountStep } = faultSizes[fault.kind];
    return { ...fault, durationUs: durationMs[0] * 1_000, amount: amount[0] * amountStep };
  });
  return { ...plan, faults };
}

function everyClient(plan: Plan, change: (client: ClientPlan) => ClientPlan): Plan {
  return { ...plan, clients: plan.clients.map((client) => change(client)) };
}
