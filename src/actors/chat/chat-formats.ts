// How what is said in a room looks to chat clients: the line that the room's home has made, as it is. The sender does not
// hear it again, unless it asked for its echo. Refuses to know who reads. Obeys spec/hp.md, section "Rooms".

import { type Payload as Members, Raw } from '../codecs/hp/writing.ts';
import type { Publication } from '../routing/publication.ts';
import type { FormatName, WireFormat } from '../routing/subscriptions.ts';
import type { ConnectionId } from '../runtime/edges.ts';
import type { RoomEntry, RoomWord } from './rooms/room-messages.ts';

export const CHAT_ROOM: FormatName = 'chat/room';
export const CHAT_ROOM_ECHO: FormatName = 'chat/room-echo';

/** What a publication of a room carries; the keeper of rooms publishes nothing else there. */
export function wordOf(publication: Publication): RoomWord {
  return publication.data as RoomWord;
}

export function chatFormats(shard: number): ReadonlyMap<FormatName, WireFormat> {
  const echo: WireFormat = {
    encode(publication) {
      const { kind, line } = wordOf(publication);
      return kind === 'mark' ? undefined : line;
    },
    // Rooms are told their gaps by their own numbers.
    encodeGap: () => undefined,
    isEphemeral: (publication) => wordOf(publication).kind === 'typing',
    // [HP-TYPE-1] [HP-ROOM-5] Signs and events are for the others.
    skips: (publication) =>
      wordOf(publication).kind === 'message' ? undefined : speakerOf(publication, shard),
  };
  return new Map([
    [CHAT_ROOM_ECHO, echo],
    [
      CHAT_ROOM,
      {
        ...echo,
        // [HP-MSG-6]
        skips: (publication) => speakerOf(publication, shard),
      },
    ],
  ]);
}

/** The connection of the one whose doing it is, where that is of this shard. */
function speakerOf(publication: Publication, shard: number): ConnectionId | undefined {
  const word = wordOf(publication);
  return word.shard === shard && word.node === undefined ? word.connection : undefined;
}

/** [HP-MSG-7] What a room message says to its receivers. */
export function entryPayload(
  room: string,
  { from, body, dataText, seq, epoch, node: home }: RoomEntry,
  node: string,
  delayed?: true,
): Members {
  const data = dataText === undefined ? undefined : new Raw(dataText);
  return { room, from, body, data, seq, epoch, node: home ?? node, delayed };
}
