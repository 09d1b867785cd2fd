// What the keeper of members keeps, and the words that its parts have in common.
// Refuses to know how it is used. Obeys spec/hp-peer.md, section "Members".

import type { MemberTold, PeerMessage } from '../../codecs/hp-peer/peer-messages.ts';
import type { DoorNotice } from '../../routing/relay/relay-seam.ts';
import type { Address, Context } from '../../runtime/actor.ts';
import type { ShardDown } from '../../runtime/edges.ts';
import type { TcpDialed, TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import type {
  ClusterContext,
  ClusterNews,
  LinkNotice,
  NodesChanged,
  ToPeer,
} from '../cluster-options.ts';
import type { Calls } from './calls.ts';
import type { DetourMessage } from './detour.actor.ts';
import type { Role } from '../../codecs/hp-peer/proof.ts';
import type { Change, Membership } from './membership.ts';
import type { PeerOrder, PeerReport } from './peer.actor.ts';

export type MembersMessage =
  | TcpOpened
  | TcpDialed
  | PeerReport
  | ToPeer
  | ShardDown
  /** What the next heartbeats say about what this node owns. */
  | { readonly type: 'owned'; readonly ver: number; readonly digest: string }
  /** A node has told everything that it owns, up to this version. */
  | {
      readonly type: 'copySynced';
      readonly node: string;
      readonly incarnation: number;
      readonly ver: number;
    }
  /** [HP-MEMBER-13] How late the thread of this node's links is, 99 times of 100 at most. */
  | { readonly type: 'lagMeasured'; readonly p99Ms: number }
  /** This node goes, so many milliseconds from now. */
  | { readonly type: 'drain'; readonly withinMs: number }
  | { readonly type: 'describe'; readonly ref: number; readonly replyTo: Address<ClusterTold> };

/** What an operator is told. */
export interface ClusterTold {
  readonly type: 'clusterTold';
  readonly ref: number;
  readonly node: string;
  readonly cluster: string;
  readonly incarnation: number;
  /** [HP-PART-1] */
  readonly isServing: boolean;
  /** Nodes that may be on the other side of a split. */
  readonly cutOff: readonly string[];
  /** [HP-PEER-11] What all nodes can do. */
  readonly caps: readonly string[];
  readonly members: readonly (MemberTold & {
    readonly hasLink: boolean;
    /** The node that carries the link, where it is a detour. */
    readonly via: string | undefined;
    readonly silentMs: number;
    readonly rttMs: number | undefined;
    readonly version: string;
    readonly isDraining: boolean;
    readonly skewSeconds: number;
    /** [HP-BEAT-4] It has everything that this node owns; undefined when it does not say. */
    readonly isSynced: boolean | undefined;
  })[];
}

export interface MembersArgs {
  readonly cluster: ClusterContext;
  /** Who talks over links. */
  readonly hearers: readonly Address<LinkNotice>[];
  /** Who is told which nodes there are. */
  readonly observers: readonly Address<NodesChanged>[];
  /** The doors to clients. */
  readonly doors: readonly Address<DoorNotice>[];
  readonly news: Address<ClusterNews>;
}

export interface Link {
  readonly id: number;
  readonly address: Address<PeerOrder>;
  readonly node: string;
  readonly initiator: string;
  /** The node that carries what is said over it; undefined for a connection of its own. */
  readonly via: string | undefined;
  readonly caps: readonly string[];
  readonly since: number;
  heardAt: number;
  hb: number;
  /** When the last heartbeat was sent. */
  beatAt: number;
  /** The last heartbeat of the other side. */
  heardHb: number;
  readonly sentAt: Map<number, number>;
  rttMs: number | undefined;
  /** What it was told of our links. */
  toldLinks: string;
  /** What the other side has of what this node owns. */
  has: { readonly incarnation: number; readonly ver: number } | undefined;
}

/** A connection, proved or not. */
export interface Pending {
  readonly role: Role;
  /** As the link that it may become. */
  readonly via: string | undefined;
  /** The address that we called for it. */
  readonly called: string | undefined;
  readonly remote: string;
  readonly address: Address<PeerOrder>;
  /** Of this node, as the other side is told. */
  readonly incarnation: number;
  isProved: boolean;
}

export interface MembersState {
  readonly args: MembersArgs;
  readonly membership: Membership;
  readonly calls: Calls;
  /** Links that stand, by node: one each. */
  readonly links: Map<string, Link>;
  readonly linksById: Map<number, Link>;
  /** In the order in which they came. */
  readonly pending: Map<number, Pending>;
  /** What is here of what others own, by node. */
  readonly copies: Map<string, { readonly incarnation: number; readonly ver: number }>;
  lastLink: number;
  /** Ends of connections through a third node. */
  readonly detours: Map<string, Address<DetourMessage>>;
  /** Nodes that others hear and this one does not: when a detour is opened next, and how many were. */
  readonly lacking: Map<string, { nextAt: number; times: number }>;
  lastCall: number;
  incarnation: number;
  owned: { readonly ver: number; readonly digest: string };
  toldNodes: string;
  isDraining: boolean;
  /** Another process has this node's name. */
  isSuperseded: boolean;
  gossipedAt: number;
  readonly startedAt: number;
  /** [HP-JOIN-1] */
  isJoined: boolean;
  /** What clients and operators were told. */
  toldServers: string;
  toldCutOff: readonly string[];
  toldDetours: readonly string[];
  isSplit: boolean;
  skewed: number;
  /** Since when this node has been on the smaller side; undefined when it is not. */
  minoritySince: number | undefined;
  hasRetreated: boolean;
}

export type Turn = Context<MembersMessage>;

export function changed(state: MembersState, { member, from }: Change, context: Turn): void {
  const { node } = member;
  const level = member.state === 'down' ? 'warn' : 'info';
  const silentMs = Math.round((context.now - member.heardAt) / 1_000);
  log(state, level, `cluster.${member.state}`, { node, from, silentMs }, context);
  context.count(`cluster.members.${member.state}`);
  if (member.state === 'down') state.calls.begunAnew(node);
  if (member.state === 'down') gone(state, { member, from }, 0, context);
  else tellNodes(state, context);
}

export function gone(
  state: MembersState,
  { member }: Change,
  lingerMs: number,
  context: Turn,
): void {
  const { node } = member;
  const link = state.links.get(node);
  if (link !== undefined) drop(state, link, member.state === 'left' ? 'LEFT' : 'TIMEOUT', context);
  tellAll(state, { type: 'nodeGone', node, lingerMs }, context);
  tellNodes(state, context);
}

export function drop(
  state: MembersState,
  link: Link,
  code: string,
  context: Turn,
  known?: number,
): void {
  state.links.delete(link.node);
  state.linksById.delete(link.id);
  context.count('cluster.linked', -1);
  const order = { type: 'endLink', code, message: 'This link is given up.' } as const;
  const later = { known, alive: true };
  context.send(link.address, known === undefined ? order : { ...order, known: later });
}

/** [HP-PART-1] */
export function tellNodes(state: MembersState, context: Turn): void {
  const { nodesExpected } = state.args.cluster.options;
  const nodes = state.membership.homes(state.isDraining);
  const isServing = serves(state);
  // [HP-STORE-1] More than half is counted of all that there should be, not of those that are left.
  const known = state.membership.members.filter((member) => member.state !== 'left');
  const size = Math.max(known.length + 1, nodesExpected);
  const down = known.filter((member) => member.state === 'down').length;
  const { isJoined } = state;
  const word = `${nodes.join(' ')} ${size} ${down} ${isServing} ${isJoined}`;
  if (word === state.toldNodes) return;
  state.toldNodes = word;
  for (const observer of state.args.observers)
    context.send(observer, { type: 'nodesChanged', nodes, size, down, isServing, isJoined });
}

/** [HP-PART-1] Counted by what the operator expects, never by a view that shrinks. */
export function serves({ args, membership }: MembersState): boolean {
  const { partitionPolicy, nodesExpected } = args.cluster.options;
  return partitionPolicy === 'serve' || (membership.present.length + 1) * 2 > nodesExpected;
}

export function tellDoors(state: MembersState, notice: DoorNotice, context: Turn): void {
  for (const door of state.args.doors) context.send(door, notice);
}

export function say(
  state: MembersState,
  node: string,
  message: PeerMessage,
  isUrgent: boolean,
  context: Turn,
): void {
  const link = state.links.get(node);
  if (link !== undefined) context.send(link.address, { type: 'say', message, isUrgent });
}

export function tellAll(state: MembersState, notice: LinkNotice, context: Turn): void {
  for (const hearer of state.args.hearers) context.send(hearer, notice);
}

export function log(
  state: MembersState,
  level: 'info' | 'warn' | 'error',
  event: string,
  fields: Readonly<Record<string, string | number>>,
  context: Turn,
): void {
  context.send(state.args.cluster.edges.log, { type: 'log', level, event, fields });
}
