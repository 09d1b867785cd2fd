// What comes into a room over a bridge: it gets its place as any message does, from somebody who is not in the room. A room
// that nobody is in remembers it for whoever comes.
// Refuses to know what was published, and where. Obeys spec/bridge.md, section "Rooms".

import { secondsNow } from '../../runtime/actor.ts';
import { refused } from '../../codecs/hp/mistakes.ts';
import { encodeLine } from '../../codecs/hp/writing.ts';
import { uuidFrom } from '../chat-context.ts';
import { entryPayload } from '../chat-formats.ts';
import { Rate } from '../session/rates.ts';
import type { RoomReply } from './room-messages.ts';
import { isPressed } from './nodes/pressing.ts';
import { copy } from './nodes/replicas.ts';
import {
  type Ask,
  NOBODY,
  open,
  publish,
  type RoomsState,
  tellKeeper,
  type Turn,
} from './rooms-state.ts';

/** The message with its id, so that it is the same if it has to be said again; undefined when it came too fast. */
export function admitted(
  state: RoomsState,
  ask: Ask<'bridged'>,
  context: Turn,
): Ask<'bridged'> | undefined {
  const { id = newId(context), peer, room } = ask;
  // [BRIDGE-8] Counted where it was published, which bounds what waits for other nodes, too.
  if (peer === undefined && rateOf(state, room).take(context.now) > 0) {
    context.count('bridge.dropped');
    return undefined;
  }
  return { ...ask, id };
}

function newId(context: Turn): string {
  return uuidFrom(() => context.random());
}

function rateOf(state: RoomsState, room: string): Rate {
  const known = state.bridgedRates.get(room);
  if (known !== undefined) return known;
  const { bridgedPerSecondMax: perSecond } = state.chat.options;
  const rate = new Rate(perSecond, perSecond);
  state.bridgedRates.set(room, rate);
  return rate;
}

/** At the room's home. */
export function sayBridged(state: RoomsState, ask: Ask<'bridged'>, context: Turn): void {
  const reply = saidBridged(state, ask, context);
  if (reply.type === 'roomRefused') context.count('bridge.dropped');
  const { peer, room } = ask;
  if (peer === undefined) return;
  tellKeeper(state.chat, peer.node, room, { say: 'answer', ref: peer.ref, reply }, context);
}

function saidBridged(state: RoomsState, ask: Ask<'bridged'>, context: Turn): RoomReply {
  const { room: name, from, id = newId(context), body, dataText } = ask;
  const ref = 0;
  const room = state.rooms.get(name) ?? open(state, name, context);
  if (room === undefined || !state.isServing || isPressed(state, name)) {
    const { mistake } = refused('UNAVAILABLE', 'Nothing can be said in this room now.');
    return { type: 'roomRefused', ref, mistake };
  }
  const known = room.placeOf(from, id);
  const said = { type: 'said', ref, isStored: false } as const;
  // [BRIDGE-9]
  if (known !== undefined) return { ...said, ...known, isDuplicate: true };
  const { chat } = state;
  const { node } = chat.options;
  const timestamp = secondsNow(context);
  const home = chat.seam === undefined ? {} : { node };
  const draft = { id, timestamp, from, session: NO_SESSION, body, dataText, ...home };
  const entry = room.append(draft, context.now);
  // [BRIDGE-10] An empty room is remembered for a while after the last word.
  if (room.count === 0) room.isEmptyAt(context.now);
  const line = encodeLine({ type: 'ROOM_MESSAGE', id, timestamp }, entryPayload(name, entry, node));
  context.count('chat.messages');
  const origin = { shard: chat.shard, connection: NOBODY };
  publish(state, name, { kind: 'message', line, ...origin, entry }, context, { isBridged: true });
  copy(state, room, entry, context);
  const { seq, epoch } = entry;
  return { ...said, seq, epoch, isDuplicate: false };
}

const NO_SESSION = '';
