// Whoever watches a user hears of a change soon, and when he was away, soon after he is back. Judged of users who have one
// client, and no session left over, where nothing has happened to the watcher and his way: then it is known what they are.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const timely: Invariant = {
  property: 'told-in-time',
  requirements: ['HP-PRES-1', 'HP-PRES-3', 'HP-PRES-6', 'HP-RES-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: (event) => judge.joined(event),
      loggedIn: (event) => judge.loggedIn(event),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: ({ client, asked = '' }) => judge.asks(client, asked, -1),
      statusSet: (event) => judge.changes(event, event.status, event.note),
      talkerEnded: (event) => judge.ended(event),
      shardCrashed: () => judge.forget(),
      processDied: () => judge.forget(),
      statusHeard: ({ client, of, status, note }) => judge.hears(client, of, status, note),
      statusesTold({ client, statuses }) {
        for (const [of, status, note] of statuses) judge.learns(client, of, status, note);
      },
      unwatched: ({ client, of }) => judge.watchers.get(client)?.watches.delete(of),
      sampled: (event) => judge.look(event),
    };
  },
};

/** One user with one client. */
interface Watched {
  /** That it has asked for. */
  logins: number;
  /** Counts whatever may have made it something else. */
  changes: number;
  changedAt: number;
  /** Status and note; undefined where nobody knows. */
  word: string | undefined;
  /** Changes that it has asked for, and that are not answered. */
  asking: number;
}

interface Watcher {
  readonly user: string;
  node: number;
  connection: number;
  readonly isSlow: boolean;
  end: EventOf<'talkerEnded'> | undefined;
  /** What it was told last of each. */
  readonly watches: Map<string, string>;
}

interface Due {
  readonly at: number;
  readonly client: number;
  readonly connection: number;
  readonly of: string;
  readonly changes: number;
}

class Judge {
  readonly troubles = new Troubles();
  readonly watchers = new Map<number, Watcher>();
  readonly #report: Report;
  readonly #users = new Map<string, Watched | undefined>();
  /** By user: its client, where it has one. */
  readonly #clients = new Map<string, number>();
  /** By client: as what its next session begins. */
  readonly #begins = new Map<number, string>();
  #due: Due[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  joined({ client, node, user, isMute, isSlow }: EventOf<'talkerJoined'>): void {
    const isAlone = !this.#users.has(user) && !isMute;
    const fresh = { logins: 0, changes: 0, changedAt: 0, word: undefined, asking: 0 };
    this.#users.set(user, isAlone ? fresh : undefined);
    this.#clients.set(user, client);
    const begin = { connection: -1, end: undefined, watches: new Map<string, string>() };
    this.watchers.set(client, { user, node, isSlow, ...begin });
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, node, connection, user, isResumed, isAnew, at } = event;
    const watcher = this.watchers.get(client);
    if (watcher === undefined) return;
    Object.assign(watcher, { node, connection });
    if (!isResumed || isAnew) watcher.watches.clear();
    else this.#isBack(watcher, client, at);
    const known = this.#users.get(user);
    if (known === undefined) return;
    // A session of before may still speak for it.
    if (!isResumed && known.logins === 1)
      this.changes(event, this.#begins.get(client) ?? 'online', undefined);
    else if (!isResumed || isAnew) this.#doubt(known);
  }

  asked({ client, what, status = 'online' }: EventOf<'talkerAsked'>): void {
    if (what === 'LOGIN') this.#begins.set(client, status);
    this.asks(client, what, 1);
    const known = this.#userOf(client);
    if (what !== 'LOGIN' || known === undefined) return;
    known.logins += 1;
    // It may have been let in twice, and have heard of one of these alone.
    if (known.logins > 1) this.#doubt(known);
  }

  asks(client: number, what: string, by: number): void {
    const known = this.#userOf(client);
    if (what === 'PRESENCE_SET' && known !== undefined) known.asking += by;
  }

  ended(event: EventOf<'talkerEnded'>): void {
    const watcher = this.watchers.get(event.client);
    // One over which it has not come in ends nothing.
    if (watcher?.connection === event.connection) watcher.end = event;
    const known = this.#userOf(event.client);
    if (known === undefined) return;
    if (event.isBye || known.asking > 0) this.#doubt(known);
    known.asking = 0;
  }

  changes(
    { user, at }: { user: string; at: number },
    status: string,
    note: string | undefined,
  ): void {
    const known = this.#users.get(user);
    if (known === undefined || known.logins > 1) return;
    Object.assign(known, { changes: known.changes + 1, changedAt: at, word: wordOf(status, note) });
    for (const [client, { connection, watches, end }] of this.watchers)
      // Whoever is away is owed it when he is back.
      if (watches.has(user) && end?.connection !== connection)
        this.#expect(client, connection, user, known, at);
  }

  hears(client: number, of: string, status: string, note: string | undefined): void {
    this.watchers.get(client)?.watches.set(of, wordOf(status, note));
  }

  learns(client: number, of: string, status: string, note: string | undefined): void {
    const watches = this.watchers.get(client)?.watches;
    // It may be news, or have been overtaken by what was told of a change.
    if (watches?.get(of) !== wordOf(status, note)) watches?.delete(of);
  }

  forget(): void {
    for (const user of this.#users.values()) if (user !== undefined) this.#doubt(user);
  }

  /** What was told to a connection that was no more is told again. */
  #isBack({ connection, watches }: Watcher, client: number, at: number): void {
    for (const of of watches.keys()) {
      const known = this.#users.get(of);
      if (known !== undefined) this.#expect(client, connection, of, known, at);
    }
  }

  #expect(client: number, connection: number, of: string, { changes }: Watched, at: number): void {
    this.#due.push({ at: at + SOON_US, client, connection, of, changes });
  }

  #userOf(client: number): Watched | undefined {
    return this.#users.get(this.watchers.get(client)?.user ?? '');
  }

  /** Its session may be over. */
  #isAway(user: string): boolean {
    const { connection, end } = this.watchers.get(this.#clients.get(user) ?? -1) ?? {};
    return end !== undefined && end.connection === connection;
  }

  #doubt(known: Watched): void {
    known.changes += 1;
    known.word = undefined;
  }

  look(event: EventOf<'sampled'>): void {
    const { at } = event;
    while (this.#due[0] !== undefined && this.#due[0].at <= at) {
      const [due] = this.#due.splice(0, 1) as [Due];
      const watcher = this.watchers.get(due.client);
      const known = this.#users.get(due.of);
      const told = watcher?.watches.get(due.of);
      if (watcher === undefined || known?.word === undefined || told === undefined) continue;
      if (known.asking > 0 || this.#isAway(due.of)) continue;
      const isSame = watcher.connection === due.connection && known.changes === due.changes;
      if (!isSame || told === known.word || this.#isExcused(watcher, due, at)) continue;
      this.#report(
        event,
        `client ${due.client} was told last that ${due.of} is ${told}, who has been ${known.word} for ${at - known.changedAt} µs`,
      );
    }
  }

  #isExcused({ isSlow, node, end, connection }: Watcher, { client }: Due, at: number): boolean {
    if (isSlow || (end !== undefined && end.at > at - SOON_US)) return true;
    // It is away, and hears nothing.
    if (end?.connection === connection) return true;
    if (this.troubles.isCluster && (at < TOGETHER_US || this.troubles.ofCluster(at - LONG_US, at)))
      return true;
    return this.troubles.ofTalker(client, node, at - LONG_US, at);
  }
}

function wordOf(status: string, note: string | undefined): string {
  return note === undefined ? status : `${status} (${note})`;
}

/** A second since the change before, and the ways. */
const SOON_US = 3_000_000;
const LONG_US = 8_000_000;
const TOGETHER_US = 10_000_000;
