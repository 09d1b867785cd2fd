// The rooms of a stay: where the client wants to be, how far it has heard each of them, and which messages it knows, so
// that it loses none over a lost connection and tells none twice.
// Refuses to know lines. Obeys spec/hp.md, sections "Room messages" and "Resume".

import type { JsonObject } from '../actors/codecs/hp/strict-json.ts';
import { numberIn } from './happenings.ts';

export interface RoomPlace {
  readonly epoch: number;
  readonly seq: number;
}

export function roomPlaceIn(payload: JsonObject): RoomPlace {
  return { epoch: numberIn(payload, 'epoch') ?? 0, seq: numberIn(payload, 'seq') ?? 0 };
}

interface Seat {
  place: RoomPlace;
  /** What is told again and stands no later than this was heard in an earlier session. */
  readonly heardTo: RoomPlace | undefined;
}

/** Ids that are remembered: more than a server tells again. */
const HEARD_MAX = 20_000;

export class Rooms {
  /** Without a seat where the client has not been yet. */
  readonly #seats: Map<string, Seat | undefined>;
  readonly #heard = new Set<string>();

  constructor(names: readonly string[]) {
    this.#seats = new Map(names.map((name) => [name, undefined]));
  }

  get names(): readonly string[] {
    return [...this.#seats.keys()];
  }

  /** Whether the client has sat there before. */
  knows(room: string): boolean {
    return this.#seats.get(room) !== undefined;
  }

  /** How far each room was heard: exactly, for a home may have died since and counts anew. [HP-RES-7] */
  get places(): Readonly<Record<string, RoomPlace | number>> {
    const known = [...this.#seats].flatMap(([room, seat]) => {
      if (seat === undefined) return [];
      const { epoch, seq } = seat.place;
      return [[room, epoch === 0 ? seq : { epoch, seq }] as const];
    });
    return Object.fromEntries(known);
  }

  /** The client sits there, and how many messages it cannot be told of any more, when it has been away. */
  joined(room: string, place: RoomPlace, isAlready: boolean): number {
    const before = this.#seats.get(room)?.place;
    if (isAlready && before !== undefined) return 0;
    this.#seats.set(room, { place, heardTo: before });
    if (before === undefined) return 0;
    return place.seq < before.seq ? place.seq : place.seq - before.seq;
  }

  /** The server has begun a new life, and counts anew. */
  forgetPlaces(): void {
    for (const seat of this.#seats.values()) if (seat !== undefined) seat.place = NOWHERE;
  }

  left(room: string): void {
    this.#seats.delete(room);
  }

  /** One's own word has a place, and is not heard; what stands before it may still be on its way. */
  said(room: string, { epoch, seq }: RoomPlace): void {
    const seat = this.#seats.get(room);
    if (seat?.place.epoch === epoch && seq === seat.place.seq + 1) seat.place = { epoch, seq };
  }

  /** [PROC-CLIENT-3] Whether a message of a room is to be told: it is new. */
  heard(room: string, from: string, id: string, place: RoomPlace): boolean {
    const seat = this.#seats.get(room);
    const isNew = this.remember(room, from, id);
    const wasHeard = seat?.heardTo !== undefined && !isAfter(place, seat.heardTo);
    if (seat !== undefined && isAfter(place, seat.place)) seat.place = place;
    return isNew && !wasHeard;
  }

  /** Whether it is new, by where it is said, who says it, and its id. */
  remember(place: string, from: string, id: string): boolean {
    const key = `${place} ${from.toLowerCase()} ${id}`;
    if (this.#heard.has(key)) return false;
    this.#heard.add(key);
    const [oldest] = this.#heard;
    if (this.#heard.size > HEARD_MAX && oldest !== undefined) this.#heard.delete(oldest);
    return true;
  }
}

const NOWHERE: RoomPlace = { epoch: 0, seq: 0 };

function isAfter(one: RoomPlace, other: RoomPlace): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.seq > other.seq);
}
