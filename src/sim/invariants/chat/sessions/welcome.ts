// What a client is told as it comes in is true: which node it has come to, in which of its lives, and how many sessions its user
// has, on all nodes together.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const welcome: Invariant = {
  property: 'hp-welcome',
  requirements: ['HP-LOGIN-1', 'HP-SESS-1', 'HP-SESS-4', 'HP-RES-3', 'HP-RES-5', 'HP-SESS-6'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, user }) => judge.users.set(client, user),
      processBegan: ({ node, incarnation }) => judge.incarnations.set(node, incarnation),
      talkerConnected: ({ node, connection }) =>
        judge.lives.set(connection, judge.incarnations.get(node) ?? 0),
      processDied: ({ at }) => judge.died(at),
      shardCrashed: ({ at }) => judge.died(at),
      talkerAsked: (event) => judge.asked(event),
      talkerEnded: (event) => judge.ended(event),
      loggedIn: (event) => judge.loggedIn(event),
    };
  },
};

/** One that was asked for over a connection, whether its client has heard of it or not. */
interface Stay {
  /** Undefined until its client is in. */
  since: number | undefined;
  /** When it is over, at the latest. */
  until: number;
}

class Judge {
  readonly troubles = new Troubles();
  readonly users = new Map<number, string>();
  /** By node. */
  readonly incarnations = new Map<number, number>();
  /** By connection: the life that it was made to. */
  readonly lives = new Map<number, number>();
  readonly #report: Report;
  /** By user and connection; those of one session are one by the connection over which it began. */
  readonly #stays = new Map<string, Map<number, Stay>>();
  /** By client: the connection over which its session began. */
  readonly #first = new Map<number, number>();
  /** Sessions end with their tokens, and their clients are late to hear of it. */
  #areProved = false;
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  died(at: number): void {
    this.#diedAt = at;
  }

  asked({ what, client, connection, tokenMs }: EventOf<'talkerAsked'>): void {
    if (tokenMs !== undefined) this.#areProved = true;
    if (what === 'LOGIN') this.#of(client).set(connection, { since: undefined, until: Infinity });
    const stay = this.#of(client).get(this.#first.get(client) ?? connection);
    // It is over when the node hears of it.
    if (what === 'BYE' && stay !== undefined) stay.since = undefined;
  }

  #of(client: number): Map<number, Stay> {
    const user = this.users.get(client) ?? '';
    const stays = this.#stays.get(user) ?? new Map<number, Stay>();
    this.#stays.set(user, stays);
    return stays;
  }

  /** Whoever is told that it is too quiet may come back, too. */
  ended({ client, connection, at }: EventOf<'talkerEnded'>): void {
    const { resumeWindowMs = 0, pingTimeoutMs = 0 } = this.troubles.terms ?? {};
    const stay = this.#of(client).get(this.#first.get(client) ?? connection);
    const own = this.#of(client).get(connection);
    const until = at + (resumeWindowMs + pingTimeoutMs) * 1_000 + SLACK_US;
    for (const one of [stay, own])
      if (one !== undefined) Object.assign(one, { since: undefined, until });
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    const { client, node, connection, isResumed, home, incarnation, at } = event;
    if (home !== this.troubles.nodes[node])
      this.#report(
        event,
        `client ${client} is on ${this.troubles.nodes[node]}, and is told that it is ${home}`,
      );
    if (incarnation < (this.lives.get(connection) ?? 0))
      this.#report(
        event,
        `client ${client} is told of a life of ${home} that is over: ${incarnation}`,
      );
    const stays = this.#of(client);
    if (!isResumed) this.#first.set(client, connection);
    const first = this.#first.get(client) ?? connection;
    const stay = { since: at, until: Infinity };
    stays.set(first, stay);
    if (!isResumed) this.#count(event, stays, stay);
  }

  #count(event: EventOf<'loggedIn'>, stays: Map<number, Stay>, own: Stay): void {
    const { client, user, sessions, at } = event;
    const { isCluster = true, policy, sessionsPerUserMax = Infinity } = this.troubles.terms ?? {};
    let [least, most] = [1, 1];
    for (const [connection, stay] of stays) {
      if (stay === own) continue;
      if (stay.until < at) stays.delete(connection);
      else {
        most += 1;
        if (stay.since !== undefined && stay.since < at - KNOWN_US) least += 1;
      }
    }
    const since = at - TROUBLE_US;
    if (this.#diedAt > since || (isCluster && this.troubles.ofCluster(since, at))) return;
    // Where a user has one session, another one ends as this one begins; and a client may be late to hear that it is gone.
    const isSure = policy === 'multi' && !this.#areProved && !this.#isHeldUp(event);
    // [HP-SESS-4]
    if (isSure && least > sessionsPerUserMax)
      this.#report(
        event,
        `client ${client} comes in as ${user}, who has ${least} sessions now, of ${sessionsPerUserMax} at most`,
      );
    if (isCluster && at < TOGETHER_US) return;
    const says = `client ${client} is told that ${user} has ${sessions} sessions, who has`;
    if (sessions > most) this.#report(event, `${says} ${most} at most`);
    if (isSure && sessions < least) this.#report(event, `${says} ${least} at least`);
  }

  #isHeldUp({ user, node, at }: EventOf<'loggedIn'>): boolean {
    for (const [client, other] of this.users)
      if (other === user && this.troubles.isHeldUp(client, node, at - TROUBLE_US, at)) return true;
    return false;
  }
}

const SLACK_US = 5_000_000;
const KNOWN_US = 3_000_000;
const TROUBLE_US = 20_000_000;
const TOGETHER_US = 8_000_000;
