// Whoever is sent away hears why. And where a user has one session, the one that came last is the only one that is obeyed:
// with `reject` nobody comes beside it, and when two nodes have let one in each, the earlier one stays. Which one that is nobody
// can tell of two whose nodes had not heard of the other's.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const lastWords: Invariant = {
  property: 'hp-last-words',
  requirements: ['HP-ERR-2', 'HP-SESS-3', 'HP-SESS-6', 'HP-DRAIN-2'],
  judge(report) {
    const troubles = new Troubles();
    /** By client: it was told to come again, and its connection closes. */
    const putOff = new Set<number>();
    return {
      ...troubles.watcher,
      talkerConnected: ({ client }) => putOff.delete(client),
      talkerAnswered({ client, asked, code }) {
        // [HP-RES-11]
        if (asked === 'RESUME' && code !== undefined) putOff.add(client);
      },
      talkerEnded(event) {
        const { client, node, by, isBye, at } = event;
        if (by !== 'server' || isBye || putOff.has(client)) return;
        // [HP-RES-9] What it had asked of another node is done at last, and takes the session away.
        if (troubles.isCluster && troubles.ofCluster(at - APART_US, at)) return;
        if (!troubles.ofTalker(client, node, at - BEFORE_US, at))
          report(event, `client ${client} is sent away, and hears no word of it`);
      },
    };
  },
};

export const oneSession: Invariant = {
  property: 'one-session',
  requirements: ['HP-SESS-2', 'HP-SESS-3', 'HP-PART-3'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, user }) => judge.users.set(client, user),
      loggedIn: (event) => judge.loggedIn(event),
      talkerAsked: (event) => judge.asked(event),
      roomAcked: (event) => judge.acked(event),
      directAcked: (event) => judge.acked(event),
      talkerNoticed: (event) => judge.noticed(event),
      shardCrashed: ({ at }) => judge.died(at),
      processDied: ({ at }) => judge.died(at),
      talkerRests: (event) => judge.rests(event),
      talkerEnded: ({ client }) => judge.in.delete(client),
      healed: ({ at }) => {
        judge.healedAt = at;
      },
      sampled: (event) => judge.look(event),
    };
  },
};

interface Begun {
  readonly at: number;
  readonly node: number;
}

class Judge {
  /** Clients that are in. */
  readonly in = new Set<number>();
  healedAt = Number.POSITIVE_INFINITY;
  readonly troubles = new Troubles();
  readonly users = new Map<number, string>();
  readonly #report: Report;
  /** By user: the session that came last. */
  readonly #last = new Map<string, EventOf<'loggedIn'>>();
  /** By user: when each of its sessions came to its node, by client. */
  readonly #begun = new Map<string, Map<number, Begun>>();
  readonly #askedAt = new Map<string, number>();
  readonly #resting = new Map<string, number>();
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  get #isOne(): boolean {
    return this.troubles.terms !== undefined && this.troubles.terms.policy !== 'multi';
  }

  died(at: number): void {
    this.#diedAt = at;
  }

  loggedIn(event: EventOf<'loggedIn'>): void {
    if (!this.#isOne) return;
    const { client, user, node, at, isResumed, isAnew } = event;
    this.in.add(client);
    this.#last.set(user, event);
    const begun = this.#begun.get(user) ?? new Map<number, Begun>();
    this.#begun.set(user, begun);
    // Of several sessions of one client the first may be somewhere still, and of one that began anew the earlier half.
    const before = begun.get(client);
    if (before === undefined) begun.set(client, { at, node });
    else if (!isResumed || isAnew) begun.set(client, { at: Number.NEGATIVE_INFINITY, node });
    // A move to another node counts as a login.
    else if (before.node !== node && Number.isFinite(before.at)) begun.set(client, { at, node });
  }

  asked({ message, at, what }: EventOf<'talkerAsked'>): void {
    if (this.#isOne && message !== undefined && what.endsWith('MESSAGE'))
      this.#askedAt.set(message, at);
  }

  /** What it asked for after another one was in. */
  acked(event: EventOf<'roomAcked'> | EventOf<'directAcked'>): void {
    if (!this.#isOne) return;
    const { client, user, session, message, at } = event;
    const last = this.#last.get(user);
    if (last === undefined || last.session === session || last.client === client) return;
    const askedAt = this.#askedAt.get(message) ?? 0;
    // The other one is told to go, and may be late to hear it.
    if (askedAt < last.at + NOTICE_US || this.#isApart(at)) return;
    this.#report(
      event,
      `client ${client} is obeyed as ${user}, who has come as client ${last.client} since`,
    );
  }

  #isApart(at: number): boolean {
    if (this.#diedAt > at - APART_US) return true;
    return this.troubles.isCluster && this.troubles.ofCluster(at - APART_US, at);
  }

  /** [HP-PART-3] When nodes have met again, only one is in, whoever has let both in. */
  look(event: TraceEvent): void {
    if (event.at < this.healedAt + MET_US) return;
    this.healedAt = Number.POSITIVE_INFINITY;
    const here = new Map<string, number>();
    for (const client of this.in) {
      const user = this.users.get(client) ?? '';
      const other = here.get(user);
      here.set(user, client);
      if (other !== undefined)
        this.#report(event, `${user} is still in, as client ${other} and as client ${client}`);
    }
  }

  /** With `reject`, whoever was first stays. */
  noticed(event: EventOf<'talkerNoticed'>): void {
    const { client, code } = event;
    const user = this.users.get(client) ?? '';
    // Whoever came last and has to go again is in nobody's way.
    if (code === 'SESSION_REPLACED' && this.#last.get(user)?.client === client)
      this.#last.delete(user);
    if (code !== 'SESSION_REPLACED' || this.troubles.terms?.policy !== 'reject') return;
    // A keeper that is new knows nobody.
    if (this.#diedAt > Number.NEGATIVE_INFINITY) return;
    const begun = this.#begun.get(user);
    const own = begun?.get(client);
    if (begun === undefined || own === undefined || !Number.isFinite(own.at)) return;
    const others = [...begun].filter(([other]) => other !== client);
    // Of a session that began anew the other half may have to go, and there is nobody else.
    if (others.length > 0 && others.every(([, other]) => this.#isLater(other, own)))
      this.#report(event, `client ${client} was in first, and has to go for another`);
  }

  /** Its node had heard of the earlier one by then. */
  #isLater(begun: Begun, earlier: Begun): boolean {
    const nodes = [begun.node, earlier.node] as const;
    const from = earlier.at - APART_US;
    const to = Math.max(earlier.at + NOTICE_US, TOGETHER_US);
    if (begun.at <= to) return false;
    if (begun.node === earlier.node) return true;
    return (
      !this.troubles.ofPair(...nodes, from, to) &&
      !nodes.some((node) => this.troubles.ofNode(node, from, to))
    );
  }

  rests(event: EventOf<'talkerRests'>): void {
    const { user, session, client } = event;
    if (!this.#isOne || session === undefined) return;
    const other = this.#resting.get(user);
    this.#resting.set(user, client);
    if (other !== undefined)
      this.#report(event, `${user} is in twice, as client ${other} and as client ${client}`);
  }
}

const BEFORE_US = 5_000_000;
const NOTICE_US = 2_000_000;
/** Until then nodes have not found each other. */
const TOGETHER_US = 4_000_000;
/** Until nodes have found each other when all is well again. */
const MET_US = 30_000_000;
/** Longer than two nodes may know nothing of each other. */
const APART_US = 60_000_000;
