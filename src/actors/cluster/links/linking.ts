// How links come and go: who is called, who may come in, which of two links stays, and what is made of the end of one.
// Refuses to know what is said over them. Obeys spec/hp-peer.md, section "Links".

import type { MemberTold } from '../../codecs/hp-peer/peer-messages.ts';
import type { TcpDialed, TcpOpened } from '../../runtime/tcp/tcp-edges.ts';
import { peerActor, type PeerReport } from './peer.actor.ts';
import {
  changed,
  drop,
  gone,
  type Link,
  log,
  warnOfSkew,
  type MembersState,
  tellAll,
  tellNodes,
  type Turn,
} from './members-state.ts';

export function opened(state: MembersState, message: TcpOpened, context: Turn): void {
  const { linksMax } = state.args.cluster.options;
  const isWelcome = !state.isDraining && !state.isSuperseded && state.pending.size < linksMax;
  if (isWelcome) start(state, message, undefined, context);
  else dismiss(state, message, context);
}

export function dismiss(state: MembersState, { connection }: TcpOpened, context: Turn): void {
  const { tcp } = state.args.cluster.edges;
  context.send(tcp, { type: 'dismiss', connection, lastWords: new Uint8Array(0) });
}

export function start(
  state: MembersState,
  message: TcpOpened,
  called: string | undefined,
  context: Turn,
): void {
  state.lastLink += 1;
  const link = state.lastLink;
  state.pending.set(link, called);
  const role = called === undefined ? 'responder' : 'initiator';
  const cluster = { ...state.args.cluster, incarnation: state.incarnation };
  const args = { cluster, link, role, opened: message, members: context.self } as const;
  context.spawn(peerActor, args, `cluster/${link}`);
}

/** [HP-MEMBER-2] One link for each pair: of two, the one whose initiator has the smaller name. */
export function proved(
  state: MembersState,
  message: Extract<PeerReport, { readonly type: 'linkProved' }>,
  context: Turn,
): void {
  const { options } = state.args.cluster;
  const { node, incarnation, role, address, link: id } = message;
  const called = state.pending.get(id);
  const end = (code: string, text: string, known?: number): void => {
    context.count(`cluster.links.refused.${code}`);
    const order = { type: 'endLink', code, message: text } as const;
    context.send(address, known === undefined ? order : { ...order, known });
  };
  if (called !== undefined) state.calls.named(called, node);
  if (node === options.node) {
    if (incarnation > state.incarnation) superseded(state, context);
    end('SUPERSEDED', 'Another process has this name.', state.incarnation);
    return;
  }
  const member = state.membership.get(node);
  if (member !== undefined && incarnation < member.incarnation) {
    // [HP-MEMBER-4] Its clock went back, or it is an old life that speaks: it must take a higher number.
    end('STALE_INCARNATION', 'A later life of this node is known.', member.incarnation);
    return;
  }
  const initiator = role === 'initiator' ? options.node : node;
  const other = state.links.get(node);
  const isSameLife = member?.incarnation === incarnation;
  if (other !== undefined && isSameLife && isBetter(state, other, initiator, context)) {
    end('DUPLICATE_LINK', 'There is a link already.');
    return;
  }
  if (other !== undefined) drop(state, other, 'DUPLICATE_LINK', context);
  const members = state.membership.told();
  const before = state.membership.joined(node, incarnation, message.addr, context.now);
  if (member !== undefined && before !== 'down' && before !== 'left' && !isSameLife)
    tellAll(state, { type: 'nodeGone', node, lingerMs: REPLACED_LINGER_MS }, context);
  const link: Link = {
    ...{ id, address, node, initiator, heardAt: context.now, hb: 0, heardHb: 0 },
    ...{ sentAt: new Map(), rttMs: undefined, toldLinks: '' },
  };
  state.links.set(node, link);
  state.linksById.set(id, link);
  state.calls.reached(node, message.addr, context.now);
  context.count('cluster.links');
  warnOfSkew(state, message, context);
  context.send(address, { type: 'welcome', members });
  learn(state, message.members, context);
  tellAll(state, { type: 'linkUp', node, incarnation }, context);
  log(state, 'info', 'cluster.linkUp', { node, incarnation, role }, context);
  tellNodes(state, context);
}

/** A link on which nothing has been heard for a while is not worth keeping. */
function isBetter(state: MembersState, link: Link, initiator: string, context: Turn): boolean {
  const { heartbeatMs } = state.args.cluster.options;
  if (context.now - link.heardAt > heartbeatMs * 2_500) return false;
  return link.initiator < initiator;
}

export function closed(
  state: MembersState,
  { link: id, node, code, known }: Extract<PeerReport, { readonly type: 'linkClosed' }>,
  context: Turn,
): void {
  const called = state.pending.get(id);
  state.pending.delete(id);
  // [HP-MEMBER-4]
  if (code === 'STALE_INCARNATION' && known !== undefined && known >= state.incarnation)
    rise(state, known + 1, context);
  if (code === 'SUPERSEDED' && known !== undefined && known > state.incarnation)
    superseded(state, context);
  if (called !== undefined) {
    if (code === 'SELF_CONNECT') state.calls.isSelf(called);
    else {
      if (node !== undefined) state.calls.named(called, node);
      state.calls.ended(called, context.now, context.random());
    }
  }
  const link = state.linksById.get(id);
  state.linksById.delete(id);
  if (link === undefined || state.links.get(link.node) !== link) return;
  lost(state, link, code, context);
}

function lost(state: MembersState, link: Link, code: string | undefined, context: Turn): void {
  const { node } = link;
  state.links.delete(node);
  log(state, 'info', 'cluster.linkDown', { node, code: code ?? '' }, context);
  tellAll(state, { type: 'linkDown', node }, context);
  // It has only obeyed: it was told that this node leaves.
  if (code === 'LEFT') return;
  const change = state.membership.lost(node, context.now);
  if (change !== undefined) changed(state, change, context);
  state.calls.soon(node, context.now);
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
  if (reason !== 'refused' || node === undefined) return;
  const change = state.membership.refused(node, context.now);
  if (change !== undefined) changed(state, change, context);
  else if (state.membership.get(node)?.state === 'suspect') state.calls.soon(node, context.now);
}

export function call(state: MembersState, context: Turn): void {
  if (state.isDraining || state.isSuperseded) return;
  const { edges, options } = state.args.cluster;
  const due = state.calls.due(context.now, (node) => state.links.has(node));
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
  for (const hearer of state.args.hearers)
    context.send(hearer, { type: 'linkUp', node: state.membership.self, incarnation });
}

function superseded(state: MembersState, context: Turn): void {
  state.isSuperseded = true;
  log(state, 'error', 'cluster.superseded', { node: state.membership.self }, context);
  for (const link of state.links.values()) drop(state, link, 'SUPERSEDED', context);
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
