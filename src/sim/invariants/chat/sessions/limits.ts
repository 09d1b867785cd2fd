// Limits are as they are told: the last one that is allowed is allowed, and the first beyond it is refused with its code. Of
// rooms of a session, users that it watches, sessions of a user, and messages that wait for somebody who never comes.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const hpLimits: Invariant = {
  property: 'hp-limits',
  requirements: ['HP-LIM-2', 'HP-PRES-5', 'HP-SESS-4', 'HP-DM-4', 'HP-DM-5'],
  judge(report) {
    const judge = new Judge(report);
    return {
      chatBegan(event) {
        judge.terms = event.terms;
      },
      talkerJoined: ({ client, user }) => {
        judge.users.add(user);
        judge.userOf.set(client, user);
      },
      talkerConnected: (event) => judge.connected(event),
      talkerEnded: (event) => judge.ended(event),
      loggedIn: (event) => judge.loggedIn(event),
      seated: (event) => judge.seated(event),
      unseated: ({ client, room }) => judge.seats.get(client)?.delete(room),
      statusHeard: (event) => {
        if (event.isAnswer) judge.watches(event);
      },
      unwatched: ({ client, of }) => judge.watched.get(client)?.delete(of),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
      directAcked: (event) => judge.acked(event),
      presenceTold: (event) => judge.presence(event),
      shardCrashed: () => judge.died(),
      processDied: () => judge.died(),
    };
  },
};

/** What waits for a user that nobody is. */
interface Queue {
  readonly asked: Set<string>;
  readonly queued: Set<string>;
}

class Judge {
  readonly users = new Set<string>();
  /** By client: the rooms in which its session sits; none where nobody knows. */
  readonly seats = new Map<number, Set<string>>();
  /** And whom it watches. */
  readonly watched = new Map<number, Set<string>>();
  /** By connection and request: whom it asks to watch. */
  readonly #wanted = new Map<string, readonly string[]>();
  terms: EventOf<'chatBegan'>['terms'] | undefined = undefined;
  readonly #report: Report;
  readonly #queues = new Map<string, Queue>();
  #hasDied = false;
  /** Of all clients, to all rooms. */
  #joins = 0;
  /** By client, whether it has heard that it is in or not. */
  readonly userOf = new Map<number, string>();
  /** By client: connections over which a session may be attached, and since when each is over. */
  readonly #stays = new Map<number, Map<number, number>>();

  constructor(report: Report) {
    this.#report = report;
  }

  died(): void {
    this.#hasDied = true;
  }

  connected({ client, connection }: EventOf<'talkerConnected'>): void {
    const stays = this.#stays.get(client) ?? new Map<number, number>();
    stays.set(connection, Infinity);
    this.#stays.set(client, stays);
  }

  ended({ client, connection, at }: EventOf<'talkerEnded'>): void {
    this.#stays.get(client)?.set(connection, at);
    this.seats.delete(client);
    this.watched.delete(client);
  }

  loggedIn({ client, isResumed, isAnew, rooms }: EventOf<'loggedIn'>): void {
    this.seats.set(client, new Set(rooms));
    // Who comes back watches whom it did.
    if (!isResumed || isAnew) this.watched.set(client, new Set());
  }

  seated(event: EventOf<'seated'>): void {
    const { client, room, count } = event;
    const { roomMembersMax = Infinity } = this.terms ?? {};
    if (count > roomMembersMax)
      this.#report(event, `${count} sit in '${room}', of ${roomMembersMax} at most`);
    const seats = this.seats.get(client);
    if (seats === undefined) return;
    seats.add(room);
    const most = this.terms?.roomsPerSessionMax ?? Infinity;
    if (seats.size > most)
      this.#report(event, `client ${client} sits in ${seats.size} rooms, of ${most} at most`);
  }

  watches(event: EventOf<'statusHeard'>): void {
    const { client, of } = event;
    const watched = this.watched.get(client);
    if (watched === undefined) return;
    watched.add(of);
    const most = this.terms?.watchedUsersMax ?? Infinity;
    if (watched.size > most)
      this.#report(event, `client ${client} watches ${watched.size} users, of ${most} at most`);
  }

  asked({ what, to, message, connection, id }: EventOf<'talkerAsked'>): void {
    if (what === 'PRESENCE_SUBSCRIBE' && to !== undefined)
      this.#wanted.set(`${connection} ${id}`, to.split(' '));
    if (what === 'JOIN') this.#joins += 1;
    if (what !== 'DIRECT_MESSAGE' || to === undefined || message === undefined) return;
    if (this.users.has(to)) return;
    const queue = this.#queues.get(to) ?? { asked: new Set(), queued: new Set() };
    this.#queues.set(to, queue);
    queue.asked.add(message);
  }

  acked(event: EventOf<'directAcked'>): void {
    const { to, message, status } = event;
    const queue = this.#queues.get(to);
    if (queue === undefined || this.terms === undefined) return;
    if (status === 'queued') queue.queued.add(message);
    const { offlineMessagesMax: most, isCluster, isShort } = this.terms;
    // On each node so many may wait, and others when those are forgotten.
    if (!isCluster && !isShort && !this.#hasDied && queue.queued.size > most)
      this.#report(event, `${queue.queued.size} messages wait for ${to}, of ${most} at most`);
  }

  answered(event: EventOf<'talkerAnswered'>): void {
    const { client, asked, code, expected } = event;
    if (code === undefined || expected !== undefined || this.terms === undefined) return;
    const says = `client ${client} is refused`;
    const { roomsPerSessionMax, roomMembersMax, watchedUsersMax, sessionsPerUserMax } = this.terms;
    switch (asked) {
      case 'JOIN':
        if (code === 'ROOM_FULL') this.#isCrowded(event, roomMembersMax);
        else if (code === 'FORBIDDEN')
          this.#isFull(event, this.seats.get(client), roomsPerSessionMax);
        else if (code !== 'RATE_LIMITED') this.seats.delete(client);
        return;
      // Nobody knows then whether it sits there.
      case 'LEAVE':
        this.seats.delete(client);
        return;
      case 'PRESENCE_SUBSCRIBE':
        if (code === 'INVALID_PAYLOAD')
          this.#isFull(event, this.watched.get(client), watchedUsersMax, this.#added(event));
        else this.watched.delete(client);
        return;
      case 'PRESENCE_UNSUBSCRIBE':
        this.watched.delete(client);
        return;
      case 'LOGIN':
        if (code === 'SESSION_LIMIT' && this.#attached(event) < sessionsPerUserMax)
          this.#report(event, `${says} a session, of ${sessionsPerUserMax} that its user may have`);
        return;
      case 'DIRECT_MESSAGE':
        this.#isRefused(event, code, this.terms.offlineMessagesMax);
        return;
      default:
    }
  }

  /** [HP-PRES-5] How many of a list it did not watch yet. */
  #added({ client, connection, id }: EventOf<'talkerAnswered'>): number {
    const wanted = this.#wanted.get(`${connection} ${id}`);
    const watched = this.watched.get(client);
    return wanted?.filter((user) => watched?.has(user) !== true).length ?? 1;
  }

  #isFull(
    event: EventOf<'talkerAnswered'>,
    has: ReadonlySet<string> | undefined,
    most: number,
    added = 1,
  ): void {
    if (has === undefined || has.size + added > most) return;
    const { client, asked, code } = event;
    this.#report(
      event,
      `client ${client} has ${has.size} of ${most}, and its ${asked} is ${code ?? ''}`,
    );
  }

  #isCrowded(event: EventOf<'talkerAnswered'>, most: number): void {
    if (this.#joins <= most)
      this.#report(event, `client ${event.client} is told that a room is full, of ${most}`);
  }

  #isRefused(event: EventOf<'talkerAnswered'>, code: string, most: number): void {
    const says = `client ${event.client} is answered ${code}`;
    if (code === 'USER_OFFLINE' && most > 0)
      this.#report(event, `${says}, where ${most} messages may wait`);
    if (code === 'QUEUE_FULL' && most === 0) this.#report(event, `${says}, where none may wait`);
  }

  /** Sessions that may be attached beside the one that asks. */
  #attached({ client, connection, at }: EventOf<'talkerAnswered'>): number {
    const { pingTimeoutMs = 0, isCluster = true } = this.terms ?? {};
    const user = this.userOf.get(client);
    if (isCluster || this.#hasDied || user === undefined) return Infinity;
    const since = at - pingTimeoutMs * 1_000 - SLACK_US;
    let sum = 0;
    for (const [other, stays] of this.#stays) {
      if (this.userOf.get(other) !== user) continue;
      for (const [one, until] of stays)
        if (until < since) stays.delete(one);
        else if (one !== connection) sum += 1;
    }
    return sum;
  }

  /** Detached ones count. */
  presence(event: EventOf<'presenceTold'>): void {
    const { sessionsPerUserMax = Infinity, isCluster = true, policy } = this.terms ?? {};
    // A keeper that is new is told who is here, and asks nobody.
    if (isCluster || this.#hasDied) return;
    const most = policy === 'multi' ? sessionsPerUserMax : 1;
    for (const [user, sessions] of event.users)
      if (sessions > most)
        this.#report(event, `${user} has ${sessions} sessions, of ${most} at most`);
  }
}

/** A keeper learns a little later what a session does. */
const SLACK_US = 5_000_000;
