// A gap of which somebody is told is one: where all that he can have missed is remembered there is none. Judged on a node that
// is alone, and on which nothing has died: there a room has one row of places.

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
      shardCrashed: () => judge.died(),
      processDied: () => judge.died(),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: ({ client, id }) => judge.comingOf(client).read(id),
      roomAcked: ({ room, message, place }) => judge.placed(room, message, place),
      roomHeard: ({ room, message, place }) => judge.placed(room, message, place),
      seated: (event) => judge.seated(event),
      loggedIn: (event) => judge.loggedIn(event),
    };
  },
};

/** What is known of a room: its last place, and what has none yet. */
class Said {
  place = 0;
  readonly messages = new Set<string>();
  readonly #unplaced = new Set<string>();

  ask(message: string): void {
    if (!this.messages.has(message)) this.#unplaced.add(message);
    this.messages.add(message);
  }

  put(message: string, place: number): void {
    this.messages.add(message);
    this.#unplaced.delete(message);
    this.place = Math.max(this.place, place);
  }

  /** How many may have come behind a place. */
  behind(place: number): number {
    return this.place - place + this.#unplaced.size;
  }
}

/** What one client was told when it came in last, and has not said to have; and where its rooms were by then. */
class Coming {
  replayed = 0;
  /** By room; the last places when it asked to come in. */
  places = new Map<string, number>();
  asking: ReadonlyMap<string, number> = new Map();
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
  read(id: string | undefined): void {
    const at = this.#said.findIndex((one) => one.id === id);
    for (const { count } of this.#said.splice(0, at + 1))
      this.replayed = Math.max(0, this.replayed - count);
  }

  begin(replayed: number): void {
    this.replayed = replayed;
    this.#saying = 0;
    this.#said = [];
  }
}

class Judge {
  readonly troubles = new Troubles();
  readonly #report: Report;
  readonly #said = new Map<string, Said>();
  readonly #comings = new Map<number, Coming>();
  #hasDied = false;

  constructor(report: Report) {
    this.#report = report;
  }

  died(): void {
    this.#hasDied = true;
  }

  comingOf(client: number): Coming {
    const coming = this.#comings.get(client) ?? new Coming();
    this.#comings.set(client, coming);
    return coming;
  }

  asked({ client, what, id, room, message, taken }: EventOf<'talkerAsked'>): void {
    const coming = this.comingOf(client);
    if (what === 'RESUME')
      coming.asking = new Map([...this.#said].map(([name, { place }]) => [name, place]));
    if (taken !== undefined) coming.says(taken.length);
    else if (what !== 'PONG' && what !== 'TYPING') coming.asks(id);
    if (what === 'ROOM_MESSAGE' && room !== undefined && message !== undefined)
      this.#of(room).ask(message);
  }

  #of(room: string): Said {
    const said = this.#said.get(room) ?? new Said();
    this.#said.set(room, said);
    return said;
  }

  placed(room: string, message: string, place: number): void {
    this.#of(room).put(message, place);
  }

  seated({ client, room, place, isAlready }: EventOf<'seated'>): void {
    if (!isAlready) this.comingOf(client).places.set(room, place);
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, isResumed, replayed, rooms, gaps: told } = event;
    const coming = this.comingOf(client);
    if (!isResumed) coming.places.clear();
    for (const room of told) this.#judge(event, room, coming);
    for (const room of rooms) coming.places.set(room, coming.asking.get(room) ?? 0);
    coming.begin(replayed);
  }

  #judge(event: EventOf<'loggedIn'>, room: string, { places, replayed }: Coming): void {
    const { terms, isCluster } = this.troubles;
    if (terms === undefined || isCluster || this.#hasDied || terms.emptyRoomMs < LASTING_MS) return;
    const said = this.#of(room);
    // Of what was told and not acknowledged no more is remembered than that.
    const most = Math.min(terms.historyMax, terms.resumeMessagesMax);
    const missed = Math.min(said.messages.size, said.behind(places.get(room) ?? 0) + replayed);
    if (missed <= most)
      this.#report(
        event,
        `client ${event.client} is told of a gap in '${room}', of which it has missed ${missed} at most, and ${most} are remembered`,
      );
  }
}

const LASTING_MS = 3_600_000;
