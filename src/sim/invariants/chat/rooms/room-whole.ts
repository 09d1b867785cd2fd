// Who sits in a room hears everything that is said there: between two messages of one home nothing is missing but what it
// said itself, over the loss of its connection, too, where it says what it has, or says what it has taken. And who comes
// back is told as many messages as it was promised.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const roomWhole: Invariant = {
  property: 'room-whole',
  requirements: ['HP-MSG-4', 'HP-ROOM-2', 'HP-RES-1', 'HP-RES-3', 'HP-RES-7', 'HP-ACK-3'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: (event) => judge.joined.set(event.client, event),
      talkerConnected: ({ connection }) => judge.connected(connection),
      loggedIn: (event) => judge.loggedIn(event),
      seated: (event) => judge.seated(event),
      unseated: ({ client, room }) => judge.left(client, room),
      // Whatever is answered, it wants to sit there no more.
      talkerAsked: ({ client, what, room, message, isRepeat }) => {
        if (what === 'LEAVE' && room !== undefined) judge.left(client, room);
        if (isRepeat === true && message !== undefined) judge.repeated.add(message);
      },
      roomHeard: (event) => judge.heard(event),
      roomLost: ({ client, room, message }) => {
        if (message === undefined) judge.left(client, room);
        else judge.aside.add(`${client} ${message}`);
      },
      directHeard: ({ connection, isDelayed }) => judge.counted(connection, isDelayed, 1),
      peerSeen: (event) => judge.seen(event),
      shardCrashed: () => judge.forget(),
      processDied: () => judge.died(),
      rested: (event) => judge.rest(event),
    };
  },
};

/** Where one talker stands in one room. */
interface Standing {
  readonly session: string;
  epoch: number;
  place: number;
  home: string | undefined;
}

/** Places that somebody passed over. */
interface Missed {
  readonly client: number;
  readonly event: EventOf<'roomHeard'>;
  readonly key: string;
}

/** What somebody who came in is told to expect. */
interface Promised {
  /** Messages that have not come; below zero when there were more. */
  left: number;
  /** How many that came were direct ones. */
  directs: number;
  readonly event: EventOf<'loggedIn'>;
}

class Judge {
  readonly troubles = new Troubles();
  readonly joined = new Map<number, EventOf<'talkerJoined'>>();
  /** Messages that were said more than once. */
  readonly repeated = new Set<string>();
  /** Client and message: it was sent to a connection that had ended, or comes among the last ones once more. */
  readonly aside = new Set<string>();
  readonly #report: Report;
  readonly #standings = new Map<string, Standing>();
  /** Sessions that began anew: each of two nodes may have its own, and know where that stands. */
  readonly #divided = new Set<string>();
  /** Processes that have died: a home that has forgotten everything gives its numbers again. */
  #lives = 0;
  /** By connection: in which of them it began, and of which it tells, however late that is heard. */
  readonly #begunIn = new Map<number, number>();
  /** By these, room, epoch, home and place: what somebody heard there. */
  readonly #said = new Map<string, string>();
  /** Connections and rooms in which somebody has joined again. */
  readonly #again = new Set<string>();
  #missed: Missed[] = [];
  /** By connection of somebody who came back: messages that were promised and have not come. */
  readonly #promised = new Map<number, Promised>();

  constructor(report: Report) {
    this.#report = report;
  }

  connected(connection: number): void {
    this.#begunIn.set(connection, this.#lives);
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, connection, isResumed, replayed, gaps, session } = event;
    this.#promised.set(connection, { left: replayed, directs: 0, event });
    const talker = this.joined.get(client);
    // Of what nobody has acknowledged no more is remembered than may wait for a session.
    const { resumeMessagesMax = 0 } = this.troubles.terms ?? {};
    const isNoted = talker?.hasAck === true && resumeMessagesMax >= MANY;
    // [HP-RES-7] What was written to a connection that had ended is taken.
    const isWritten = talker?.hasAck === false;
    if (event.isAnew) this.#divided.add(session);
    const isOfNode = (isNoted || isWritten) && !this.#divided.has(session);
    const isSure = isResumed && (isOfNode || talker?.givesPlaces === true);
    for (const [key, standing] of this.#standings) {
      if (!key.startsWith(`${client} `)) continue;
      const room = key.slice(key.indexOf(' ') + 1);
      const isHere = standing.session === session && isResumed;
      if (isHere && !event.rooms.includes(room) && !this.#isTroubled(event))
        this.#report(event, `client ${client} comes back, and does not sit in '${room}' any more`);
      if (!isSure || standing.session !== session || gaps.includes(room))
        this.#standings.delete(key);
    }
  }

  #isTroubled({ client, node, at }: EventOf<'loggedIn'>): boolean {
    const since = at - BEFORE_US;
    if (this.troubles.isCluster && this.troubles.ofCluster(since, at)) return true;
    return this.troubles.ofTalker(client, node, since, at);
  }

  seated({ client, session, room, epoch, place, isAlready, connection }: EventOf<'seated'>): void {
    this.#kept(connection);
    // Who sits there already hears everything anyhow, and may have heard more by now than is answered.
    if (isAlready) {
      this.#again.add(`${connection} ${room}`);
      return;
    }
    this.#standings.set(`${client} ${room}`, { session, epoch, place, home: undefined });
  }

  left(client: number, room: string): void {
    this.#standings.delete(`${client} ${room}`);
  }

  heard(event: EventOf<'roomHeard'>): void {
    const { client, room, epoch, place, home, message, connection, isDelayed } = event;
    // In a cluster no two lives of a home give the same place.
    const life = this.troubles.isCluster ? this.#lives : this.#begunIn.get(connection);
    const where = `${life} ${room} ${epoch} ${home}`;
    this.#said.set(`${where} ${place}`, message);
    this.counted(connection, isDelayed, 0);
    const standing = this.#standings.get(`${client} ${room}`);
    // Whoever joins again reads the last messages once more, before those that are on their way.
    if (standing === undefined) return;
    if (isDelayed && this.#again.has(`${connection} ${room}`)) {
      this.aside.add(`${client} ${message}`);
      return;
    }
    // Who comes in is not told whose numbers he is told: of several nodes each may begin with the same ones.
    const isSame =
      standing.home === home || (standing.home === undefined && !this.troubles.isCluster);
    const isOne = standing.epoch === epoch && isSame;
    if (isOne)
      for (let passed = standing.place + 1; passed < place; passed += 1)
        this.#missed.push({ client, event, key: `${where} ${passed}` });
    // What another home said at the same time comes behind, but for what was said before somebody here came in.
    if (epoch < standing.epoch || (isOne && place < standing.place)) return;
    Object.assign(standing, { epoch, place, home });
  }

  /** A message of those that were promised, or one that is new. */
  counted(connection: number, isDelayed: boolean, directs: number): void {
    const promise = this.#promised.get(connection);
    if (promise === undefined) return;
    if (isDelayed) {
      promise.left -= 1;
      promise.directs += directs;
    } else this.#kept(connection);
  }

  #kept(connection: number): void {
    const promise = this.#promised.get(connection);
    this.#promised.delete(connection);
    // What waited on other nodes comes behind it.
    if (promise === undefined || promise.left === 0 || this.troubles.isCluster) return;
    // [HP-DM-6] What another session of the user has not taken comes when that ends, and nobody knew when.
    if (promise.left < 0 && promise.directs >= -promise.left) return;
    const { client, replayed } = promise.event;
    const heard = replayed - promise.left;
    this.#report(
      promise.event,
      `client ${client} is promised ${replayed} messages that it missed, and hears ${heard}`,
    );
  }

  /** What waits for a node that is taken for dead is given up. */
  seen({ state }: EventOf<'peerSeen'>): void {
    if (state === 'down' || state === 'left') this.forget();
  }

  died(): void {
    this.#lives += 1;
    this.forget();
  }

  forget(): void {
    this.#standings.clear();
  }

  /** Two homes may each have given a message a place: where it is known by the first, nobody hears it for the second. */
  #isSplit({ at }: EventOf<'roomHeard'>): boolean {
    return this.troubles.isCluster && this.troubles.ofCluster(at - SPLIT_US, at);
  }

  rest(event: EventOf<'rested'>): void {
    for (const { client, event: heard, key } of this.#missed) {
      const message = this.#said.get(key);
      if (message === undefined || message.startsWith(`m${client}.`)) continue;
      if (this.aside.has(`${client} ${message}`)) continue;
      if (this.repeated.has(message) && this.#isSplit(heard)) continue;
      const { room, epoch, place } = heard;
      this.#report(
        event,
        `client ${client} never heard ${message} of '${room}', which comes before ${epoch}:${place}`,
      );
    }
    this.#missed = [];
  }
}

const MANY = 100;
/** Longer than two homes of one room may know nothing of each other. */
const SPLIT_US = 60_000_000;
/** A keeper that does not answer is done without. */
const BEFORE_US = 10_000_000;
