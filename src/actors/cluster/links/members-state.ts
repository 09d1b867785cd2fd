// What the keeper of members keeps, and the words that its parts have in common.
// Refuses to know how it is used. Obeys spec/hp-peer.md, section "Members".

import type { MemberTold, PeerMessage } from '../../codecs/hp-peer/peer-messages.ts';
import type { Address, Context } from '../../runtime/actor.ts';
import type { TcpDialed, TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import type { ClusterContext, LinkNotice, NodesChanged, ToPeer } from '../cluster-options.ts';
import type { Calls } from './calls.ts';
import type { Change, Membership } from './membership.ts';
import type { PeerOrder, PeerReport } from './peer.actor.ts';

export type MembersMessage =
  | TcpOpened
  | TcpDialed
  | PeerReport
  | ToPeer
  /** What the next heartbeats say about what this node owns. */
  | { readonly type: 'owned'; readonly ver: number; readonly digest: string }
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
  readonly members: readonly (MemberTold & {
    readonly hasLink: boolean;
    readonly silentMs: number;
    readonly rttMs: number | undefined;
  })[];
}

export interface MembersArgs {
  readonly cluster: ClusterContext;
  /** Who talks over links. */
  readonly hearers: readonly Address<LinkNotice>[];
  /** Who is told which nodes there are. */
  readonly observers: readonly Address<NodesChanged>[];
}

export interface Link {
  readonly id: number;
  readonly address: Address<PeerOrder>;
  readonly node: string;
  readonly initiator: string;
  heardAt: number;
  hb: number;
  /** The last heartbeat of the other side. */
  heardHb: number;
  readonly sentAt: Map<number, number>;
  rttMs: number | undefined;
  /** What it was told of our links. */
  toldLinks: string;
}

export interface MembersState {
  readonly args: MembersArgs;
  readonly membership: Membership;
  readonly calls: Calls;
  /** Links that stand, by node: one each. */
  readonly links: Map<string, Link>;
  readonly linksById: Map<number, Link>;
  /** Connections, proved or not, and whom we called for them. */
  readonly pending: Map<number, string | undefined>;
  lastLink: number;
  incarnation: number;
  owned: { readonly ver: number; readonly digest: string };
  toldNodes: string;
  isDraining: boolean;
  /** Another process has this node's name. */
  isSuperseded: boolean;
  gossipedAt: number;
}

export type Turn = Context<MembersMessage>;

export function changed(state: MembersState, { member, from }: Change, context: Turn): void {
  const { node } = member;
  const level = member.state === 'down' ? 'warn' : 'info';
  log(state, level, `cluster.${member.state}`, { node, from }, context);
  context.count(`cluster.members.${member.state}`);
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

export function drop(state: MembersState, link: Link, code: string, context: Turn): void {
  state.links.delete(link.node);
  state.linksById.delete(link.id);
  context.send(link.address, { type: 'endLink', code, message: 'This link is given up.' });
}

/** [HP-PART-1] */
export function tellNodes(state: MembersState, context: Turn): void {
  const { partitionPolicy, nodesExpected } = state.args.cluster.options;
  const nodes = state.membership.alive(state.isDraining);
  const { length } = state.membership.alive(false);
  const isServing = partitionPolicy === 'serve' || length * 2 > nodesExpected;
  // [HP-STORE-1] More than half is counted of all that there should be, not of those that are left.
  const known = state.membership.members.filter((member) => member.state !== 'left');
  const size = Math.max(known.length + 1, nodesExpected);
  const down = known.filter((member) => member.state === 'down').length;
  const word = `${nodes.join(' ')} ${size} ${down} ${isServing}`;
  if (word === state.toldNodes) return;
  state.toldNodes = word;
  for (const observer of state.args.observers)
    context.send(observer, { type: 'nodesChanged', nodes, size, down, isServing });
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

export function warnOfSkew(
  state: MembersState,
  { node, skewSeconds }: { readonly node: string; readonly skewSeconds: number },
  context: Turn,
): void {
  if (Math.abs(skewSeconds) > SKEW_SECONDS)
    log(state, 'warn', 'cluster.clockSkew', { node, seconds: skewSeconds }, context);
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

const SKEW_SECONDS = 30;
