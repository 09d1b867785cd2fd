// How links come and go: who is called, who may come in, which of two links stays, and what is made of the end of one.
// Refuses to know what is said over them. Obeys spec/hp-peer.md, section "Links".

import type { MemberTold } from '../../codecs/hp-peer/peer-messages.ts';
import type { TcpDialed, TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import type { Role } from '../../codecs/hp-peer/proof.ts';
import type { Address } from '../../runtime/actor.ts';
import { capsAt } from '../versions.ts';
import type { DetourMessage } from './detour.actor.ts';
import { lookAtJoining } from '../notices/joining.ts';
import { lookAtClock, tellServers } from '../notices/watching.ts';
import { peerActor, type PeerReportOf } from './peer.actor.ts';
import {
  changed,
  drop,
  gone,
  type Link,
  log,
  type MembersState,
  type Pending,
  tellAll,
  tellNodes,
  type Turn,
} from './members-state.ts';

export function opened(state: MembersState, message: TcpOpened, context: Turn): void {
  const { strangersMax } = state.args.cluster.options;
  if (!takesLinks(state)) {
    dismiss(state, message, context);
    return;
  }
  const strangers = [...state.pending].filter(
    ([, { isProved, role, via }]) => !isProved && role === 'responder' && via === undefined,
  );
  const [oldest] = strangers;
  // [HP-PEER-12] Whoever only stands in the door makes room: a node has said its proof long before.
  if (oldest !== undefined && strangers.length >= strangersMax) crowdOut(state, oldest, context);
  start(state, message, { role: 'responder' }, context);
}

export function takesLinks({
  args,
  isDraining,
  isSuperseded,
  links,
  detours,
}: MembersState): boolean {
  const { linksMax } = args.cluster.options;
  return !isDraining && !isSuperseded && links.size < linksMax && detours.size < linksMax;
}

function crowdOut(state: MembersState, [id, { address }]: [number, Pending], context: Turn): void {
  state.pending.delete(id);
  context.count('cluster.strangers.crowdedOut');
  const words = { code: 'UNAVAILABLE', message: 'Too many have not proved themselves.' };
  context.send(address, { type: 'endLink', ...words });
}

export function dismiss(state: MembersState, { connection }: TcpOpened, context: Turn): void {
  const { tcp } = state.args.cluster.edges;
  context.send(tcp, { type: 'dismiss', connection, lastWords: new Uint8Array(0) });
}

/** What a connection comes of. */
export interface Origin {
  readonly role: Role;
  /** The address that was called. */
  readonly called?: string;
  /** The node that carries it, and what stands for it here. */
  readonly via?: string;
  readonly edge?: Address<DetourMessage>;
}

export function start(
  state: MembersState,
  message: TcpOpened,
  { role, called, via, edge }: Origin,
  context: Turn,
): void {
  state.lastLink += 1;
  const link = state.lastLink;
  const { edges } = state.args.cluster;
  const own = edge === undefined ? edges : { ...edges, web: edge, tcp: edge };
  const cluster = { ...state.args.cluster, incarnation: state.incarnation, edges: own };
  const args = { cluster, link, role, opened: message, members: context.self } as const;
  const address = context.spawn(peerActor, args, `cluster/${link}`);
  const { incarnation } = state;
  const pending = { role, called, via, remote: message.remote, address, isProved: false };
  state.pending.set(link, { ...pending, incarnation });
}

/** [HP-MEMBER-2] One link for each pair: of two, the one whose initiator has the smaller name. */
export function proved(
  state: MembersState,
  message: PeerReportOf<'linkProved'>,
  context: Turn,
): void {
  const { options } = state.args.cluster;
  const { other: comer, role, address, link: id } = message;
  const { node, incarnation, caps, version } = comer;
  const pending = state.pending.get(id);
  const { called, via } = pending ?? {};
  if (pending !== undefined) pending.isProved = true;
  const end = (code: string, text: string, later?: number): void => {
    context.count(`cluster.links.refused.${code}`);
    const order = { type: 'endLink', code, message: text } as const;
    context.send(
      address,
      later === undefined
        ? order
        : { ...order, known: { known: later, alive: isHeard(state, node, context) } },
    );
  };
  if (called !== undefined) state.calls.named(called, node);
  if (pending !== undefined && pending.incarnation !== state.incarnation) {
    // [HP-MEMBER-4] The other side was told of the number that this life had then.
    end('STALE_INCARNATION', 'This life has another number now.');
    return;
  }
  if (node === options.node) {
    if (incarnation > state.incarnation) superseded(state, context);
    end('SUPERSEDED', 'Another process has this name.', state.incarnation);
    return;
  }
  const known = state.membership.get(node);
  if (known !== undefined && incarnation < known.incarnation) {
    // [HP-MEMBER-4] Its clock went back, or it is an old life that speaks: it must take a higher number.
    end('STALE_INCARNATION', 'A later life of this node is known.', known.incarnation);
    return;
  }
  const initiator = role === 'initiator' ? options.node : node;
  const other = state.links.get(node);
  const isSameLife = known?.incarnation === incarnation;
  if (other !== undefined && isSameLife && isBetter(state, other, initiator, via, context)) {
    end('DUPLICATE_LINK', 'There is a link already.');
    return;
  }
  // [HP-MEMBER-4] A life that is over, and does not know it, is to end.
  if (other !== undefined && isSameLife) drop(state, other, 'DUPLICATE_LINK', context);
  else if (other !== undefined) drop(state, other, 'SUPERSEDED', context, incarnation);
  const members = state.membership.told();
  const before = state.membership.joined(comer, context.now);
  if (!isSameLife) state.calls.begunAnew(node);
  if (known !== undefined && before !== 'down' && before !== 'left' && !isSameLife)
    tellAll(state, { type: 'nodeGone', node, lingerMs: REPLACED_LINGER_MS }, context);
  const link: Link = {
    ...{ id, address, node, initiator, via, caps, since: context.now, heardAt: context.now },
    ...{
      hb: 0,
      beatAt: context.now,
      heardHb: 0,
      sentAt: new Map(),
      rttMs: undefined,
      toldLinks: '',
      has: undefined,
    },
  };
  state.links.set(node, link);
  state.linksById.set(id, link);
  if (via === undefined) state.calls.reached(node, comer.addr, context.now);
  else if (comer.addr !== '') state.calls.add(comer.addr, context.now, node);
  context.count('cluster.links');
  context.count('cluster.linked');
  const member = state.membership.get(node);
  if (member !== undefined) {
    if (message.clients !== '') member.clients = message.clients;
    tellServers(state, context);
    lookAtClock(state, member, message.skewSeconds, context);
  }
  context.send(address, { type: 'welcome', members });
  learn(state, message.members, context);
  tellAll(state, { type: 'linkUp', node, link: id, incarnation, caps }, context);
  const way = via === undefined ? {} : { via };
  log(state, 'info', 'cluster.linkUp', { node, incarnation, role, version, ...way }, context);
  tellNodes(state, context);
}

function isHeard(state: MembersState, node: string, { now }: Turn): boolean {
  const { heartbeatMs } = state.args.cluster.options;
  const link = state.links.get(node);
  return link !== undefined && now - link.heardAt <= heartbeatMs * 2_500;
}

function isAnswered({ args }: MembersState, { sentAt }: Link, { now }: Turn): boolean {
  const { heartbeatMs } = args.cluster.options;
  const [oldest = now] = sentAt.values();
  return now - oldest <= heartbeatMs * 2_500;
}

/** A link on which nothing has been heard for a while is not worth keeping. [HP-DETOUR-4] Nor is a detour beside a link of their own. */
function isBetter(
  state: MembersState,
  link: Link,
  initiator: string,
  via: string | undefined,
  context: Turn,
): boolean {
  const [isDetour, areDetours] = [link.via !== undefined, via !== undefined];
  if (!isHeard(state, link.node, context)) return false;
  // [HP-DETOUR-1] It may be heard and not hear, and asks for a detour because of that.
  if (areDetours && !isAnswered(state, link, context)) return false;
  return isDetour === areDetours ? link.initiator < initiator : areDetours;
}

export function closed(
  state: MembersState,
  { link: id, node, code, known, alive }: PeerReportOf<'linkClosed'>,
  context: Turn,
): void {
  const pending = state.pending.get(id);
  const called = pending?.called;
  state.pending.delete(id);
  if (pending?.isProved === false) notProved(state, pending, code, context);
  // [HP-MEMBER-4] A later life that is there has the name; one that is only remembered is outdone.
  if (known !== undefined && known >= state.incarnation) {
    const isThere = alive === true || code === 'SUPERSEDED';
    if (isThere && known > state.incarnation) superseded(state, context);
    else if (code === 'STALE_INCARNATION') rise(state, known + 1, context);
  }
  if (called !== undefined) {
    if (code === 'SELF_CONNECT') state.calls.isSelf(called);
    else {
      if (node !== undefined) state.calls.named(called, node);
      if (state.linksById.has(id) || code === 'DUPLICATE_LINK') state.calls.over(called);
      else state.calls.ended(called, context.now, context.random());
      if (code === 'STALE_INCARNATION') state.calls.untried(called);
    }
  }
  const link = state.linksById.get(id);
  state.linksById.delete(id);
  if (link !== undefined && state.links.get(link.node) === link) lost(state, link, code, context);
  lookAtJoining(state, context);
}

/** Whoever cannot prove himself is told of to operators: a node with a wrong secret is found by that. */
function notProved(
  state: MembersState,
  { called, remote }: Pending,
  code: string | undefined,
  context: Turn,
): void {
  context.count('cluster.handshakes.failed');
  if (code === undefined || code === 'SELF_CONNECT') return;
  const where = called === undefined ? { remote } : { called };
  log(state, 'warn', 'cluster.refused', { ...where, code }, context);
}

function lost(state: MembersState, link: Link, code: string | undefined, context: Turn): void {
  const { node } = link;
  state.links.delete(node);
  context.count('cluster.linked', -1);
  const livedMs = (context.now - link.since) / 1_000;
  state.calls.lost(node, livedMs, context.now, context.random());
  log(state, 'info', 'cluster.linkDown', { node, code: code ?? '' }, context);
  tellAll(state, { type: 'linkDown', node }, context);
  // It has only obeyed: it was told that this node leaves.
  if (code === 'LEFT') return;
  // [HP-MEMBER-2] The other side has a better one, which stands here in a moment; if not, its silence will tell.
  if (code === 'DUPLICATE_LINK') return;
  const change = state.membership.lost(node, context.now);
  if (change !== undefined) changed(state, change, context);
}

export function failed(
  state: MembersState,
  { ref, reason }: Extract<TcpDialed, { readonly type: 'tcpFailed' }>,
  context: Turn,
): void {
  const target = state.calls.answered(ref);
  if (target === undefined) return;
  state.calls.ended(target, context.now, context.random());
  const node = state.calls.nodeOf(target);
  // While a link stands, an address that refuses says nothing about the node.
  if (reason === 'refused' && node !== undefined && !state.links.has(node)) {
    const change = state.membership.refused(node, context.now);
    if (change !== undefined) changed(state, change, context);
    else if (state.membership.get(node)?.state === 'suspect')
      state.calls.soonAgain(node, context.now);
  }
  lookAtJoining(state, context);
}

export function call(state: MembersState, context: Turn): void {
  if (state.isDraining || state.isSuperseded) return;
  const { edges, options } = state.args.cluster;
  // [HP-MEMBER-12] A link on which nothing is heard may stand at one end alone: another one is tried beside it.
  const isWell = (node: string): boolean => {
    const link = state.links.get(node);
    // [HP-DETOUR-4]
    if (link === undefined || link.via !== undefined) return false;
    return state.membership.get(node)?.state === 'up';
  };
  const due = state.calls.due(context.now, isWell);
  for (const { ref, host, port } of due) {
    context.send(edges.tcp, {
      ...{ type: 'connect', host, port, ref, timeoutMs: options.dialTimeoutMs },
      replyTo: context.self,
    });
  }
}

/** A life of ours that others take for later than this one: what they know of it must not stand. */
function rise(state: MembersState, incarnation: number, context: Turn): void {
  state.incarnation = incarnation;
  log(state, 'warn', 'cluster.incarnationRisen', { incarnation }, context);
  context.send(state.args.news, { type: 'incarnationRisen', incarnation });
  // Who knows this life by its old number is greeted anew.
  for (const link of [...state.links.values()]) {
    drop(state, link, 'STALE_INCARNATION', context);
    tellAll(state, { type: 'linkDown', node: link.node }, context);
    state.membership.lost(link.node, context.now);
    state.calls.lost(link.node, 0, context.now, context.random());
  }
  const self = {
    node: state.membership.self,
    link: NO_LINK,
    caps: capsAt(state.args.cluster.options),
  };
  tellAll(state, { type: 'linkUp', incarnation, ...self }, context);
}

function superseded(state: MembersState, context: Turn): void {
  if (state.isSuperseded) return;
  state.isSuperseded = true;
  log(state, 'error', 'cluster.superseded', { node: state.membership.self }, context);
  for (const link of [...state.links.values()]) drop(state, link, 'SUPERSEDED', context);
  context.send(state.args.news, { type: 'nodeSuperseded' });
}

/** [HP-MEMBER-6] Others tell where members are, and who has left; never who is down. */
export function learn(state: MembersState, members: readonly MemberTold[], context: Turn): void {
  for (const { node, incarnation, addr, state: said } of members) {
    if (node === state.membership.self) {
      // Somebody remembers a later life of ours than this one.
      if (incarnation > state.incarnation) rise(state, incarnation + 1, context);
      continue;
    }
    const known = state.membership.get(node);
    if (said === 'left' && known !== undefined && incarnation >= known.incarnation) {
      const left = state.links.has(node) ? undefined : state.membership.left(node, context.now);
      if (left !== undefined) gone(state, left, 0, context);
    }
    if (addr !== '' && said !== 'left') state.calls.add(addr, context.now, node);
  }
}

/** [HP-REPL-6] What a former life had is shown until the new one has told what it has, but not for longer. */
const REPLACED_LINGER_MS = 5_000;
/** Links have numbers from 1 on. */
const NO_LINK = 0;
