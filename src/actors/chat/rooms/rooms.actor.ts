// The keeper of rooms, one on each shard for those whose home is there: puts messages in their order, and gives them to
// the home of the room's topic, which gives them to all who follow. What is asked of a room goes to its home, here or on
// another node. Refuses to know connections: whoever is told by a topic is the router's business.
// Obeys spec/hp.md, sections "Rooms", "Room messages" and "History".

import type { ActorDefinition } from '../../runtime/actor.ts';
import { Row } from '../../runtime/memory/row.ts';
import type { ChatContext } from '../chat-context.ts';
import type { ChatOptions } from '../chat-options.ts';
import { admitted } from './bridged.ts';
import { askForDoubted, doubt } from './doubted.ts';
import { arrive, depart, obey, tellCrowds, tellEvent, tellUnseen } from './deeds.ts';
import { begin, keeperLost, waits } from './nodes/anew.ts';
import { askHome, guestsGone, heard, memberMoved, retry } from './nodes/away.ts';
import { epochsOf } from './epochs.ts';
import { MemoryBudget } from '../memory-budget.ts';
import { greetLate } from './meeting.ts';
import { isAway } from './nodes/home-of.ts';
import { giveUpGathering, listed, listElsewhere, listRooms } from './nodes/listing.ts';
import { nodeGone, nodesChanged, settleLate, spreadLate, tellAgain } from './nodes/moving.ts';
import { type Deeds, peerSaid } from './nodes/peers.ts';
import { giveUpStoring, isLetGo, remindCopies } from './nodes/replicas.ts';
import { compareSeats, SEATS_EVERY_MS } from './nodes/seating.ts';
import type { Member, RoomsMessage } from './room-messages.ts';
import { forget, forgetGuests, type RoomsState, type Turn } from './rooms-state.ts';

export const roomsActor: ActorDefinition<ChatContext, RoomsState, RoomsMessage> = {
  kind: 'chat/rooms',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(chat, context) {
    context.after('sweep', sweepEveryMs(chat.options));
    if (chat.seam !== undefined) context.after('seats', SEATS_EVERY_MS);
    const epochs = epochsOf(chat, chat.seam === undefined ? 0 : context.random());
    return {
      ...{
        chat,
        rooms: new Map(),
        empty: new Row(),
        epochs,
        nextEpoch: epochs.first,
        guests: new Map(),
      },
      ...{ pending: new Map(), lastRef: 0, nodes: [], size: 1, gone: new Set() },
      ...{ down: 0, downAt: Number.NEGATIVE_INFINITY },
      pressed: new Set(),
      budget: new MemoryBudget(Math.ceil(chat.options.historyBytesTotalMax / chat.shards)),
      ...{ settling: new Map(), copies: new Map(), catching: new Set(), gatherings: new Map() },
      ...{ early: chat.seam === undefined ? undefined : [], newUntil: 0 },
      ...{
        isServing: true,
        late: new Set(),
        meetings: new Map(),
        crowds: new Set(),
        doubted: new Set(),
        seatedAt: new Map(),
        bridgedRates: new Map(),
      },
    };
  },
  receive(state, message, context) {
    if (message.type === 'timedOut') {
      due(state, message.name, context);
      return;
    }
    if (message.type === 'childStopped' || waits(state, message)) return;
    if (message.type === 'memberMoved') {
      memberMoved(state, message, context);
      return;
    }
    if ('room' in message && message.type !== 'heard') {
      const ask = message.type === 'bridged' ? admitted(state, message, context) : message;
      if (ask === undefined) return;
      if (isAway(state, ask.room)) askHome(state, ask, context);
      else obey(state, ask, context);
      return;
    }
    switch (message.type) {
      case 'listRooms':
        listRooms(state, message, context);
        return;
      case 'countRooms': {
        const { replyTo, ref } = message;
        const rooms = [...state.rooms.values()].filter(({ count }) => count > 0).length;
        context.send(replyTo, { type: 'roomsCounted', ref, rooms });
        return;
      }
      case 'listElsewhere':
        listElsewhere(state, message, context);
        return;
      case 'roomsListed':
        listed(state, String(message.shard), message, context);
        return;
      case 'heard':
        heard(state, message, context);
        return;
      case 'peerSaid':
        peerSaid(state, message, deedsOf(state, context), context);
        return;
      case 'nodesChanged':
        nodesChanged(state, message, context);
        begin(state, context);
        return;
      case 'keeperLost':
        keeperLost(state, message.node, context);
        return;
      case 'nodePressed':
        if (message.isPressed) state.pressed.add(message.node);
        else state.pressed.delete(message.node);
        return;
      case 'nodeDown':
        for (const room of state.rooms.values())
          for (const member of room.sessions)
            if (member.node === message.node) depart(state, room, member, 'node_down', context);
        nodeGone(state, message.node, context);
        return;
      case 'nodeUp':
        state.gone.delete(message.node);
        return;
      case 'shardDown':
        // The relay goes with its shard, and the next one tells anew who does not keep pace.
        if (message.shard === 0) state.pressed.clear();
        sessionsGone(state, ({ shard }) => shard === message.shard, context);
        doubt(state, message.shard, context);
        return;
      case 'keeperIsNew':
        doubt(state, message.shard, context);
        return;
      case 'sessionsOver': {
        const over = new Set(message.sessions);
        sessionsGone(state, ({ session }) => over.has(session), context);
        return;
      }
      default:
        message satisfies never;
    }
  },
};

/** Of this node. */
function sessionsGone(state: RoomsState, isGone: (member: Member) => boolean, context: Turn): void {
  guestsGone(state, isGone, context);
  for (const room of state.rooms.values())
    for (const member of room.sessions)
      if (member.node === undefined && isGone(member))
        depart(state, room, member, 'node_down', context);
  // Nor do they come in when the room has settled.
  for (const settling of state.settling.values())
    settling.asks = settling.asks.filter(
      (ask) => ask.type !== 'join' || ask.peer !== undefined || !isGone(ask.member),
    );
}

function deedsOf(state: RoomsState, context: Turn): Deeds {
  return {
    obey,
    arrived: (room, member) => arrive(state, room, member, context),
    met: (room, member) => tellEvent(state, room, 'join', member, undefined, context),
    lost: (room, member) => depart(state, room, member, undefined, context),
  };
}

function due(state: RoomsState, timer: string, context: Turn): void {
  switch (timer) {
    case 'crowds':
      tellCrowds(state, context);
      return;
    case 'sweep':
      sweep(state, context);
      return;
    case 'unseen':
      tellUnseen(state, context);
      return;
    case 'seats':
      compareSeats(state, deedsOf(state, context), context);
      return;
    case 'doubted':
      askForDoubted(state, context);
      return;
    case 'late':
      spreadLate(state, context);
      return;
    case 'storing':
      giveUpStoring(state, context);
      return;
    case 'settling':
      settleLate(state, deedsOf(state, context), context);
      return;
    case 'meetings':
      greetLate(state, deedsOf(state, context), context);
      return;
    case 'gather':
      giveUpGathering(state, context);
      return;
    default:
      tellAgain(state, context);
  }
}

function sweep(state: RoomsState, context: Turn): void {
  const since = context.now - state.chat.options.emptyRoomMs * 1_000;
  // [HP-ROOM-6] On a node that is down somebody may sit there, who has not heard what was said here.
  const isWhole = state.down === 0 && state.downAt <= since;
  for (const room of state.rooms.values()) {
    room.forgetIds(context.now);
    if (isWhole && room.count === 0 && room.emptySince <= since) forget(state, room);
  }
  for (const [name, guests] of state.guests)
    if (isLetGo(guests, context.now)) forgetGuests(state, name);
  remindCopies(state, context);
  // [HP-ERR-5] What a home has never answered nobody waits for.
  retry(state, context);
  context.after('sweep', sweepEveryMs(state.chat.options));
}

/** [HP-ROOM-6] Not much later than was said. */
function sweepEveryMs({ emptyRoomMs }: ChatOptions): number {
  return Math.max(SWEEP_MIN_MS, Math.min(emptyRoomMs, SWEEP_MAX_MS));
}

const SWEEP_MIN_MS = 1_000;
const SWEEP_MAX_MS = 60_000;
