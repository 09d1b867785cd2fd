// A room has one order in each of its epochs: a place has one message, a message has one place, nobody is told of places
// backwards, and nobody hears a message twice over one connection.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const roomOrder: Invariant = {
  property: 'room-order',
  requirements: ['HP-MSG-4', 'HP-MSG-5', 'HP-ROOM-2', 'HP-ROOM-6', 'HP-HOME-1', 'HP-HOME-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      processDied: ({ node, at }) => judge.died(node, at),
      shardCrashed: ({ at }) => judge.crashed(at),
      nodeKilled: ({ node, at }) => judge.died(node, at),
      seated: (event) => judge.seated(event),
      loggedIn: ({ rooms, at }) => {
        for (const room of rooms) judge.cameIn(room, at);
      },
      roomAcked: (event) => judge.acked(event),
      roomHeard: (event) => judge.heard(event),
      talkerEnded: ({ connection }) => judge.ended(connection),
    };
  },
};

interface Heard {
  readonly where: string;
  readonly at: number;
}

interface Hearing {
  /** By message: where it was, and when it was heard. */
  readonly heard: Map<string, Heard>;
  epoch: number;
  home: string;
  place: number;
  /** When something was heard last. */
  at: number;
}

class Judge {
  readonly troubles = new Troubles();
  readonly #report: Report;
  /** By home: how many of its processes have died. */
  readonly #deaths = new Map<string, number>();
  #crashes = 0;
  /** The last of them. */
  #crashedAt = Number.NEGATIVE_INFINITY;
  /** By room, epoch, home and place. */
  readonly #placed = new Map<string, Set<string>>();
  /** By message of a room: its place, as its sender was told, and how many threads had died by then. */
  readonly #acked = new Map<
    string,
    { readonly place: number; readonly told: string; readonly crashes: number }
  >();
  /** By room, epoch and message. */
  readonly #places = new Map<string, number>();
  /** Connections and rooms in which somebody has joined again. */
  readonly #again = new Set<string>();
  /** By room: when somebody came in, or came back. */
  readonly #comings = new Map<string, number[]>();
  /** By connection and room. */
  readonly #hearings = new Map<string, Hearing>();

  constructor(report: Report) {
    this.#report = report;
  }

  died(node: number, at: number): void {
    const name = this.troubles.nodes[node] ?? '';
    this.#deaths.set(name, (this.#deaths.get(name) ?? 0) + 1);
    this.crashed(at);
  }

  crashed(at: number): void {
    this.#crashes += 1;
    this.#crashedAt = at;
  }

  /** Whoever joins again may ask for what it has heard, and for what is on its way. */
  seated({ connection, room, isAlready, at }: EventOf<'seated'>): void {
    this.cameIn(room, at);
    const key = `${connection} ${room}`;
    this.#hearings.delete(key);
    if (isAlready) this.#again.add(key);
  }

  cameIn(room: string, at: number): void {
    const comings = this.#comings.get(room) ?? [];
    this.#comings.set(room, comings);
    comings.push(at);
  }

  /** [HP-HOME-13] What waited for what the same home had said before waits no longer than until somebody comes in. */
  #waitedNoMore(room: string, { at }: Hearing): boolean {
    if (!this.troubles.areApart(at - SPLIT_US, at)) return false;
    return this.#comings.get(room)?.some((came) => Math.abs(came - at) < FLIGHT_US) === true;
  }

  ended(connection: number): void {
    for (const key of this.#hearings.keys())
      if (key.startsWith(`${connection} `)) this.#hearings.delete(key);
  }

  /** The same id is the same message, at the same place, as long as nobody who knew has died or given the room away. */
  acked(event: EventOf<'roomAcked'>): void {
    const { room, message, epoch, place, client, node, isDuplicate } = event;
    this.#one(event);
    const home = this.troubles.nodes[node] ?? '';
    // In a cluster nobody says here who gave it.
    if (!this.troubles.isCluster && !isDuplicate)
      this.#place(event, `${room} ${epoch} ${home}`, place, message, home);
    const key = `${room} ${message}`;
    const told = `${epoch}:${place}`;
    const known = this.#acked.get(key);
    if (known === undefined) this.#acked.set(key, { place, told, crashes: this.#crashes });
    else if (isDuplicate && known.crashes === this.#crashes && known.place !== place)
      this.#report(
        event,
        `client ${client} is told that ${message} is at ${told} of '${room}', and before at ${known.told}`,
      );
  }

  /** No other life of a home counts the same epoch: whoever tells of a message tells of one place in it. */
  #one(event: EventOf<'roomAcked'> | EventOf<'roomHeard'>): void {
    const { room, message, epoch, place, client } = event;
    // A node that is alone counts epochs anew in its next life.
    if (!this.troubles.isCluster && this.#deaths.size > 0) return;
    const key = `${room} ${epoch} ${message}`;
    const known = this.#places.get(key);
    this.#places.set(key, place);
    if (known !== undefined && known !== place)
      this.#report(
        event,
        `client ${client} is told that ${message} is at ${epoch}:${place} of '${room}', which is at ${epoch}:${known}`,
      );
  }

  heard(event: EventOf<'roomHeard'>): void {
    this.#one(event);
    const { connection, room, message, epoch, place, home, client, isDelayed } = event;
    this.#place(event, `${room} ${epoch} ${home}`, place, message, home);
    const key = `${connection} ${room}`;
    if (isDelayed && this.#again.has(key)) return;
    const here = { where: `${epoch} ${home}`, at: event.at };
    const hearing = this.#hearings.get(key);
    if (hearing === undefined) {
      this.#hearings.set(key, {
        heard: new Map([[message, here]]),
        epoch,
        home,
        place,
        at: event.at,
      });
      return;
    }
    const before = hearing.heard.get(message);
    hearing.heard.set(message, here);
    if (before !== undefined) {
      if (!this.#mayRepeat(before, here))
        this.#report(event, `client ${client} hears ${message} of '${room}' twice`);
      return;
    }
    // A home that has forgotten everything gives its places again, before it is told what it said.
    const { crashes = this.#crashes } = this.#acked.get(`${room} ${message}`) ?? {};
    if (crashes < this.#crashes) return;
    const isOne = hearing.epoch === epoch && hearing.home === home;
    if (isOne && place <= hearing.place && !(isDelayed && this.#waitedNoMore(room, hearing)))
      this.#report(
        event,
        `client ${client} hears ${epoch}:${place} of '${room}' after ${hearing.epoch}:${hearing.place}`,
      );
    // What two homes have said at once comes when they meet.
    const isSplit = this.troubles.areApart(event.at - SPLIT_US, event.at);
    if (isDelayed && !isOne && epoch < hearing.epoch && !isSplit)
      this.#report(
        event,
        `client ${client} is told the past of '${room}' backwards: ${epoch}:${place} after ${hearing.epoch}:${hearing.place}`,
      );
    Object.assign(hearing, { epoch, home, place, at: event.at });
  }

  /** Its sender said it once more, or its node has forgotten that it was heard: who knows ids hears it once. */
  #mayRepeat(before: Heard, here: Heard): boolean {
    // It was on its way to the client, perhaps, when the thread died that knew it was told.
    if (this.#crashedAt > before.at - FLIGHT_US) return true;
    return before.where !== here.where && this.troubles.ofCluster(here.at - SPLIT_US, here.at);
  }

  /** A home that died may have begun anew with numbers of its former life. */
  #place(event: TraceEvent, where: string, place: number, message: string, home: string): void {
    const key = `${where} ${place}`;
    const known = this.#placed.get(key) ?? new Set<string>();
    this.#placed.set(key, known);
    known.add(message);
    if (known.size > 1 + (this.#deaths.get(home) ?? 0))
      this.#report(event, `two messages have the place ${key}: ${[...known].join(' and ')}`);
  }
}

/** From a node to a client. */
const FLIGHT_US = 5_000_000;
/** Longer than two homes of one room may know nothing of each other. */
const SPLIT_US = 60_000_000;
