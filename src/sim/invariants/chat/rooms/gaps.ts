// A gap of which somebody is told is one: where all that he can have missed is remembered there is none. Judged on a node that
// is alone: there a room has one row of places, until something dies.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const gaps: Invariant = {
  property: 'gaps',
  requirements: ['HP-RES-3', 'HP-RES-7', 'HP-RES-8'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      shardCrashed: ({ at }) => judge.died(at),
      processDied: ({ at }) => judge.died(at),
      talkerJoined: ({ client, givesPlaces }) => {
        if (givesPlaces) judge.givers.add(client);
      },
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.comingOf(event.client).read(event),
      roomAcked: ({ room, message, ...where }) => judge.of(room).put(message, where),
      roomHeard: (event) => judge.heard(event),
      seated: (event) => judge.seated(event),
      loggedIn: (event) => judge.loggedIn(event),
    };
  },
};

interface Place {
  readonly epoch: number;
  readonly place: number;
}

/** What is known of a room: its last place, and what has none yet. */
class Said {
  last: Place = { epoch: 0, place: 0 };
  readonly messages = new Set<string>();
  readonly #unplaced = new Set<string>();

  ask(message: string): void {
    if (!this.messages.has(message)) this.#unplaced.add(message);
    this.messages.add(message);
  }

  put(message: string, { epoch, place }: Place): void {
    this.messages.add(message);
    this.#unplaced.delete(message);
    const isNew = epoch > this.last.epoch;
    const isLater = epoch === this.last.epoch && place > this.last.place;
    if (isNew || isLater) this.last = { epoch, place };
  }

  /** How many may have come behind a place; of another epoch nobody knows. */
  behind({ epoch, place }: Place): number {
    return epoch === this.last.epoch ? this.last.place - place + this.#unplaced.size : Infinity;
  }
}

/** What one client was told when it came in last, and has not said to have; and where its rooms were by then. */
class Coming {
  replayed = 0;
  /** [HP-RES-8] Rooms with a gap that are named again until something is heard of it over this connection. */
  told: readonly string[] = [];
  #connection: number | undefined = undefined;
  /** By room; the last places when it asked to come in. */
  places = new Map<string, Place>();
  asking: ReadonlyMap<string, Place> = new Map();
  #saying = 0;
  #said: { readonly id: string; readonly count: number }[] = [];

  says(count: number): void {
    this.#saying += count;
  }

  asks(id: string): void {
    this.#said.push({ id, count: this.#saying });
    this.#saying = 0;
  }

  /** What was said before a request that is answered was read. */
  read({ id, connection }: EventOf<'talkerAnswered'>): void {
    const at = this.#said.findIndex((one) => one.id === id);
    if (at !== -1 && connection === this.#connection) this.told = [];
    for (const { count } of this.#said.splice(0, at + 1))
      this.replayed = Math.max(0, this.replayed - count);
  }

  begin({ replayed, gaps: told, connection }: EventOf<'loggedIn'>): void {
    this.replayed = replayed;
    this.told = told;
    this.#connection = connection;
    this.#saying = 0;
    this.#said = [];
  }
}

class Judge {
  readonly troubles = new Troubles();
  /** Whoever says what it has stands where it heard something last: what it said itself is not among that. */
  readonly givers = new Set<number>();
  readonly #report: Report;
  readonly #said = new Map<string, Said>();
  readonly #comings = new Map<number, Coming>();
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  died(at: number): void {
    this.#diedAt = at;
    this.#said.clear();
    this.#comings.clear();
  }

  comingOf(client: number): Coming {
    const coming = this.#comings.get(client) ?? new Coming();
    this.#comings.set(client, coming);
    return coming;
  }

  asked({ client, what, id, room, message, taken }: EventOf<'talkerAsked'>): void {
    const coming = this.comingOf(client);
    if (what === 'RESUME')
      coming.asking = new Map([...this.#said].map(([name, { last }]) => [name, last]));
    if (taken !== undefined) coming.says(taken.length);
    else if (what !== 'PONG' && what !== 'TYPING') coming.asks(id);
    if (what === 'ROOM_MESSAGE' && room !== undefined && message !== undefined)
      this.of(room).ask(message);
  }

  of(room: string): Said {
    const said = this.#said.get(room) ?? new Said();
    this.#said.set(room, said);
    return said;
  }

  heard({ client, room, message, epoch, place }: EventOf<'roomHeard'>): void {
    this.of(room).put(message, { epoch, place });
    if (this.givers.has(client)) this.comingOf(client).places.set(room, { epoch, place });
  }

  seated({ client, room, epoch, place, isAlready }: EventOf<'seated'>): void {
    if (!isAlready) this.comingOf(client).places.set(room, { epoch, place });
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, isResumed, rooms, gaps: told } = event;
    const coming = this.comingOf(client);
    if (!isResumed) coming.places.clear();
    for (const room of told) if (!coming.told.includes(room)) this.#judge(event, room, coming);
    for (const room of this.givers.has(client) ? [] : rooms) {
      const place = coming.asking.get(room);
      if (place !== undefined) coming.places.set(room, place);
    }
    coming.begin(event);
  }

  #judge(event: EventOf<'loggedIn'>, room: string, { places, replayed }: Coming): void {
    const { terms, isCluster } = this.troubles;
    if (terms === undefined || isCluster || terms.emptyRoomMs < LASTING_MS) return;
    if (event.at < this.#diedAt + KNOWN_US) return;
    const said = this.of(room);
    const place = places.get(room);
    const behind = place === undefined ? Infinity : said.behind(place) + replayed;
    const all = this.#diedAt === Number.NEGATIVE_INFINITY ? said.messages.size : Infinity;
    // Of what was told and not acknowledged no more is remembered than that.
    const most = Math.min(terms.historyMax, terms.resumeMessagesMax);
    const missed = Math.min(all, behind);
    if (missed <= most)
      this.#report(
        event,
        `client ${event.client} is told of a gap in '${room}', of which it has missed ${missed} at most, and ${most} are remembered`,
      );
  }
}

/** Until what was asked for before something died is done, or is not. */
const KNOWN_US = 5_000_000;
const LASTING_MS = 3_600_000;
