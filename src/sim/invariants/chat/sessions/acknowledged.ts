// What is said in a room is told again to whoever comes back until he says that he has it, and not once he has said so: each
// message for itself, in whatever order he says it. Judged of clients with the cap `ack` that leave to their node what they have.
// Refuses to judge direct messages.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const acknowledged: Invariant = {
  property: 'acknowledged',
  requirements: ['HP-ACK-3', 'HP-RES-3', 'HP-RES-7'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined({ client, hasAck, givesPlaces, isSlow }) {
        if (hasAck && !givesPlaces && !isSlow) judge.stays.set(client, fresh(''));
      },
      loggedIn: (event) => judge.loggedIn(event),
      seated: ({ client, room }) => judge.stays.get(client)?.rooms.delete(room),
      // What was told before LEAVE was answered was told to a member that is none any more, too.
      unseated: ({ client, room }) => judge.stays.get(client)?.rooms.delete(room),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
      roomHeard: (event) => judge.heard(event),
      shardCrashed: ({ at }) => judge.died(at),
      processDied: ({ at }) => judge.died(at),
    };
  },
};

/** What became of a message that was told: it was said to be had, and its node has read that. */
interface Told {
  readonly at: number;
  state: 'open' | 'said' | 'had';
}

/** One session, over all its connections. */
interface Stay {
  readonly session: string;
  connection: number;
  /** By room and message. */
  readonly rooms: Map<string, Map<string, Told>>;
  /** Not answered since it came back: what is told now, it missed. */
  isBack: boolean;
  /** Room and message: to be told again, and told when. */
  readonly owed: Map<string, number>;
  /** By request: what was said to be had before it. */
  readonly said: Map<string, readonly Told[]>;
  saying: Told[];
}

function fresh(session: string): Stay {
  const now = { connection: -1, isBack: false, owed: new Map(), said: new Map(), saying: [] };
  return { session, rooms: new Map(), ...now };
}

class Judge {
  readonly troubles = new Troubles();
  /** By client. */
  readonly stays = new Map<number, Stay>();
  readonly #report: Report;
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  died(at: number): void {
    this.#diedAt = at;
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, session, connection, isResumed, isAnew, rooms, gaps } = event;
    const before = this.stays.get(client);
    if (before === undefined) return;
    const isSame = isResumed && !isAnew && before.session === session;
    const stay = isSame ? before : fresh(session);
    this.stays.set(client, stay);
    stay.connection = connection;
    stay.isBack = true;
    stay.saying = [];
    stay.said.clear();
    stay.owed.clear();
    for (const [room, messages] of stay.rooms)
      if (!rooms.includes(room) || gaps.includes(room)) stay.rooms.delete(room);
      else
        for (const [message, { at, state }] of messages)
          if (state === 'open') stay.owed.set(`${room} ${message}`, at);
  }

  asked({ client, what, id, room, taken }: EventOf<'talkerAsked'>): void {
    const stay = this.stays.get(client);
    if (stay === undefined) return;
    if (what === 'LEAVE' && room !== undefined) stay.rooms.delete(room);
    if (taken !== undefined) {
      const some = [...stay.rooms.values()].flatMap((messages) =>
        taken.flatMap((message) => messages.get(message) ?? []),
      );
      for (const told of some) if (told.state === 'open') told.state = 'said';
      stay.saying.push(...some);
    } else if (stay.saying.length > 0 && what !== 'PONG' && what !== 'TYPING') {
      stay.said.set(id, stay.saying);
      stay.saying = [];
    }
  }

  answered(event: EventOf<'talkerAnswered'>): void {
    const { client, id, asked, connection, at } = event;
    const stay = this.stays.get(client);
    if (stay === undefined || stay.connection !== connection || asked === 'RESUME') return;
    if (id !== undefined && stay.said.has(id))
      for (const [earlier, some] of stay.said) {
        for (const told of some) told.state = 'had';
        stay.said.delete(earlier);
        if (earlier === id) break;
      }
    if (!stay.isBack) return;
    stay.isBack = false;
    for (const [key, toldAt] of stay.owed)
      if (this.#isRemembered && !this.#isExcused(toldAt, at)) {
        const [room, message] = key.split(' ');
        this.#report(
          event,
          `client ${client} has not said that it has ${message} of '${room}', and is not told again when it comes back`,
        );
      }
    stay.owed.clear();
  }

  heard(event: EventOf<'roomHeard'>): void {
    const { client, session, connection, room, message, isDelayed, at } = event;
    const stay = this.stays.get(client);
    if (stay?.session !== session || stay.connection !== connection) return;
    // What a room remembers is told to whoever joins it, too, and is nothing that it missed.
    if (isDelayed && !stay.isBack) return;
    stay.owed.delete(`${room} ${message}`);
    const messages = stay.rooms.get(room) ?? new Map<string, Told>();
    stay.rooms.set(room, messages);
    const before = messages.get(message);
    // Nobody has read that it has it.
    if (before?.state !== 'had') messages.set(message, { at, state: 'open' });
    else if (isDelayed && !this.#isExcused(before.at, at))
      this.#report(
        event,
        `client ${client} is told ${message} of '${room}' when it comes back, and had said that it has it`,
      );
  }

  /** Of what nobody has acknowledged no more is remembered than may wait for a session. */
  get #isRemembered(): boolean {
    const { historyMax = 0, resumeMessagesMax = 0 } = this.troubles.terms ?? {};
    return Math.min(historyMax, resumeMessagesMax) >= MANY;
  }

  /** Whoever had remembered it may have died, or the room may have had two homes. */
  #isExcused(since: number, at: number): boolean {
    if (this.#diedAt > since - NOTICE_US) return true;
    return this.troubles.isCluster && this.troubles.ofCluster(since - APART_US, at);
  }
}

const NOTICE_US = 10_000_000;
/** Longer than two nodes may know nothing of each other. */
const APART_US = 60_000_000;
const MANY = 100;
