// The keeper of users, one on each shard for those whose name is at home there: which sessions a user has, what waits for
// a user who is away, and who is to be told that it came or went. A direct message passes here once, however many
// sessions hear it. Refuses to know connections and lines.
// Obeys spec/hp.md, sections "Sessions", "Direct messages" and "Presence".

import { userKey } from '../../codecs/hp/names.ts';
import { type ActorDefinition, shardOf } from '../../runtime/actor.ts';
import { NameMap } from '../../runtime/memory/name-map.ts';
import type { ChatContext } from '../chat-context.ts';
import { MemoryBudget } from '../memory-budget.ts';
import { pageOf } from '../rooms/room.ts';
import { announceAgain } from './nodes/announcing.ts';
import { doubt, dropDoubted, flyAgain, located, nodeDown, peerSaid } from './nodes/elsewhere.ts';
import { expirePacked } from './nodes/keeping.ts';
import { relayLost, sendAgain, tellKeepers } from './nodes/flying.ts';
import { direct, directTaken, giveUpGone, giveUpWaiting, notTaken } from './directs.ts';
import { giveUpMoving, isElsewhere, lookAgain, moveHere, sendOver } from './nodes/moving.ts';
import { detached, mayComeYet, move, moved, register, unregister } from './registry.ts';
import { giveUpHolding, holdAgain, keeperLost, sayAllHeld } from './nodes/waiting-room.ts';
import type { KnownSession } from './affairs.ts';
import type { User } from './user.ts';
import type { UsersMessage } from './user-messages.ts';
import {
  type Ask,
  madeUser,
  notify,
  isEarly,
  PRESENCE_LOOK_EVERY_MS,
  tellPresence,
  tellPresenceOf,
  userOf,
  type UsersState,
  type UsersTurn,
} from './users-state.ts';

export const usersActor: ActorDefinition<ChatContext, UsersState, UsersMessage> = {
  kind: 'chat/users',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(chat, context) {
    context.after('sweep', SWEEP_EVERY_MS);
    const share = Math.ceil(chat.options.historyBytesTotalMax / chat.shards);
    return {
      ...{ chat, users: new NameMap<User>(context.random()), waiting: new Map() },
      ...{ untold: new Set(), asked: new Set(), flying: new Map() },
      ...{ moving: new Map(), early: [], packed: new Map(), lastRef: 0 },
      ...{ gone: new Set(), lives: new Map(), doubted: new Set() },
      ...{ isServing: true, isJoined: chat.seam === undefined },
      ...{ storing: new Map(), nodes: [], size: 1 },
      household: {
        ...{ options: chat.options, memory: new MemoryBudget(share), waitingBytes: 0 },
        lamport: 0,
      },
      bornAt: chat.life === 0 ? undefined : context.now,
    };
  },
  receive(state, message, context) {
    switch (message.type) {
      case 'register':
        register(state, message, context);
        return;
      case 'resume':
        if (isElsewhere(state, message)) moveHere(state, message, context);
        else move(state, message, context);
        return;
      case 'handedOver':
        sendOver(state, message, context);
        return;
      case 'moved':
        moved(state, message, context);
        return;
      case 'detached':
        detached(state, message);
        giveUpGone(state, message.user, context);
        return;
      case 'unregister':
        unregister(state, message, context);
        giveUpGone(state, message.user, context);
        return;
      case 'setPresence': {
        const known = userOf(state, message.user)?.sessions.get(message.session);
        if (known === undefined) return;
        const { status, note } = message;
        known.entry = { ...known.entry, status, note };
        tellPresence(state, message.user, context);
        return;
      }
      case 'askPresence':
        askPresence(state, message, context);
        return;
      case 'countSessions':
        countSessions(state, message, context);
        return;
      case 'unwatch':
        unwatch(state, message);
        return;
      case 'direct':
        direct(state, message, context);
        return;
      case 'notTaken':
        notTaken(state, message, context);
        return;
      case 'directTaken':
        directTaken(state, message, context);
        return;
      case 'carbon': {
        const user = userOf(state, message.user);
        if (user?.keepOnce(message.message, context.now) !== true) return;
        const notice = { type: 'directArrived', message: message.message, isSent: true } as const;
        notify(user, notice, context, message.message.session);
        tellKeepers(state, user, { say: 'carbon', message: message.message }, context);
        return;
      }
      case 'receipt': {
        const { id, ref, by, state: read } = message;
        const user = userOf(state, message.user);
        const notice = { type: 'receiptArrived', id, ref, by, state: read } as const;
        if (user === undefined) return;
        notify(user, notice, context);
        tellKeepers(state, user, { say: 'receipt', id, ref, by, state: read }, context);
        return;
      }
      case 'typingTo': {
        const { from, on } = message;
        const user = userOf(state, message.user);
        if (user === undefined) return;
        notify(user, { type: 'typingArrived', from, on }, context);
        tellKeepers(state, user, { say: 'typing', from, on }, context);
        return;
      }
      case 'directHistory':
        readHistory(state, message, context);
        return;
      case 'located':
        located(state, message, context);
        return;
      case 'peerSaid':
        peerSaid(state, message, context);
        return;
      case 'nodesChanged':
        state.isServing = message.isServing;
        state.isJoined = message.isJoined;
        state.nodes = message.nodes;
        state.size = message.size;
        for (const node of message.nodes) state.gone.delete(node);
        flyAgain(state, context);
        holdAgain(state, context);
        return;
      case 'keeperLost':
        keeperLost(state, message.node, context);
        return;
      case 'nodePressed':
        // Direct messages wait for their users in any case.
        return;
      case 'nodeDown':
        nodeDown(state, message.node, context);
        return;
      case 'nodeUp': {
        const { node, incarnation } = message;
        const before = state.lives.get(node);
        // [HP-RELAY-14] The relay that was to tell that life's end has died.
        if (before !== undefined && before !== incarnation && !state.gone.has(node))
          nodeDown(state, node, context);
        state.lives.set(node, incarnation);
        state.doubted.delete(node);
        state.gone.delete(node);
        // [HP-STORE-6] It may have begun anew before anybody took it for dead: no change of nodes follows.
        holdAgain(state, context);
        sayAllHeld(state, node, context);
        return;
      }
      case 'sessionsOver': {
        const over = new Set(message.sessions);
        for (const { watchers } of state.users.values())
          for (const session of watchers.keys()) if (over.has(session)) watchers.delete(session);
        return;
      }
      case 'areHere':
        areHere(state, message, context);
        return;
      case 'shardDown':
        if (message.shard === 0) {
          relayLost(state);
          announceAgain(state.chat, state.users.values(), context);
          doubt(state, context);
        }
        shardDown(state, message.shard, context);
        return;
      case 'timedOut':
        if (message.name === 'sweep') sweep(state, context);
        else if (message.name === 'waiting') giveUpWaiting(state, context);
        else if (message.name === 'doubted') dropDoubted(state, context);
        else if (message.name === 'storing') giveUpHolding(state, context);
        else if (message.name === 'packed') expirePacked(state, context);
        else if (message.name === 'moving') giveUpMoving(state, context);
        else if (message.name === 'early') lookAgain(state, context);
        else tellUntold(state, context);
        return;
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
};

function tellUntold(state: UsersState, context: UsersTurn): void {
  for (const user of [...state.untold]) {
    if (!isEarly(user, context)) tellPresenceOf(state, user, context);
  }
  if (state.untold.size > 0) context.after('presence', PRESENCE_LOOK_EVERY_MS);
}

/** [HP-PRES-1] The answer comes first, and then every change. */
function askPresence(state: UsersState, ask: Ask<'askPresence'>, context: UsersTurn): void {
  const { user: name, watcher, ref, replyTo } = ask;
  const user = watcher === undefined ? userOf(state, name) : madeUser(state, name);
  if (user !== undefined && watcher !== undefined) user.putWatcher(watcher);
  if (user !== undefined && state.untold.has(user)) state.asked.add(user);
  const presence = user?.presence() ?? {
    ...{ user: name, status: 'offline' as const, note: undefined, sessions: 0, since: undefined },
  };
  context.send(replyTo, { type: 'presenceTold', ref, presence });
}

/** [HP-PRES-1] The actor that the session has left may say so when its next one has asked already. */
function unwatch(state: UsersState, { user, session, address }: Ask<'unwatch'>): void {
  const watchers = userOf(state, user)?.watchers;
  if (watchers?.get(session)?.address === address) watchers.delete(session);
}

/** [HP-STATS-2] */
function countSessions(
  { users, chat }: UsersState,
  { ref, replyTo }: Ask<'countSessions'>,
  context: UsersTurn,
): void {
  const sessions = new Map<string, number>();
  const self = chat.options.node;
  let [here, waiting] = [0, 0];
  for (const user of users.values()) {
    const nodes = user.elsewhere.map(({ node }) => node);
    nodes.push(...[...user.sessions.keys()].map(() => self));
    for (const node of nodes) sessions.set(node, (sessions.get(node) ?? 0) + 1);
    if (nodes.length > 0) here += 1;
    waiting += user.offline.length;
  }
  const counted = { users: here, sessions: [...sessions], waiting };
  context.send(replyTo, { type: 'sessionsCounted', ref, ...counted });
}

function readHistory(state: UsersState, ask: Ask<'directHistory'>, context: UsersTurn): void {
  const { ref, replyTo, after, before, limit } = ask;
  const other = userKey(ask.with);
  const own = userKey(ask.user);
  const all = (userOf(state, ask.user)?.history ?? []).filter(({ from, to }) => {
    const [one, two] = [userKey(from), userKey(to)];
    return (one === other && two === own) || (one === own && two === other);
  });
  const { entries, more } = pageOf(all, after, before, limit);
  context.send(replyTo, { type: 'directHistoryRead', ref, entries, more });
}

function shardDown(state: UsersState, shard: number, context: UsersTurn): void {
  const over: string[] = [];
  for (const user of state.users.values()) {
    for (const known of [...user.sessions.values()]) {
      const { entry, mover, packed } = known;
      const isToGoThere = mover !== undefined && shardOf(mover.replyTo) === shard;
      const isThere = entry.shard === shard || isToGoThere;
      if (!isThere || packed !== undefined) continue;
      giveUpMove(state, user, known, context);
      // Of those that were there themselves everybody knows.
      if (entry.shard !== shard) over.push(entry.session);
    }
    for (const [session, watcher] of user.watchers)
      if (watcher.shard === shard) user.watchers.delete(session);
    tellPresence(state, user.name, context);
  }
  tellOver(state, over, context);
}

/** [HP-ROOM-9] Of sessions that moved as the keeper before this one died nobody else may know that they are over. */
function areHere(
  state: UsersState,
  { members, replyTo }: Ask<'areHere'>,
  context: UsersTurn,
): void {
  if (mayComeYet(state, context)) {
    context.send(replyTo, { type: 'keeperIsNew', shard: state.chat.shard });
    return;
  }
  const sessions = members.flatMap(({ user, session }) =>
    userOf(state, user)?.sessions.has(session) === true ? [] : [session],
  );
  if (sessions.length > 0) context.send(replyTo, { type: 'sessionsOver', sessions });
}

/** [HP-RES-5] Which rooms they were in nobody knows any more. */
function tellOver({ chat }: UsersState, sessions: readonly string[], context: UsersTurn): void {
  if (sessions.length === 0) return;
  for (let shard = 0; shard < chat.shards; shard += 1) {
    context.send(chat.roomsOfShard(shard), { type: 'sessionsOver', sessions });
    context.send(chat.usersOfShard(shard), { type: 'sessionsOver', sessions });
  }
}

/** [HP-DM-6] Whoever was this session, or was to become it, is gone; what came for it meanwhile waits for the next. */
function giveUpMove(
  state: UsersState,
  user: User,
  { entry: { session } }: KnownSession,
  context: UsersTurn,
): void {
  unregister(state, { type: 'unregister', user: user.name, session, untold: [] }, context);
}

function sweep(state: UsersState, context: UsersTurn): void {
  // [HP-ERR-5] Whoever moves waits for its rooms no longer than that.
  const since = context.now - (MOVE_MAX_MS + state.chat.options.answerTimeoutMs) * 1_000;
  const over: string[] = [];
  for (const user of state.users.values()) {
    user.expire(context.now);
    for (const known of [...user.sessions.values()]) {
      const { held, movingSince, packed } = known;
      // [HP-DM-3] The same id is another message by then.
      const { dedupeMs, dedupeIdsMax } = state.chat.options;
      known.had?.expire(context.now - dedupeMs * 1_000, dedupeIdsMax);
      if (held === undefined || packed !== undefined) continue;
      if (movingSince >= since) continue;
      giveUpMove(state, user, known, context);
      over.push(known.entry.session);
    }
    tellPresenceOf(state, user, context);
    if (user.isForgettable) state.users.delete(userKey(user.name));
  }
  tellOver(state, over, context);
  sendAgain(state, context);
  context.after('sweep', SWEEP_EVERY_MS);
}

const SWEEP_EVERY_MS = 30_000;
const MOVE_MAX_MS = 5_000;
