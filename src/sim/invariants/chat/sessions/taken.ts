// What a client has taken is not told it again, and what it has not taken is: when it comes back over another connection, and
// when its user comes with another session. A client without the cap `ack` has taken what it has read; one with it, what its
// node has heard it say it has.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const taken: Invariant = {
  property: 'taken',
  requirements: ['HP-ACK-3', 'HP-RES-3', 'HP-RES-7', 'HP-DM-4', 'HP-DM-6', 'HP-STORE-6'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: (event) => judge.joined(event),
      loggedIn: (event) => judge.loggedIn(event),
      seated: ({ client, room }) => judge.takings.get(client)?.read.delete(room),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
      directHeard: (event) => judge.directHeard(event),
      roomHeard: (event) => judge.roomHeard(event),
      shardCrashed: ({ at, node }) => judge.died(node, at),
      processDied: ({ at, node }) => judge.died(node, at),
    };
  },
};

/** A direct message that somebody has taken. */
interface Had {
  readonly session: string;
  readonly node: number;
  readonly at: number;
}

/** What one client was told in one session. */
interface Taking {
  readonly session: string;
  readonly hasAck: boolean;
  connection: number;
  begunAt: number;
  /** Direct messages that it was told and has not said to have, in their order; and those of earlier connections. */
  readonly open: Map<string, EventOf<'directHeard'>>;
  /** It has said so once, and somebody may have read it: a node that has not may tell it again, and no other need to. */
  readonly mayHave: Set<string>;
  owed: Map<string, EventOf<'directHeard'>>;
  /** Said to be taken; by the request behind it, whose answer tells that this was read. */
  saying: string[];
  readonly said: Map<string, readonly string[]>;
  /** By room: what it was told, and of that what it may not have taken. */
  readonly heard: Map<string, Map<string, number>>;
  readonly untaken: Map<string, Set<string>>;
  /** Rooms of which it had taken everything when it came back, with what that was. */
  read: Map<string, ReadonlyMap<string, number>>;
}

class Judge {
  readonly troubles = new Troubles();
  /** By client. */
  readonly takings = new Map<number, Taking>();
  readonly #report: Report;
  readonly #acking = new Set<number>();
  /** By user. */
  readonly #clients = new Map<string, number>();
  /** By receiver, sender and message. */
  readonly #had = new Map<string, Had>();
  /** By node: when a thread of it died last. */
  readonly #diedAt = new Map<number, number>();
  #lastDeath = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  joined({ client, user, hasAck }: EventOf<'talkerJoined'>): void {
    if (hasAck) this.#acking.add(client);
    this.#clients.set(user, (this.#clients.get(user) ?? 0) + 1);
  }

  died(node: number, at: number): void {
    this.#diedAt.set(node, at);
    this.#lastDeath = at;
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, session, connection, at, isResumed, isAnew } = event;
    const before = this.takings.get(client);
    const hasAck = this.#acking.has(client);
    if (before === undefined || before.session !== session || !isResumed || isAnew) {
      this.takings.set(client, {
        ...{
          session,
          hasAck,
          connection,
          begunAt: at,
          open: new Map(),
          mayHave: new Set(),
          owed: new Map(),
        },
        ...{ saying: [], said: new Map(), heard: new Map(), untaken: new Map(), read: new Map() },
      });
      return;
    }
    before.connection = connection;
    before.owed = new Map(before.open);
    before.saying = [];
    before.said.clear();
    const all = [...before.heard].filter(([room]) => (before.untaken.get(room)?.size ?? 0) === 0);
    before.read = new Map(all.map(([room, messages]) => [room, new Map(messages)]));
  }

  asked({ client, what, id, taken: some }: EventOf<'talkerAsked'>): void {
    const taking = this.takings.get(client);
    if (taking === undefined) return;
    if (some !== undefined) {
      taking.saying.push(...some);
      // It may have been read or not, from now on.
      for (const one of some) {
        taking.open.delete(one);
        taking.mayHave.add(one);
      }
    } else if (taking.saying.length > 0 && what !== 'PONG' && what !== 'TYPING') {
      taking.said.set(id, taking.saying);
      taking.saying = [];
    }
  }

  answered(event: EventOf<'talkerAnswered'>): void {
    const { client, id, asked, connection } = event;
    const taking = this.takings.get(client);
    if (taking === undefined || taking.connection !== connection || asked === 'RESUME') return;
    if (id !== undefined && taking.said.has(id)) {
      for (const [earlier, messages] of taking.said) {
        for (const message of messages) this.#takes(taking, message, event);
        taking.said.delete(earlier);
        if (earlier === id) break;
      }
    }
    const [first] = taking.owed.values();
    taking.owed.clear();
    if (first === undefined || this.#isLost(first.at) || this.#isCrowded) return;
    // It may have been told on one node, and come back to what another one has of its session.
    if (this.#isApart(first.at - APART_US, event.at)) return;
    this.#report(
      event,
      `client ${client} has not said that it has ${first.message} of ${first.from}, and is not told again when it comes back`,
    );
  }

  /** Its node has read that it has it. */
  #takes(taking: Taking, message: string, { node, at }: EventOf<'talkerAnswered'>): void {
    for (const untaken of taking.untaken.values()) untaken.delete(message);
    const key = this.#told.get(`${taking.session} ${message}`);
    if (key !== undefined) this.#has(key, { session: taking.session, node, at });
  }

  /** By session and message: receiver, sender and message. */
  readonly #told = new Map<string, string>();

  #has(key: string, had: Had): void {
    if (!this.#had.has(key)) this.#had.set(key, had);
  }

  directHeard(event: EventOf<'directHeard'>): void {
    const { client, user, session, from, message, isSent, node, at } = event;
    const taking = this.takings.get(client);
    if (taking === undefined || taking.session !== session) return;
    taking.owed.delete(message);
    if (taking.hasAck && !taking.mayHave.has(message)) taking.open.set(message, event);
    if (isSent) return;
    const key = `${user} ${from} ${message}`;
    const had = this.#had.get(key);
    if (had !== undefined) this.#again(event, had, taking);
    else if (taking.hasAck) this.#told.set(`${session} ${message}`, key);
    else this.#has(key, { session, node, at });
  }

  /** By a session of its user that had it, or by one that came later. */
  #again(event: EventOf<'directHeard'>, had: Had, taking: Taking): void {
    const { client, user, message, at, node } = event;
    const isOne = had.session === taking.session;
    if (isOne ? !taking.hasAck : taking.begunAt < had.at + KNOWN_US) return;
    // What one session has, and another one not, waits on the node of that for the next one.
    if (this.troubles.terms?.isCluster === true && (this.#clients.get(user) ?? 0) > 1) return;
    const diedAt = Math.max(
      this.#diedAt.get(had.node) ?? -Infinity,
      this.#diedAt.get(node) ?? -Infinity,
    );
    if (diedAt > had.at - NOTICE_US || this.#isCrowded) return;
    if (this.#isApart(had.at - APART_US, had.at + KNOWN_US)) return;
    if (isOne && this.#isApart(had.at, at)) return;
    this.#report(
      event,
      `client ${client} is told ${message} of ${event.from}, which ${user} had in session ${had.session}`,
    );
  }

  roomHeard(event: EventOf<'roomHeard'>): void {
    const { client, session, room, message, isDelayed, at } = event;
    const taking = this.takings.get(client);
    if (taking === undefined || taking.session !== session) return;
    const heardAt = isDelayed ? taking.read.get(room)?.get(message) : undefined;
    if (heardAt !== undefined && !this.#isLost(heardAt) && !this.#isApart(heardAt - APART_US, at))
      this.#report(
        event,
        `client ${client} is told ${message} of '${room}' when it comes back, and had taken all that was said there`,
      );
    const heard = taking.heard.get(room) ?? new Map<string, number>();
    taking.heard.set(room, heard.set(message, at));
    if (!taking.hasAck) return;
    const untaken = taking.untaken.get(room) ?? new Set<string>();
    taking.untaken.set(room, untaken.add(message));
  }

  /** More than may wait for a session wait for the next one, whoever has them by then. */
  get #isCrowded(): boolean {
    const { resumeMessagesMax = 0, resumeBytesMax = 0 } = this.troubles.terms ?? {};
    return resumeMessagesMax < MANY || resumeBytesMax < MANY_BYTES;
  }

  /** Whoever had remembered it may have died. */
  #isLost(since: number): boolean {
    return this.#lastDeath > since - NOTICE_US;
  }

  #isApart(from: number, to: number): boolean {
    return this.troubles.terms?.isCluster === true && this.troubles.ofCluster(from, to);
  }
}

/** Until who keeps a user's messages knows that one was taken, and has told whoever held it for him. */
const KNOWN_US = 5_000_000;
const NOTICE_US = 10_000_000;
/** Longer than a message may be on its way between nodes. */
const APART_US = 20_000_000;
/** More than ever wait for anybody. */
const MANY = 100;
const MANY_BYTES = 1_000_000;
