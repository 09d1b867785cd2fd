// The keeper of members: calls other nodes and is called, keeps one link with each, says that this node lives, and finds
// out who does not. What is said over links it passes on, without a look at what is not about members.
// Refuses to know presence, topics and rooms. Obeys spec/hp-peer.md, sections "Links", "Members" and "Heartbeats".

import type { MemberTold, PeerMessage } from '../../codecs/hp-peer/peer-messages.ts';
import type { ActorDefinition, Address } from '../../runtime/actor.ts';
import type { ToPeer } from '../cluster-options.ts';
import { capsAt } from '../versions.ts';
import { Calls } from './calls.ts';
import { lookAtJoining } from '../notices/joining.ts';
import { call, closed, dismiss, failed, learn, opened, proved, start } from './linking.ts';
import {
  changed,
  type ClusterTold,
  gone,
  type Link,
  log,
  type MembersArgs,
  type MembersMessage,
  type MembersState,
  say,
  serves,
  tellAll,
  tellNodes,
  type Turn,
} from './members-state.ts';
import { breakDetours, detoured, detourOver, lookForDetours } from './detours.ts';
import type { PeerReportOf } from './peer.actor.ts';
import { Membership, TICK_EVERY_MS } from './membership.ts';
import { lookAround, lookAtClock, tellRetreat, tellServers } from '../notices/watching.ts';

export const membersActor: ActorDefinition<MembersArgs, MembersState, MembersMessage> = {
  kind: 'cluster/members',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(args, context) {
    const { options, incarnation } = args.cluster;
    const calls = new Calls(options);
    for (const peer of options.peers) calls.add(peer, context.now);
    context.after('tick', TICK_EVERY_MS);
    context.after('beat', options.heartbeatMs);
    context.after('call', 1);
    const state: MembersState = {
      args,
      membership: new Membership(options.node, options, context.now),
      calls,
      ...{ links: new Map(), linksById: new Map(), pending: new Map(), lastLink: 0, incarnation },
      ...{ detours: new Map(), lacking: new Map(), lastCall: 0 },
      ...{ owned: { ver: 0, digest: '' }, toldNodes: '', isDraining: false, isSuperseded: false },
      ...{ gossipedAt: context.now, startedAt: context.now, isJoined: false, copies: new Map() },
      ...{ toldServers: '', toldCutOff: [], toldDetours: [], isSplit: false, skewed: 0 },
      ...{ minoritySince: undefined, hasRetreated: false },
    };
    tellNodes(state, context);
    return state;
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'tcpOpened':
        opened(state, message, context);
        return;
      case 'tcpConnected': {
        const target = state.calls.answered(message.ref);
        if (target === undefined) dismiss(state, message.opened, context);
        else start(state, message.opened, { role: 'initiator', called: target }, context);
        return;
      }
      case 'tcpFailed':
        failed(state, message, context);
        return;
      case 'linkProved':
        proved(state, message, context);
        return;
      case 'linkHeard':
        heard(state, message, context);
        return;
      case 'linkClosed':
        closed(state, message, context);
        breakDetours(state, message.link, context);
        return;
      case 'toPeer':
        toPeer(state, message, context);
        return;
      case 'owned':
        state.owned = { ver: message.ver, digest: message.digest };
        return;
      case 'copySynced':
        state.copies.set(message.node, message);
        lookAtJoining(state, context);
        return;
      case 'shardDown':
        // Whoever takes its place knows nothing yet.
        state.toldNodes = '';
        state.toldServers = '';
        tellNodes(state, context);
        tellServers(state, context);
        if (state.hasRetreated) tellRetreat(state, context);
        return;
      case 'lagMeasured':
        lagMeasured(state, message.p99Ms, context);
        return;
      case 'drain':
        drain(state, message.withinMs, context);
        return;
      case 'describe':
        describe(state, message.ref, message.replyTo, context);
        return;
      case 'timedOut':
        due(state, message.name, context);
        return;
      case 'childStopped':
        detourOver(state, message.child);
        return;
      default:
        message satisfies never;
    }
  },
};

/** [HP-RELAY-4] What was meant for an earlier link must not come over the next one in front of what is missing there. */
function toPeer(state: MembersState, { node, link, message }: ToPeer, context: Turn): void {
  if (link === undefined || state.links.get(node)?.id === link)
    say(state, node, message, false, context);
}

function due(state: MembersState, timer: string, context: Turn): void {
  if (timer === 'beat') beat(state, context);
  else if (timer === 'tick') tick(state, context);
  else if (timer === 'leave') leave(state, context);
  else call(state, context);
}

function heard(
  state: MembersState,
  { link: id, message, skewSeconds }: PeerReportOf<'linkHeard'>,
  context: Turn,
): void {
  const link = state.linksById.get(id);
  if (link === undefined) return;
  const { node } = link;
  link.heardAt = context.now;
  const change = state.membership.heard(node, context.now);
  if (change !== undefined) changed(state, change, context);
  switch (message.type) {
    case 'HEARTBEAT':
      heartbeat(state, link, message, skewSeconds, context);
      break;
    case 'HEARTBEAT_ACK': {
      const sentAt = link.sentAt.get(message.hb);
      if (sentAt !== undefined) link.rttMs = Math.round((context.now - sentAt) / 1_000);
      for (const hb of link.sentAt.keys()) if (hb <= message.hb) link.sentAt.delete(hb);
      return;
    }
    case 'SERVER_READY': {
      const member = state.membership.get(node);
      if (member !== undefined) member.clients = message.clients;
      tellServers(state, context);
      learn(state, message.members, context);
      return;
    }
    case 'MEMBERS':
      learn(state, message.members, context);
      return;
    case 'DETOUR':
      detoured(state, link, message, context);
      return;
    case 'DRAIN': {
      const member = state.membership.get(node);
      if (member !== undefined) member.isDraining = true;
      tellServers(state, context);
      log(state, 'info', 'cluster.draining', { node }, context);
      tellNodes(state, context);
      return;
    }
    case 'LEAVE': {
      const left = state.membership.left(node, context.now);
      if (left !== undefined) gone(state, left, message.lingerMs, context);
      return;
    }
    default:
  }
  tellAll(state, { type: 'peerHeard', node, message }, context);
}

function heartbeat(
  state: MembersState,
  link: Link,
  message: Extract<PeerMessage, { readonly type: 'HEARTBEAT' }>,
  skewSeconds: number,
  context: Turn,
): void {
  const member = state.membership.get(link.node);
  if (member !== undefined) {
    if (message.links !== undefined) member.links = message.links;
    if (member.isDraining !== message.draining) {
      // DRAIN was said over a link that broke.
      member.isDraining = message.draining;
      tellNodes(state, context);
    }
    // What lay somewhere for a while tells an old time.
    if (isFresh(state, link, message.echo, context))
      lookAtClock(state, member, skewSeconds, context);
  }
  link.heardHb = message.hb;
  link.has = message.have;
  const answer: PeerMessage = { type: 'HEARTBEAT_ACK', hb: message.hb };
  context.send(link.address, { type: 'say', message: answer, isUrgent: true });
}

/** It was said after this node's last beat was heard, and that was not long ago. */
function isFresh({ args }: MembersState, link: Link, echo: number, { now }: Turn): boolean {
  const { heartbeatMs } = args.cluster.options;
  return echo === link.hb && now - link.beatAt < heartbeatMs * 2_500;
}

/** [HP-BEAT-1] [HP-BEAT-2] */
function beat(state: MembersState, context: Turn): void {
  const { heartbeatMs } = state.args.cluster.options;
  const { incarnation, owned, isDraining } = state;
  // Whom it hears, whether or not a connection still stands.
  const linked = state.membership.members
    .filter((member) => member.state === 'up')
    .map(({ node }) => node);
  for (const link of state.links.values()) {
    link.hb += 1;
    link.beatAt = context.now;
    link.sentAt.set(link.hb, context.now);
    if (link.sentAt.size > UNANSWERED_MAX) link.sentAt.clear();
    const isNews = link.toldLinks !== linked.join(' ');
    link.toldLinks = linked.join(' ');
    const message: PeerMessage = {
      ...{ type: 'HEARTBEAT', incarnation, ver: owned.ver, digest: owned.digest, hb: link.hb },
      ...{ echo: link.heardHb, links: isNews ? linked : undefined, draining: isDraining },
      have: link.caps.includes('synced') ? haveOf(state, link.node) : undefined,
    };
    context.send(link.address, { type: 'say', message, isUrgent: true });
  }
  const jitter = (context.random() % (heartbeatMs / 10 + 1)) - heartbeatMs / 20;
  context.after('beat', Math.max(1, Math.round(heartbeatMs + jitter)));
}

function tick(state: MembersState, context: Turn): void {
  for (const change of state.membership.tick(context.now)) changed(state, change, context);
  for (const node of state.membership.forget(context.now)) forget(state, node, context);
  const { forgetMs } = state.args.cluster.options;
  state.calls.forgetUntold(
    context.now - forgetMs * 1_000,
    (node, address) => state.membership.get(node)?.addr === address,
  );
  tellNodes(state, context);
  const { links } = state;
  if (context.now - state.gossipedAt > GOSSIP_EVERY_MS * 1_000 && links.size > 0) {
    state.gossipedAt = context.now;
    const one = [...links.values()][context.random() % links.size];
    if (one !== undefined)
      say(state, one.node, { type: 'MEMBERS', members: told(state) }, false, context);
  }
  call(state, context);
  lookForDetours(state, context);
  lookAround(state, context);
  lookAtJoining(state, context);
  context.after('tick', TICK_EVERY_MS);
}

/** [HP-MEMBER-10] */
function forget(state: MembersState, node: string, context: Turn): void {
  state.calls.forget(node);
  state.copies.delete(node);
  tellAll(state, { type: 'nodeForgotten', node }, context);
}

/** [HP-MEMBER-13] */
function lagMeasured(state: MembersState, p99Ms: number, context: Turn): void {
  if (!state.membership.lags(p99Ms)) return;
  const { isLagging } = state.membership;
  context.count('cluster.lagging', isLagging ? 1 : -1);
  const event = isLagging ? 'cluster.lags' : 'cluster.lagsNoMore';
  log(state, 'warn', event, { p99Ms }, context);
}

/** [HP-BEAT-4] */
function haveOf({ copies }: MembersState, node: string) {
  const copy = copies.get(node);
  return copy === undefined ? undefined : { incarnation: copy.incarnation, ver: copy.ver };
}

/** [HP-MEMBER-11] DRAIN now, LEAVE when the clients are gone. */
function drain(state: MembersState, withinMs: number, context: Turn): void {
  state.isDraining = true;
  for (const node of state.links.keys())
    say(state, node, { type: 'DRAIN', graceMs: withinMs }, false, context);
  tellNodes(state, context);
  context.after('leave', withinMs);
}

function leave(state: MembersState, context: Turn): void {
  const { lingerMs } = state.args.cluster.options;
  for (const link of state.links.values()) {
    const message: PeerMessage = { type: 'LEAVE', reason: 'drain', lingerMs };
    context.send(link.address, { type: 'say', message, isUrgent: false });
  }
}

function describe(
  state: MembersState,
  ref: number,
  replyTo: Address<ClusterTold>,
  context: Turn,
): void {
  const { options } = state.args.cluster;
  const members = state.membership.members.map((member) => {
    const { node, incarnation, addr, state: how, heardAt } = member;
    const link = state.links.get(node);
    const silentMs = Math.round((context.now - heardAt) / 1_000);
    const { version, isDraining, skewSeconds } = member;
    const seen = { hasLink: link !== undefined, via: link?.via, silentMs, rttMs: link?.rttMs };
    const more = { version, isDraining, skewSeconds, isSynced: hasOurs(state, link) };
    return { node, incarnation, addr, state: how, ...seen, ...more };
  });
  const { node, cluster } = options;
  const { incarnation, toldCutOff: cutOff, membership } = state;
  const caps = membership.commonCaps(capsAt(options));
  const whole = { isServing: serves(state), cutOff, caps };
  context.send(replyTo, {
    ...{ type: 'clusterTold', ref, node, cluster, incarnation, ...whole, members },
  });
}

function hasOurs({ incarnation, owned }: MembersState, link: Link | undefined) {
  if (link?.caps.includes('synced') !== true) return undefined;
  return link.has?.incarnation === incarnation && link.has.ver >= owned.ver;
}

/** Members as others are told of them, this node among them. */
function told(state: MembersState): readonly MemberTold[] {
  const { options } = state.args.cluster;
  const { node, advertise: addr } = options;
  const self: MemberTold = { node, incarnation: state.incarnation, addr, state: 'up' };
  return [self, ...state.membership.told()];
}

const GOSSIP_EVERY_MS = 30_000;
const UNANSWERED_MAX = 100;
