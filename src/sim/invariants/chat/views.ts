// When everything has come to rest all nodes see the same, and it is the truth: who is here with how many sessions, and who sits
// in which room. And at no time is anybody shown for long who was on a process that is dead.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { Troubles } from './troubles.ts';

export const views: Invariant = {
  property: 'views',
  requirements: [
    'HP-PRES-2',
    'HP-ROOM-7',
    'HP-ROOM-8',
    'HP-RES-5',
    'HP-REPL-3',
    'HP-REPL-4',
    'HP-HOME-7',
    'HP-STATS-2',
  ],
  judge(report) {
    const judge = new Views(report);
    return {
      talkerJoined({ client, user, isMute }) {
        judge.users.set(client, user);
        // Whoever never answers is sent away again and again.
        if (isMute) judge.uncertain.add(user);
      },
      healed: () => {
        judge.isHealed = true;
      },
      loggedIn: ({ client, at }) => {
        if (judge.isHealed) judge.cameAt.set(client, at);
      },
      rested: () => {
        judge.isRest = true;
      },
      ghostSeen: (event) => judge.ghost(event),
      talkerRests: (event) => judge.rests(event),
      talkerEnded: ({ client }) => judge.ended(client),
      presenceTold: (event) => judge.presence(event),
      membersTold: (event) => judge.members(event),
      roomsTold: (event) => judge.rooms(event),
      chatBegan: ({ nodes }) => {
        judge.nodes = nodes;
      },
      statsTold: (event) => judge.stats(event),
      chatProbed: () => judge.end(),
    };
  },
};

class Views {
  isRest = false;
  readonly uncertain = new Set<string>();
  isHealed = false;
  /** By client: when it came in last, since all is well. */
  readonly cameAt = new Map<number, number>();
  /** By client. */
  readonly users = new Map<number, string>();
  readonly #report: Report;
  /** What is wrong unless one of these users is in doubt in the end. */
  readonly #suspected: {
    readonly event: TraceEvent;
    readonly isWrong: () => boolean;
    readonly sentence: string;
  }[] = [];
  readonly #sessions = new Map<string, number>();
  readonly #members = new Map<string, Set<string>>();
  nodes: readonly string[] = [];
  readonly #resting: EventOf<'talkerRests'>[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  rests(event: EventOf<'talkerRests'>): void {
    const { user, session, rooms, client, at } = event;
    this.#resting.push(event);
    if (at - (this.cameAt.get(client) ?? -Infinity) < KNOWN_US) this.uncertain.add(user);
    if (session === undefined) this.uncertain.add(user);
    else this.#sessions.set(user, (this.#sessions.get(user) ?? 0) + 1);
    for (const room of rooms) {
      const members = this.#members.get(room) ?? new Set();
      members.add(user);
      this.#members.set(room, members);
    }
  }

  /** What it asked to see the end was too much for it: it is sent away, and its session is over. */
  ended(client: number): void {
    const user = this.users.get(client);
    if (this.isRest && user !== undefined) this.uncertain.add(user);
  }

  /** Who is in doubt by now was so before anybody could know. */
  end(): void {
    this.isRest = false;
    for (const { event, sentence, isWrong } of this.#suspected)
      if (isWrong()) this.#report(event, sentence);
  }

  #suspect(event: TraceEvent, user: string, sentence: string): void {
    this.#suspected.push({ event, isWrong: () => !this.uncertain.has(user), sentence });
  }

  presence(event: EventOf<'presenceTold'>): void {
    if (!this.isRest) return;
    for (const [user, sessions] of event.users) {
      const truth = this.#sessions.get(user) ?? 0;
      if (sessions !== truth)
        this.#suspect(
          event,
          user,
          `client ${event.client} on node ${event.node} sees ${sessions} sessions of ${user}, which has ${truth}`,
        );
    }
  }

  /** [HP-RES-5] Others of the same user may sit beside it. */
  ghost(event: EventOf<'ghostSeen'>): void {
    const { room, user, session, node } = event;
    this.#suspect(
      event,
      user,
      `${session} of ${user} sits in '${room}' at home on node ${node}, and is over`,
    );
  }

  /** Those of the whole cluster in which somebody is. */
  rooms(event: EventOf<'roomsTold'>): void {
    if (!this.isRest) return;
    const { client, node, rooms, isPartial } = event;
    const says = `client ${client} on node ${node} sees`;
    const listed = new Map(rooms);
    for (const room of new Set([...listed.keys(), ...this.#members.keys()])) {
      const truth = [...(this.#members.get(room) ?? [])];
      const isMissing = listed.get(room) === undefined;
      if (isMissing && isPartial) continue;
      const count = listed.get(room) ?? 0;
      const isWrong = (): boolean => {
        const least = truth.filter((user) => !this.uncertain.has(user)).length;
        const most = new Set([...truth, ...this.uncertain]).size;
        return count < least || count > most || (count === 0 && !isMissing);
      };
      const sentence = `${says} ${count} in '${room}', where ${truth.length} are`;
      this.#suspected.push({ event, isWrong, sentence });
    }
  }

  /** Who is certainly there is counted, and where nobody is in doubt, nobody else. */
  stats(event: EventOf<'statsTold'>): void {
    if (!this.isRest) return;
    const { client, node: at, users, rooms } = event;
    const says = `client ${client} on node ${at} is told of`;
    const counts = new Map(event.sessions);
    const suspect = (told: number, truth: () => Iterable<unknown>, what: string): void => {
      const isWrong = (): boolean => {
        const { length } = [...truth()];
        return this.uncertain.size > 0 ? told < length : told !== length;
      };
      this.#suspected.push({ event, isWrong, sentence: `${says} ${told} ${what}` });
    };
    const certain = (): EventOf<'talkerRests'>[] =>
      this.#resting.filter(({ user }) => !this.uncertain.has(user));
    suspect(users, () => new Set(certain().map(({ user }) => user)), 'users');
    for (const [node, name] of this.nodes.entries())
      suspect(
        counts.get(name) ?? 0,
        () => certain().filter((one) => one.node === node),
        `sessions on ${name}`,
      );
    // Of several nodes nobody but they themselves knows which room is at home where.
    if (this.nodes.length === 1)
      suspect(rooms, () => new Set(certain().flatMap((one) => one.rooms)), 'rooms');
  }

  members(event: EventOf<'membersTold'>): void {
    if (!this.isRest) return;
    const { client, node, room, users } = event;
    const truth = this.#members.get(room) ?? new Set();
    for (const user of users)
      if (!truth.has(user))
        this.#suspect(
          event,
          user,
          `client ${client} on node ${node} sees ${user} in '${room}', who is not there`,
        );
    for (const user of truth)
      if (!users.includes(user))
        this.#suspect(
          event,
          user,
          `client ${client} on node ${node} does not see ${user} in '${room}'`,
        );
  }
}

export const ghosts: Invariant = {
  property: 'ghosts',
  requirements: ['HP-REPL-9', 'HP-MEMBER-3', 'HP-MEMBER-5', 'HP-MEMBER-11'],
  judge(report) {
    const judge = new Ghosts(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, user }) => judge.users.set(client, user),
      talkerConnected: ({ node, connection }) => judge.connected(node, connection),
      talkerAsked: (event) => judge.asked(event),
      processDied: ({ node, at }) => judge.died(node, at),
      peerSeen: (event) => judge.seen(event),
      presenceTold: (event) => judge.presence(event),
    };
  },
};

/** A session that may have begun: somebody has asked for it. */
interface Begun {
  readonly node: number;
  readonly life: number;
}

class Ghosts {
  readonly troubles = new Troubles();
  readonly users = new Map<number, string>();
  readonly #report: Report;
  /** By user. */
  readonly #begun = new Map<string, Begun[]>();
  /** By node: when each of its lives ended. */
  readonly #deaths: number[][] = [];
  /** By connection: the life of its node. */
  readonly #lives = new Map<number, number>();
  /** By observer and node: when it was taken for dead. */
  readonly #downs = new Map<string, number[]>();

  constructor(report: Report) {
    this.#report = report;
  }

  asked({ what, client, node }: EventOf<'talkerAsked'>): void {
    const user = this.users.get(client);
    // A session that is resumed may move to the node where that is asked for.
    if ((what !== 'LOGIN' && what !== 'RESUME') || user === undefined) return;
    const begun = this.#begun.get(user) ?? [];
    begun.push({ node, life: this.#deaths[node]?.length ?? 0 });
    this.#begun.set(user, begun);
  }

  died(node: number, at: number): void {
    (this.#deaths[node] ??= []).push(at);
  }

  seen({ node, peer, state, at }: EventOf<'peerSeen'>): void {
    if (state !== 'down') return;
    const key = `${node} ${this.troubles.nodes.indexOf(peer)}`;
    this.#downs.set(key, [...(this.#downs.get(key) ?? []), at]);
  }

  connected(node: number, connection: number): void {
    this.#lives.set(connection, this.#deaths[node]?.length ?? 0);
  }

  presence(event: EventOf<'presenceTold'>): void {
    const { node, client, at, connection } = event;
    // What a process said before it died is still on its way.
    if (this.#lives.get(connection) !== (this.#deaths[node]?.length ?? 0)) return;
    for (const [user, sessions] of event.users) {
      const possible = (this.#begun.get(user) ?? []).filter((one) =>
        this.#isPossible(one, node, at),
      );
      if (sessions > possible.length)
        this.#report(
          event,
          `client ${client} on node ${node} sees ${sessions} sessions of ${user}, of which ${possible.length} can be alive`,
        );
    }
  }

  #isPossible({ node, life }: Begun, observer: number, at: number): boolean {
    const diedAt = this.#deaths[node]?.[life];
    if (diedAt === undefined) return true;
    if (node === observer) return false;
    const { downMs = 0, lingerMs = 0 } = this.troubles.terms ?? {};
    const before = (this.#downs.get(`${observer} ${node}`) ?? []).filter((down) => down < diedAt);
    const damped = Math.min(DOWN_MAX_MS, downMs * 2 ** Math.max(0, before.length - 2));
    const boundUs = (Math.max(downMs, damped) + lingerMs + SLACK_MS) * 1_000;
    return at <= diedAt + boundUs + this.troubles.pausedUs(observer, diedAt, at);
  }
}

/** Until all nodes know of a session. */
const KNOWN_US = 2_000_000;
const DOWN_MAX_MS = 60_000;
/** Ticks, handshakes, and what shows it to keepers. */
const SLACK_MS = 4_000;
