// Where everybody is: tells other nodes which sessions this node owns, and keeps a copy of what each of them owns. What
// changes there is told to the keepers of users here. It heals by comparing digests.
// Refuses to know what a session is for. Obeys spec/hp-peer.md, section "Owners and copies".

import type { PeerMessage, PeerMessageOf } from '../../codecs/hp-peer/peer-messages.ts';
import type { Located, LocateRequest } from '../../routing/relay/relay-seam.ts';
import type { ActorDefinition, Address, Context } from '../../runtime/actor.ts';
import type { ShardDown } from '../../runtime/edges.ts';
import type { ClusterContext, LinkNotice, ToPeer } from '../cluster-options.ts';
import type { MembersMessage } from '../links/members-state.ts';
import { type Difference, OwnerCopy } from './owner-copy.ts';
import { OwnerLog } from './owner-log.ts';

export type LocationsMessage = LocateRequest | LinkNotice | ShardDown;

export interface LocationsArgs {
  readonly cluster: ClusterContext;
  readonly shards: number;
  readonly members: Address<MembersMessage>;
  /** Who keeps the user, by shard; undefined where nobody does. */
  readonly keeperOfShard: ((shard: number) => Address<Located>) | undefined;
  readonly shardOfUser: (user: string) => number;
}

interface LocationsState {
  readonly args: LocationsArgs;
  readonly own: OwnerLog;
  incarnation: number;
  /** What all linked nodes were told. */
  toldVer: number;
  /** Which shard announced each session of ours. */
  readonly shards: Map<string, number>;
  readonly linked: Set<string>;
  readonly copies: Map<string, OwnerCopy>;
  /** Nodes that left, and until when their sessions are shown (microseconds). */
  readonly lingering: Map<string, number>;
  isDirty: boolean;
}

type Turn = Context<LocationsMessage>;

export const locationsActor: ActorDefinition<LocationsArgs, LocationsState, LocationsMessage> = {
  kind: 'cluster/locations',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(args) {
    return {
      ...{ args, own: new OwnerLog(), incarnation: args.cluster.incarnation, toldVer: 0 },
      ...{ shards: new Map(), linked: new Set(), copies: new Map(), lingering: new Map() },
      isDirty: false,
    };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'announce':
        announce(state, message, context);
        return;
      case 'withdraw':
        withdraw(state, message.session, message.reason, context);
        return;
      case 'linkUp':
        linkUp(state, message, context);
        return;
      case 'linkDown':
        state.linked.delete(message.node);
        return;
      case 'nodeGone':
        gone(state, message.node, message.lingerMs, context);
        return;
      case 'nodeForgotten':
        gone(state, message.node, 0, context);
        state.copies.delete(message.node);
        return;
      case 'peerHeard':
        heard(state, message.node, message.message, context);
        return;
      case 'shardDown':
        shardDown(state, message.shard, context);
        return;
      case 'timedOut':
        if (message.name === 'delta') flush(state, context);
        else if (message.name === 'linger') lookAtLingering(state, context);
        return;
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
};

function announce(
  state: LocationsState,
  { session: told, shard }: Extract<LocateRequest, { readonly type: 'announce' }>,
  context: Turn,
): void {
  const { session, status, note } = told;
  const known = state.own.sessions.get(session);
  state.shards.set(session, shard);
  const isSame = known?.status === status && known.note === note;
  if (isSame && known.lamport === told.lamport && known.since === told.since) return;
  const isSet = known !== undefined && known.lamport === told.lamport && known.since === told.since;
  if (isSet) state.own.append({ op: 'set', session, status, note });
  else state.own.append({ op: 'up', ...told });
  soon(state, context);
}

function withdraw(
  state: LocationsState,
  session: string,
  reason: string | undefined,
  context: Turn,
): void {
  state.shards.delete(session);
  if (state.own.sessions.get(session) === undefined) return;
  state.own.append({ op: 'down', session, reason });
  soon(state, context);
}

/** [HP-REPL-3] Changes of a moment go together. */
function soon(state: LocationsState, context: Turn): void {
  if (state.isDirty) return;
  state.isDirty = true;
  context.after('delta', state.args.cluster.options.deltaEveryMs);
}

function flush(state: LocationsState, context: Turn): void {
  state.isDirty = false;
  const ops = state.own.since(state.toldVer);
  for (const node of state.linked) {
    if (ops === undefined) sendAll(state, node, context);
    else sendOps(state, node, state.toldVer, context);
  }
  state.toldVer = state.own.ver;
  const { ver, sessions } = state.own;
  context.send(state.args.members, { type: 'owned', ver, digest: sessions.digest });
}

function sendOps(state: LocationsState, node: string, after: number, context: Turn): void {
  const ops = state.own.since(after) ?? [];
  const most = OPS_PER_LINE; // buggify few-changes: 1
  for (let at = 0; at < ops.length; at += most) {
    const some = ops.slice(at, at + most);
    const [from, to] = [after + at, after + at + some.length];
    tell(state, node, { type: 'PRESENCE_DELTA', ...self(state), from, to, ops: some }, context);
  }
}

/** [HP-REPL-7] */
function sendAll(state: LocationsState, node: string, context: Turn): void {
  const { ver, sessions } = state.own;
  const { all } = sessions;
  const most = SESSIONS_PER_LINE; // buggify few-sessions: 2
  const chunks = Math.max(1, Math.ceil(all.length / most));
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const some = all.slice(chunk * most, (chunk + 1) * most);
    const piece = { ver, chunk, chunks, sessions: some };
    tell(state, node, { type: 'PRESENCE_SYNC', ...self(state), ...piece }, context);
  }
}

function linkUp(
  state: LocationsState,
  { node, incarnation, caps }: Extract<LinkNotice, { readonly type: 'linkUp' }>,
  context: Turn,
): void {
  if (node === state.args.cluster.options.node) {
    state.incarnation = incarnation;
    return;
  }
  // [HP-PEER-10] It would not know what it is asked, nor what it is told.
  if (!caps.includes('presence')) return;
  flush(state, context);
  state.linked.add(node);
  const copy = state.copies.get(node) ?? new OwnerCopy(incarnation);
  if (copy.incarnation !== incarnation) copy.begin(incarnation);
  copy.isSynced = false;
  state.copies.set(node, copy);
  ask(state, node, copy, context);
}

function ask(state: LocationsState, node: string, copy: OwnerCopy, context: Turn): void {
  copy.askedAt = context.now;
  const { incarnation, ver } = copy;
  tell(state, node, { type: 'PRESENCE_SYNC_REQUEST', node, incarnation, have: ver }, context);
}

function heard(state: LocationsState, node: string, message: PeerMessage, context: Turn): void {
  const copy = state.copies.get(node);
  switch (message.type) {
    case 'PRESENCE_SYNC_REQUEST':
      answer(state, node, message, context);
      return;
    case 'HEARTBEAT':
      if (copy !== undefined) compare(state, node, copy, message, context);
      return;
    case 'PRESENCE_DELTA':
      if (copy === undefined || !isOf(copy, node, message)) return;
      changed(state, node, copy, message, context);
      return;
    case 'PRESENCE_SYNC': {
      if (copy === undefined || !isOf(copy, node, message)) return;
      const { ver, chunk, chunks, sessions } = message;
      if (!copy.takeChunk(ver, chunk, chunks, sessions)) askAgain(state, node, copy, context);
      else if (copy.isSynced && chunk === chunks - 1)
        shown(state, node, copy, copy.show(), context);
      return;
    }
    case 'SYNC_DONE':
      if (copy === undefined || !isOf(copy, node, message) || copy.ver < message.ver) return;
      copy.isSynced = true;
      state.lingering.delete(node);
      shown(state, node, copy, copy.show(), context);
      return;
    default:
  }
}

function changed(
  state: LocationsState,
  node: string,
  copy: OwnerCopy,
  { from, to, ops }: PeerMessageOf<'PRESENCE_DELTA'>,
  context: Turn,
): void {
  const difference = copy.take(from, to, ops);
  if (difference === 'gap') {
    // [HP-REPL-3] What is known stays as it is until the gap is filled.
    context.count('cluster.presence.gaps');
    askAgain(state, node, copy, context);
  } else if (copy.isSynced) shown(state, node, copy, difference, context);
}

/** Everything that is known of the node is shown here, and the node may hear of that. */
function shown(
  state: LocationsState,
  node: string,
  copy: OwnerCopy,
  difference: Difference,
  context: Turn,
): void {
  show(state, node, difference, context);
  const { incarnation, ver } = copy;
  context.send(state.args.members, { type: 'copySynced', node, incarnation, ver });
}

/** A node tells of what it owns itself, in the life that it has now. */
function isOf(
  { incarnation }: OwnerCopy,
  node: string,
  message: { readonly node: string; readonly incarnation: number },
): boolean {
  return message.node === node && message.incarnation === incarnation;
}

function answer(
  state: LocationsState,
  node: string,
  { have, incarnation }: PeerMessageOf<'PRESENCE_SYNC_REQUEST'>,
  context: Turn,
): void {
  flush(state, context);
  const { own } = state;
  const isOwn = incarnation === state.incarnation;
  if (!isOwn) return;
  // Who has nothing, or knows that what it has is wrong, is given everything at once.
  if (have === 0 || own.since(have) === undefined) sendAll(state, node, context);
  else sendOps(state, node, have, context);
  tell(state, node, { type: 'SYNC_DONE', ...self(state), ver: own.ver }, context);
}

/** [HP-BEAT-3] [HP-REPL-8] */
function compare(
  state: LocationsState,
  node: string,
  copy: OwnerCopy,
  { incarnation, ver, digest }: PeerMessageOf<'HEARTBEAT'>,
  context: Turn,
): void {
  if (incarnation !== copy.incarnation) return;
  if (ver > copy.ver) askAgain(state, node, copy, context);
  if (ver !== copy.ver || ver === 0 || digest === copy.digest) return;
  context.count('cluster.presence.digestsDiffer');
  const { log } = state.args.cluster.edges;
  const fields = { node, ver };
  context.send(log, { type: 'log', level: 'error', event: 'cluster.digestsDiffer', fields });
  copy.ver = 0;
  askAgain(state, node, copy, context);
}

/** Not more often than heartbeats come: the answer may be on its way. */
function askAgain(state: LocationsState, node: string, copy: OwnerCopy, context: Turn): void {
  if (context.now - copy.askedAt < state.args.cluster.options.heartbeatMs * 900) return;
  ask(state, node, copy, context);
}

/** [HP-REPL-9] No ghosts: with its node a session is gone; that of a node that left, a little later. */
function gone(state: LocationsState, node: string, lingerMs: number, context: Turn): void {
  state.linked.delete(node);
  const copy = state.copies.get(node);
  if (copy === undefined) return;
  if (lingerMs > 0) {
    state.lingering.set(node, context.now + lingerMs * 1_000);
    context.after('linger', LINGER_LOOK_EVERY_MS);
  } else {
    state.lingering.delete(node);
    show(state, node, copy.hide(), context);
  }
}

function lookAtLingering(state: LocationsState, context: Turn): void {
  for (const [node, until] of state.lingering) {
    if (until > context.now) continue;
    state.lingering.delete(node);
    const copy = state.copies.get(node);
    if (copy !== undefined) show(state, node, copy.hide(), context);
  }
  if (state.lingering.size > 0) context.after('linger', LINGER_LOOK_EVERY_MS);
}

/** Each keeper hears of the users that are at home with it. */
function show(
  state: LocationsState,
  node: string,
  { up, down }: Difference,
  context: Turn,
  onlyShard?: number,
): void {
  const { shards, shardOfUser, keeperOfShard } = state.args;
  if (keeperOfShard === undefined || up.length + down.length === 0) return;
  const [ups, downs] = [byShard(up, shards, shardOfUser), byShard(down, shards, shardOfUser)];
  for (let shard = 0; shard < shards; shard += 1) {
    if (onlyShard !== undefined && shard !== onlyShard) continue;
    const notice: Located = {
      type: 'located',
      node,
      up: ups[shard] ?? [],
      down: downs[shard] ?? [],
    };
    if (notice.up.length + notice.down.length > 0) context.send(keeperOfShard(shard), notice);
  }
}

function byShard<T extends { readonly user: string }>(
  all: readonly T[],
  shards: number,
  shardOfUser: (user: string) => number,
): readonly (readonly T[])[] {
  if (shards === 1) return [all];
  const some: T[][] = Array.from({ length: shards }, () => []);
  for (const one of all) some[shardOfUser(one.user)]?.push(one);
  return some;
}

/** Its keeper of users forgot everything; who still lives says so again. */
function shardDown(state: LocationsState, shard: number, context: Turn): void {
  for (const [session, from] of [...state.shards])
    if (from === shard) withdraw(state, session, 'shard_down', context);
  for (const [node, copy] of state.copies)
    show(state, node, { up: copy.shown, down: [] }, context, shard);
}

function self({ args, incarnation }: LocationsState): { node: string; incarnation: number } {
  return { node: args.cluster.options.node, incarnation };
}

function tell(state: LocationsState, node: string, message: PeerMessage, context: Turn): void {
  const order: ToPeer = { type: 'toPeer', node, message };
  context.send(state.args.members, order);
}

const OPS_PER_LINE = 500;
const SESSIONS_PER_LINE = 1_000;
const LINGER_LOOK_EVERY_MS = 500;
