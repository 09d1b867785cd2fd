// The chat's side of bridges: a message of a room as JSON, and JSON as a message of somebody who is not in the room.
// Refuses to know who is in a room and where its home is: the keeper of rooms is told what was said.
// Obeys spec/bridge.md, section "Rooms".

import { isRoomName, isUserName } from '../../codecs/hp/names.ts';
import { checkValues, DEPTH_MAX } from '../../codecs/hp/strict-json.ts';
import { encodePayload, Raw } from '../../codecs/hp/writing.ts';
import { readJsonObject } from '../../codecs/json-slice.ts';
import { utf8Length } from '../../codecs/utf8-text.ts';
import type { BridgeSide, Spoken } from '../../routing/home/bridges.ts';
import type { Address } from '../../runtime/actor.ts';
import { roomOfTopic, ROOMS, shardOfRoom } from '../chat-context.ts';
import type { ChatOptions } from '../chat-options.ts';
import { isId } from '../users/nodes/peer-words.ts';
import type { RoomsMessage, RoomWord } from './room-messages.ts';

export type BodyLimits = Pick<ChatOptions, 'bodyBytesMax' | 'lineBytesMax'>;

export function roomSide(
  shards: number,
  limits: BodyLimits,
  roomsOfShard: (shard: number) => Address<RoomsMessage>,
): BridgeSide {
  return {
    name: 'chat',
    namespace: ROOMS,
    // [BRIDGE-5] Who comes, goes or types is nobody's business elsewhere.
    hear({ topic, data }) {
      const { entry } = data as RoomWord;
      if (entry === undefined) return undefined;
      const { from, body, dataText, id, timestamp, seq, epoch } = entry;
      const room = roomOfTopic(topic);
      const more = dataText === undefined ? undefined : new Raw(dataText);
      const json = encodePayload({ from, body, data: more, room, id, timestamp, seq, epoch });
      // Ids belong to their sender here, and to the topic elsewhere: two people may both say `1`.
      return { json, id: undefined, speaker: from };
    },
    say(topic, json, spoken, say) {
      const room = roomOfTopic(topic);
      const said = isRoomName(room) ? readSaid(json, limits) : undefined;
      if (said === undefined) return false;
      const { name, body, dataText } = said;
      const { id } = spoken;
      say(roomsOfShard(shardOfRoom({ shards }, room)), {
        ...{ type: 'bridged', room, from: speakerOf(spoken, name), body, dataText },
        id: isId(id) ? id : undefined,
      });
      return true;
    },
  };
}

/** [BRIDGE-6] */
function speakerOf({ speaker, side }: Spoken, claimed: unknown): string {
  const name = speaker ?? claimed;
  return `${typeof name === 'string' && isUserName(name) ? name : 'guest'}@${side}`;
}

interface Said {
  /** Whatever the publisher calls itself. */
  readonly name: unknown;
  readonly body: string;
  readonly dataText: string | undefined;
}

/** [BRIDGE-7] [BRIDGE-8] What JSON says in a room; undefined for what a member could not say either. */
export function readSaid(json: Uint8Array, limits: BodyLimits): Said | undefined {
  const read = readJsonObject(json, { depthMax: DEPTH_MAX - 1 });
  if (!read.ok && read.mistake.code === 'too-deep') return undefined;
  if (!read.ok) return fitting(undefined, bodyOf(json), undefined, limits);
  const { from, body, data } = read.value;
  if (typeof body !== 'string') return fitting(undefined, textOf(json), undefined, limits);
  if (checkValues({ data }) !== undefined) return undefined;
  const source = read.slice('data');
  return fitting(from, body, source === undefined ? undefined : textOf(source), limits);
}

function bodyOf(json: Uint8Array): string {
  const text = textOf(json);
  return text.startsWith('"') ? withoutLastBreaks(JSON.parse(text) as string) : text;
}

/** Not by a pattern, which would begin anew at every break of a text that is full of them. */
function withoutLastBreaks(text: string): string {
  let end = text.length;
  while (end > 0 && '\r\n'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** On one line: outside of strings, whose own line ends are escaped, line ends are blanks. */
function textOf(json: Uint8Array): string {
  return decoder
    .decode(json)
    .replace(/[\r\n]/g, ' ')
    .trim();
}

function fitting(
  name: unknown,
  body: string,
  dataText: string | undefined,
  { bodyBytesMax, lineBytesMax }: BodyLimits,
): Said | undefined {
  if (body === '' || checkValues({ body }) !== undefined) return undefined;
  if (utf8Length(body) > bodyBytesMax) return undefined;
  const length = utf8Length(JSON.stringify(body)) + utf8Length(dataText ?? '') + AROUND_BYTES;
  return length > lineBytesMax ? undefined : { name, body, dataText };
}

/** The envelope and the other fields of a line, with the longest of names. */
const AROUND_BYTES = 512;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
