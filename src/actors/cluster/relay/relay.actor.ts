// The relay: one more follower of a topic's home, for all other nodes together. What was made here goes once to each node
// that wants it; what comes from a node goes to those who follow it here, and never to a third. It also carries what
// keepers of rooms and users say to their like.
// Refuses to know dialects, links and who is alive. Obeys spec/hp-peer.md, sections "Interest", "Relay" and "Forwarding".

import type { PeerMessage, PeerMessageOf } from '../../codecs/hp-peer/peer-messages.ts';
import { packed, unpacked } from '../../codecs/hp-peer/packing.ts';
import { utf8Length } from '../../codecs/utf8-text.ts';
import type { HomeAnswer, HomeMessage } from '../../routing/home.actor.ts';
import type { Publication } from '../../routing/publication.ts';
import {
  type KeeperKind,
  type PeerNotice,
  RELAY_SHARD,
  type RelayRequest,
} from '../../routing/relay/relay-seam.ts';
import { homeOf, type Topic } from '../../routing/topic.ts';
import type { ActorDefinition, Address, Context } from '../../runtime/actor.ts';
import type { ShardDown } from '../../runtime/edges.ts';
import type { ClusterContext, LinkNotice, ToPeer } from '../cluster-options.ts';
import type { MembersMessage } from '../links/members-state.ts';
import { carriedOf, type Carriage, type Say } from '../../routing/relay/carriage.ts';
import { Interest, piecesOf, type Shift, TOPICS_PER_LINE } from './interest.ts';
import { type Forward, Outgoing } from './outgoing.ts';
import { PART_LENGTH, Parts, partsOf } from './parts.ts';
import { lookAtPressure, tellAgain } from './pressure.ts';

export type RelayMessage = RelayRequest | HomeAnswer | LinkNotice | ShardDown;

export interface RelayArgs {
  readonly cluster: ClusterContext;
  readonly shards: number;
  readonly members: Address<MembersMessage>;
  readonly homeOfShard: (shard: number) => Address<HomeMessage>;
  readonly carriages: readonly Carriage[];
  /** Who keeps the room or user of a name; undefined where nobody does. */
  readonly keeperOf: (kind: KeeperKind, key: string) => Address<PeerNotice> | undefined;
  /** All of them. */
  readonly keepers: readonly Address<PeerNotice>[];
}

/** The other side of one pair. */
interface Peer {
  readonly outgoing: Outgoing;
  link: number;
  incarnation: number;
  /** The last that came of it, in this life of it. */
  heardTo: number;
  isLinked: boolean;
  /** It is taken for dead: nothing waits for it. */
  isGone: boolean;
  /** It waits to hear that something came. */
  isOwed: boolean;
  isPressed: boolean;
  /** What came of a body that is sent in parts. */
  readonly parts: Parts;
}

interface RelayState {
  readonly args: RelayArgs;
  readonly interest: Interest;
  readonly peers: Map<string, Peer>;
  /** Changed since other nodes were told. */
  readonly untold: Map<Topic, boolean>;
  isAckDue: boolean;
}

type Turn = Context<RelayMessage>;

export const relayActor: ActorDefinition<RelayArgs, RelayState, RelayMessage> = {
  kind: 'cluster/relay',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(args) {
    const interest = new Interest();
    return { args, interest, peers: new Map(), untold: new Map(), isAckDue: false };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'wanted':
        wanted(state, message.topic, message.isWanted, context);
        return;
      case 'delivered':
        publish(state, message.publication, context);
        return;
      case 'forward': {
        const { node, kind, key, id, body } = message;
        const peer = state.peers.get(node);
        tellInterest(state, context);
        if (peer !== undefined && !peer.isGone)
          add(state, node, peer, { kind, key, id, data: packed(body) }, context);
        return;
      }
      case 'linkUp':
        linkUp(state, message, context);
        return;
      case 'linkDown': {
        const peer = state.peers.get(message.node);
        if (peer !== undefined) peer.isLinked = false;
        return;
      }
      case 'nodeGone':
        gone(state, message.node, context);
        return;
      case 'peerHeard':
        heard(state, message.node, message.message, context);
        return;
      case 'shardDown':
        // A home that begins anew must be told again that other nodes follow.
        for (const topic of state.interest.wanted)
          if (homeOf(topic, state.args.shards) === message.shard)
            attach(state, { topic, nodes: state.interest.count(topic) }, context);
        state.interest.doubt((topic) => homeOf(topic, state.args.shards) === message.shard);
        context.after('doubts', DOUBT_MS);
        tellAgain(state.peers, state.args.keepers, message.shard, context);
        return;
      case 'timedOut':
        if (message.name === 'acks') acknowledge(state, context);
        else if (message.name === 'interest') tellInterest(state, context);
        else for (const topic of state.interest.doubted) wanted(state, topic, false, context);
        return;
      // [HP-RELAY-4] Numbers are kept: the other side may not have forgotten this one, and go on with them.
      case 'nodeForgotten':
      case 'published':
      case 'attached':
      case 'refused':
      case 'listed':
      case 'informed':
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
};

/** [HP-RELAY-1] */
function wanted(state: RelayState, topic: Topic, isWanted: boolean, context: Turn): void {
  const { own, doubted } = state.interest;
  doubted.delete(topic);
  // No line could name it: a node that was told would break the link at the first word of it.
  if (topic.length > TOPIC_LENGTH_MAX) return;
  if (own.has(topic) === isWanted || carriageOf(state, topic) === undefined) return;
  if (isWanted) own.add(topic);
  else own.delete(topic);
  if (state.untold.size === 0) context.after('interest', INTEREST_EVERY_MS);
  state.untold.set(topic, isWanted);
}

/** Before anything that leans on it is said. */
function tellInterest(state: RelayState, context: Turn): void {
  if (state.untold.size === 0) return;
  const changes = [...state.untold];
  state.untold.clear();
  const most = TOPICS_PER_LINE; // buggify few-topics: 1
  for (const some of piecesOf(changes, ([topic]) => topic, most)) {
    const added = some.filter(([, isWanted]) => isWanted).map(([topic]) => topic);
    const remove = some.filter(([, isWanted]) => !isWanted).map(([topic]) => topic);
    for (const [node, { isLinked }] of state.peers)
      if (isLinked)
        tell(state, node, { type: 'INTEREST', add: added, remove, whole: 'no' }, context);
  }
}

/** [HP-RELAY-2] */
function tellWhole(state: RelayState, node: string, context: Turn): void {
  const most = TOPICS_PER_LINE; // buggify few-topics-at-first: 2
  const pieces = piecesOf([...state.interest.own], (topic) => topic, most);
  const last = pieces.at(-1) ?? [];
  for (const topics of pieces.slice(0, -1))
    tell(state, node, { type: 'INTEREST', add: topics, remove: [], whole: 'begun' }, context);
  tell(state, node, { type: 'INTEREST', add: last, remove: [], whole: 'ended' }, context);
}

/** [HP-RELAY-6] Once to each node that wants it, however many follow there. */
function publish(state: RelayState, publication: Publication, context: Turn): void {
  const { topic, id } = publication;
  const nodes = state.interest.nodesFor(topic);
  const carriage = carriageOf(state, topic);
  const body = carriage?.pack(publication.data);
  if (body === undefined || nodes.length === 0) return;
  const data = packed({ id, body });
  const name = carriage?.idOf?.(publication.data) ?? id;
  for (const node of nodes) {
    const peer = state.peers.get(node);
    if (peer === undefined) continue;
    const forward = {
      kind: 'publication',
      key: topic,
      id: name !== undefined && idForm.test(name) ? name : undefined,
      data,
    } as const;
    add(state, node, peer, forward, context, publication.data.byteLength);
  }
}

function add(
  state: RelayState,
  node: string,
  peer: Peer,
  forward: Omit<Forward, 'type' | 'n'>,
  context: Turn,
  size = 0,
): void {
  const most = PART_LENGTH; // buggify short-parts: 200
  const text = size > most / 4 || size === 0 ? JSON.stringify(forward.data) : '';
  const { id } = forward;
  const parts = text.length > most ? partsOf(text, most) : [];
  const datas = parts.length === 0 ? [forward.data] : parts;
  const length = Math.max(size, utf8Length(text));
  const bytes = AROUND_BYTES + utf8Length(forward.key) + Math.ceil(length / datas.length);
  const forwards = datas.map((data) => ({ ...forward, data, id }));
  if (!peer.outgoing.add(forwards, bytes)) {
    // [HP-RELAY-5] Counted, and told to operators: a queue that is full has been so for long.
    context.count('cluster.forwards.dropped');
    return;
  }
  weigh(state, node, peer, context);
  context.count('cluster.forwards');
  pour(state, node, peer, context);
}

function weigh({ args }: RelayState, node: string, peer: Peer, context: Turn): void {
  const { keepers, cluster } = args;
  lookAtPressure(node, peer, { keepers, log: cluster.edges.log }, context);
}

function pour(state: RelayState, node: string, { outgoing, isLinked }: Peer, context: Turn): void {
  if (!isLinked) return;
  for (const forward of outgoing.take()) tell(state, node, forward, context);
}

function linkUp(
  state: RelayState,
  { node, link, incarnation, caps }: Extract<LinkNotice, { readonly type: 'linkUp' }>,
  context: Turn,
): void {
  // [HP-PEER-10] Nothing is kept for a node that could not take it.
  if (node === state.args.cluster.options.node || !caps.includes('forward')) return;
  const peer = peerOf(state, node, incarnation);
  if (peer.incarnation !== incarnation) {
    peer.incarnation = incarnation;
    peer.heardTo = 0;
    peer.parts.clear();
    peer.outgoing.begin();
  }
  peer.link = link;
  peer.isLinked = true;
  for (const keeper of state.args.keepers)
    context.send(keeper, { type: 'nodeUp', node, incarnation });
  peer.isGone = false;
  peer.isOwed = false;
  peer.outgoing.relinked();
  state.interest.relinked(node);
  tellWhole(state, node, context);
  // [HP-RELAY-4] What came over the last link is not sent again.
  tell(state, node, { type: 'FORWARD_ACK', n: peer.heardTo }, context);
}

function peerOf(state: RelayState, node: string, incarnation: number): Peer {
  const known = state.peers.get(node);
  if (known !== undefined) return known;
  const peer: Peer = {
    ...{ outgoing: new Outgoing(state.args.cluster.options), link: 0, incarnation, heardTo: 0 },
    ...{
      isLinked: false,
      isGone: false,
      isOwed: false,
      isPressed: false,
      parts: new Parts(),
    },
  };
  state.peers.set(node, peer);
  return peer;
}

function gone(state: RelayState, node: string, context: Turn): void {
  const peer = state.peers.get(node);
  if (peer !== undefined) {
    peer.isLinked = false;
    peer.isGone = true;
    const lost = peer.outgoing.clear();
    if (lost > 0) context.count('cluster.forwards.lost', lost);
    weigh(state, node, peer, context);
    shift(state, state.interest.forget(node), context);
  }
  // [HP-RELAY-14] Keepers may have known it longer than this relay.
  for (const keeper of state.args.keepers) context.send(keeper, { type: 'nodeDown', node });
}

function heard(state: RelayState, node: string, message: PeerMessage, context: Turn): void {
  const peer = state.peers.get(node);
  if (peer === undefined) return;
  switch (message.type) {
    case 'INTEREST': {
      const { add: added, remove, whole } = message;
      shift(state, state.interest.told(node, added, remove, whole), context);
      return;
    }
    case 'FORWARD_ACK':
      peer.outgoing.acknowledged(message.n);
      weigh(state, node, peer, context);
      pour(state, node, peer, context);
      return;
    case 'FORWARD':
      arrived(state, node, peer, message, context);
      return;
    default:
  }
}

function shift(state: RelayState, shifts: readonly Shift[], context: Turn): void {
  for (const one of shifts) attach(state, one, context);
}

/** The relay follows a topic at its home for as long as another node wants it. */
function attach(state: RelayState, { topic, nodes }: Shift, context: Turn): void {
  const carriage = carriageOf(state, topic);
  if (carriage === undefined) return;
  const home = state.args.homeOfShard(homeOf(topic, state.args.shards));
  const common = { topic, subscribers: nodes, shard: RELAY_SHARD };
  if (nodes === 0) context.send(home, { type: 'detach', ...common });
  else context.send(home, { type: 'attach', ...common, since: undefined, ref: 0 });
  if (nodes <= 1) carriage.wanted?.(topic, nodes > 0, sayer(context));
}

/** [HP-RELAY-4] [HP-RELAY-7] Taken once, in order; whatever comes again is known by its number. */
function arrived(
  state: RelayState,
  node: string,
  peer: Peer,
  message: Forward,
  context: Turn,
): void {
  if (!peer.isOwed) {
    peer.isOwed = true;
    if (!state.isAckDue) context.after('acks', ACK_EVERY_MS);
    state.isAckDue = true;
  }
  if (message.n <= peer.heardTo) {
    context.count('cluster.forwards.duplicate');
    return;
  }
  peer.heardTo = message.n;
  const whole = peer.parts.take(message.data);
  if (whole === 'more') return;
  if (whole === 'broken') {
    context.count('cluster.forwards.broken');
    return;
  }
  const body = unpacked(whole.data);
  const { kind, key } = message;
  if (kind === 'publication') {
    const isTaken = carriageOf(state, key)?.arrive(carriedOf(key, body), sayer(context));
    if (isTaken !== true) context.count('cluster.publications.refused');
    return;
  }
  const keeper = state.args.keeperOf(kind, key);
  if (keeper !== undefined) context.send(keeper, { type: 'peerSaid', node, key, body });
}

function acknowledge(state: RelayState, context: Turn): void {
  state.isAckDue = false;
  for (const [node, peer] of state.peers) {
    if (!peer.isOwed) continue;
    peer.isOwed = false;
    if (peer.isLinked) tell(state, node, { type: 'FORWARD_ACK', n: peer.heardTo }, context);
  }
}

function carriageOf({ args }: RelayState, topic: Topic): Carriage | undefined {
  return args.carriages.find(({ namespace }) => topic.startsWith(namespace));
}

function sayer(context: Turn): Say {
  return (to, message) => context.send(to, message);
}

function tell(
  state: RelayState,
  node: string,
  message: PeerMessage | PeerMessageOf<'FORWARD'>,
  context: Turn,
): void {
  const { link = 0 } = state.peers.get(node) ?? {};
  const order: ToPeer = { type: 'toPeer', node, link, message };
  context.send(state.args.members, order);
}

const idForm = /^[A-Za-z0-9._:-]{1,64}$/;
/** The envelope of a line, and the other fields of what is forwarded. */
const AROUND_BYTES = 256;
/** UTF-16 units. */
const TOPIC_LENGTH_MAX = 65_536;
const INTEREST_EVERY_MS = 5;
/** Those who live follow anew at once, where the home that comes next is there soon. */
const DOUBT_MS = 5_000;
const ACK_EVERY_MS = 20;
