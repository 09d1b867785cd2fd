// How what is said in rooms travels to other nodes: from the room's home, once to each node where somebody is in it.
// There it comes to the keeper of rooms, which gives it to those who are here.
// Refuses to know links. Obeys spec/hp-peer.md, sections "Relay" and "Homes of rooms".

import { isRoomName } from '../../../codecs/hp/names.ts';
import { encodeLine } from '../../../codecs/hp/writing.ts';
import type { Carriage } from '../../../routing/relay/carriage.ts';
import type { Address } from '../../../runtime/actor.ts';
import { roomOfTopic, shardOfRoom } from '../../chat-context.ts';
import { entryPayload } from '../../chat-formats.ts';
import { isFields } from '../../users/nodes/peer-words.ts';
import { isWhole, readEntry } from './room-told.ts';
import type { RoomsMessage, RoomWord } from '../room-messages.ts';

export function roomCarriage(
  shards: number,
  self: string,
  roomsOfShard: (shard: number) => Address<RoomsMessage>,
): Carriage {
  return {
    namespace: 'chat/room/',
    pack(data) {
      const { kind, line, entry, node = self, shard, connection } = data as RoomWord;
      if (kind === 'mark') return undefined;
      // A message is written again where it arrives.
      return { kind, node, shard, connection, ...(entry === undefined ? { line } : { entry }) };
    },
    // The topic's own ids are places; people know the message by another one.
    idOf: (data) => (data as RoomWord).entry?.id,
    arrive({ topic, body }, say) {
      const room = roomOfTopic(topic);
      const word = isRoomName(room) ? readWord(room, body, self) : undefined;
      if (word === undefined) return false;
      say(roomsOfShard(shardOfRoom({ shards }, room)), { type: 'heard', room, word });
      return true;
    },
  };
}

function readWord(room: string, value: unknown, self: string): RoomWord | undefined {
  if (!isFields(value)) return undefined;
  const { kind, node, shard, connection } = value;
  if (typeof node !== 'string' || !isWhole(shard) || !isWhole(connection)) return undefined;
  const entry = value['entry'] === undefined ? undefined : readEntry(value['entry']);
  // Whoever said it on this node does not hear it again.
  const from = { shard, connection, node: node === self ? undefined : node, entry };
  if (kind === 'message') {
    if (entry === undefined) return undefined;
    const { id, timestamp } = entry;
    const payload = entryPayload(room, entry, node);
    const line = encodeLine({ type: 'ROOM_MESSAGE', id, timestamp }, payload);
    return { kind, ...from, line, byteLength: line.byteLength };
  }
  const { line } = value;
  const isLine = line instanceof Uint8Array && line.indexOf(LF) === line.byteLength - 1;
  if ((kind !== 'event' && kind !== 'typing') || !isLine) return undefined;
  return { kind, ...from, line, byteLength: line.byteLength };
}

const LF = 0x0a;
