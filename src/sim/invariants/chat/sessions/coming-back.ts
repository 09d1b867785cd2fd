// Whoever comes back in time finds his session: it is over only where he was away for too long, more came for him than may wait,
// another one has taken his place, or the thread has died that had it. And no more waits for him than that.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';
import { MakingWay } from './making-way.ts';

export const comesBack: Invariant = {
  property: 'comes-back',
  requirements: ['HP-RES-1', 'HP-RES-2', 'HP-RES-6', 'HP-RES-9', 'HP-RES-12', 'HP-SESS-4'],
  judge(report) {
    const judge = new Judge(report);
    const { watcher } = judge.way;
    return {
      ...judge.troubles.watcher,
      talkerJoined: (event) => {
        watcher.talkerJoined(event);
        judge.users.set(event.client, event.user);
        if (event.isSlow) judge.slow.add(event.client);
      },
      talkerConnected: ({ connection, shard, node }) =>
        judge.threads.set(connection, `${node} ${shard}`),
      loggedIn: (event) => {
        watcher.loggedIn(event);
        judge.loggedIn(event);
      },
      talkerAsked: (event) => {
        watcher.talkerAsked(event);
        judge.asked(event);
      },
      talkerAnswered: (event) => {
        watcher.talkerAnswered(event);
        judge.answered(event);
      },
      talkerEnded: (event) => {
        watcher.talkerEnded(event);
        judge.ended(event);
      },
      directHeard: (event) => judge.heard(event),
      shardCrashed: ({ node, shard, at }) => {
        judge.way.died();
        judge.deaths.set(`${node} ${shard}`, at);
        judge.knownAt = Infinity;
      },
      shardStarted: ({ at }) => {
        judge.knownAt = at + KNOWN_US;
      },
      processDied: ({ at }) => judge.died(at),
      nodeKilled: ({ at }) => judge.died(at),
    };
  },
};

interface Stay {
  readonly session: string;
  readonly at: number;
  /** When it lost its connection, as it saw it. */
  endedAt: number | undefined;
  isBye: boolean;
  /** Its node goes on speaking to nobody. */
  isCut: boolean;
  /** When its client had another one last: that may have been on its way somewhere. */
  readonly formerAt: number;
  /** Where it may be: it moves to wherever its client comes. */
  readonly threads: Set<string>;
  /** Direct messages to its user when it came in, and when it went. */
  readonly came: number;
  cameBefore: number;
}

/** What follows an answer to a client that has come back. */
interface Told {
  left: number;
  directs: number;
}

class Judge {
  readonly troubles = new Troubles();
  readonly way = new MakingWay(this.troubles);
  readonly users = new Map<number, string>();
  readonly slow = new Set<number>();
  /** Whose session is over with its token. */
  readonly proved = new Set<number>();
  /** By connection. */
  readonly threads = new Map<number, string>();
  /** By thread: when it died last. */
  readonly deaths = new Map<string, number>();
  readonly #report: Report;
  /** Who keeps its user knows nobody at first. */
  knownAt = 0;
  #diedAt = Number.NEGATIVE_INFINITY;
  /** By client. */
  readonly #stays = new Map<number, Stay>();
  /** By user: the client that came in last, and how many words were for him. */
  readonly #last = new Map<string, number>();
  readonly #came = new Map<string, number>();
  readonly #told = new Map<number, Told>();
  /** By session: where its client has ended it, and when. */
  readonly #gone = new Map<string, { readonly node: number; readonly at: number }>();

  constructor(report: Report) {
    this.#report = report;
  }

  died(at: number): void {
    this.way.died();
    this.#diedAt = at;
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, user, session, at, connection, isResumed, isAnew, replayed } = event;
    if (isResumed && this.#isGoneFrom(event))
      this.#report(event, `client ${client} comes back to ${session}, which it has ended`);
    const came = this.#came.get(user) ?? 0;
    const threads = new Set([this.threads.get(connection) ?? '']);
    const former = this.#stays.get(client);
    const isOther = former !== undefined && former.session !== session;
    const formerAt = isOther ? (former.endedAt ?? at) : (former?.formerAt ?? -Infinity);
    const stay = { session, at, endedAt: undefined, isBye: false, isCut: false, threads, formerAt };
    this.#stays.set(client, { ...stay, came, cameBefore: came });
    this.#last.set(user, client);
    if (isResumed && !isAnew) this.#told.set(connection, { left: replayed, directs: 0 });
  }

  asked({ client, what, to, connection, isRepeat, tokenMs }: EventOf<'talkerAsked'>): void {
    if (tokenMs !== undefined) this.proved.add(client);
    // [HP-DM-8] What one session says comes to all others of its user.
    if (what === 'DIRECT_MESSAGE' && to !== undefined && isRepeat !== true)
      for (const user of new Set([to, this.users.get(client) ?? '']))
        this.#came.set(user, (this.#came.get(user) ?? 0) + 1);
    // Whether it comes here or not, it may have been on its way.
    if (what === 'RESUME') this.#stays.get(client)?.threads.add(this.threads.get(connection) ?? '');
  }

  ended({ client, connection, at, isBye, isCut }: EventOf<'talkerEnded'>): void {
    const stay = this.#stays.get(client);
    this.#told.delete(connection);
    if (stay === undefined) return;
    stay.endedAt ??= at;
    stay.isBye ||= isBye;
    stay.isCut ||= isCut;
    stay.cameBefore = Math.min(stay.cameBefore, this.#came.get(this.users.get(client) ?? '') ?? 0);
  }

  /** [HP-RES-6] */
  heard(event: EventOf<'directHeard'>): void {
    const { client, connection, isDelayed } = event;
    const told = this.#told.get(connection);
    if (told === undefined) return;
    if (!isDelayed || told.left === 0) {
      this.#told.delete(connection);
      return;
    }
    told.left -= 1;
    told.directs += 1;
    const { resumeMessagesMax = Infinity, isCluster = true } = this.troubles.terms ?? {};
    // What it had not taken before it went counts for itself.
    if (!isCluster && told.directs === 2 * resumeMessagesMax + 1)
      this.#report(
        event,
        `${told.directs} messages have waited for the session of client ${client}, of ${resumeMessagesMax} at most`,
      );
  }

  /** [HP-RES-2] It has ended it here, and no other node has had it since. */
  #isGoneFrom({ session, node, at }: EventOf<'loggedIn'>): boolean {
    const gone = this.#gone.get(session);
    if (gone === undefined || gone.node !== node || this.#diedAt > gone.at) return false;
    return !this.troubles.areApart(gone.at - APART_US, at);
  }

  answered(event: EventOf<'talkerAnswered'>): void {
    const { client, asked, code, at, node } = event;
    const own = this.#stays.get(client)?.session;
    if (asked === 'BYE' && code === undefined && own !== undefined)
      this.#gone.set(own, { node, at });
    if (asked !== 'RESUME' || code !== 'SESSION_EXPIRED') return;
    const stay = this.#stays.get(client);
    this.#stays.delete(client);
    if (stay?.endedAt === undefined || stay.isBye || this.#isOver(event, stay)) return;
    this.#report(
      event,
      `client ${client} comes back after ${(at - stay.endedAt) / 1e6} s, and its session is over`,
    );
  }

  /** [HP-SESS-4] */
  #mayHaveMadeWay({ session, endedAt = 0 }: Stay, at: number): boolean {
    if ((this.troubles.terms?.sessionsPerUserMax ?? 0) >= MANY) return false;
    return this.way.mayHave(session, endedAt, at);
  }

  #isOver({ client, node, at }: EventOf<'talkerAnswered'>, stay: Stay): boolean {
    const { terms } = this.troubles;
    if (terms === undefined || stay.endedAt === undefined || this.slow.has(client)) return true;
    // [HP-LIM-6]
    if (stay.isCut && terms.queueBytesMax < MANY_BYTES / 10) return true;
    const since = stay.endedAt - BEFORE_US;
    if (at - stay.endedAt > terms.resumeWindowMs * 1_000 - SLACK_US) return true;
    const user = this.users.get(client) ?? '';
    const isOnly = this.#last.get(user) === client && stay.at - stay.formerAt > FORMER_US;
    if (terms.policy !== 'multi' && !isOnly) return true;
    if (this.proved.has(client) || this.#mayHaveMadeWay(stay, at)) return true;
    const came = (this.#came.get(user) ?? 0) - stay.came;
    if (came > terms.resumeMessagesMax || (came > 0 && terms.resumeBytesMax < MANY_BYTES))
      return true;
    if (this.#diedAt > stay.at - BEFORE_US) return true;
    for (const thread of stay.threads)
      if ((this.deaths.get(thread) ?? -Infinity) > stay.at - BEFORE_US) return true;
    if (at < this.knownAt) return true;
    if (terms.isCluster && this.troubles.ofCluster(stay.at - BEFORE_US, at)) return true;
    return this.troubles.isHeldUp(client, node, since, at);
  }
}

const BEFORE_US = 5_000_000;
const SLACK_US = 1_000_000;
/** What was asked for a session over a connection that has ended since may still be done. */
const FORMER_US = 10_000_000;
/** Longer than two nodes may know nothing of each other. */
const APART_US = 60_000_000;
/** Until sessions have said that they are there. */
const KNOWN_US = 300_000;
const MANY = 100;
const MANY_BYTES = 1_000_000;
