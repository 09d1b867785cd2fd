// Topics of two dialects that an operator joined, as the settings name them: `chat/ROOM=broker/TOPIC`. What is published to
// one is published to the other, in its words.
// Refuses to know what is said: each dialect has a side for that. Obeys spec/bridge.md.

import { isRoomName } from '../codecs/hp/names.ts';
import type { Topic } from '../routing/topic.ts';

/** Two topics with their namespaces; both ways. */
export interface BridgeRule {
  readonly one: Topic;
  readonly other: Topic;
}

/** `grip/CHANNEL=broker/TOPIC`, `chat/ROOM=broker/TOPIC` and the like; undefined for what is none. */
export function readBridgeRule(text: string): BridgeRule | undefined {
  const sides = text.split('=');
  if (sides.length !== 2) return undefined;
  const [one, other] = sides.map((side) => readSide(side.trim()));
  return one === undefined || other === undefined || one === other ? undefined : { one, other };
}

export function writeBridgeRule({ one, other }: BridgeRule): string {
  return `${writeSide(one)}=${writeSide(other)}`;
}

export function isRoom(topic: Topic): boolean {
  return topic.startsWith(ROOMS);
}

/** Which topics each topic is joined to. */
export function joinedBy(rules: readonly BridgeRule[]): ReadonlyMap<Topic, readonly Topic[]> {
  const others = new Map<Topic, Topic[]>();
  const join = (from: Topic, to: Topic): void => {
    const known = others.get(from) ?? [];
    if (!known.includes(to)) others.set(from, [...known, to]);
  };
  for (const { one, other } of rules) {
    join(one, other);
    join(other, one);
  }
  return others;
}

/** Rooms, unlike channels and topics, have a namespace with two parts. */
const ROOMS = 'chat/room/';

function readSide(text: string): Topic | undefined {
  const at = text.indexOf('/');
  if (at < 0) return undefined;
  const [dialect, name] = [text.slice(0, at), text.slice(at + 1)];
  if (dialect === 'chat') return isRoomName(name) ? ROOMS + name : undefined;
  return (dialect === 'grip' || dialect === 'broker') && name !== '' ? text : undefined;
}

function writeSide(topic: Topic): string {
  return isRoom(topic) ? `chat/${topic.slice(ROOMS.length)}` : topic;
}
