// Whoever watches a user is told each change of it, once, and not too often; nobody else is. In the end what he was told
// last is the truth, though he may have been away meanwhile.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';
import { OwnStatuses } from './own-statuses.ts';

export const watching: Invariant = {
  property: 'watching',
  requirements: ['HP-PRES-1', 'HP-PRES-3', 'HP-PRES-6'],
  judge(report) {
    const own = new OwnStatuses();
    const judge = new Judge(report, own);
    const { watcher } = own;
    return {
      ...watcher,
      ...judge.troubles.watcher,
      talkerJoined(event) {
        watcher.talkerJoined?.(event);
        if (event.isSlow) judge.slow.add(event.client);
      },
      loggedIn(event) {
        watcher.loggedIn?.(event);
        judge.loggedIn(event);
      },
      talkerAsked(event) {
        watcher.talkerAsked?.(event);
        judge.asked(event);
      },
      talkerAnswered(event) {
        watcher.talkerAnswered?.(event);
        judge.answered(event);
      },
      shardCrashed: ({ at }) => judge.died(at),
      processDied: ({ at }) => judge.died(at),
      talkerEnded(event) {
        watcher.talkerEnded?.(event);
        judge.resting.delete(event.client);
      },
      talkerRests(event) {
        watcher.talkerRests?.(event);
        if (event.session !== undefined) judge.resting.add(event.client);
      },
      statusHeard: (event) => judge.heard(event),
      statusesTold: (event) => judge.told(event),
      unwatched: (event) => judge.unwatched(event),
      chatProbed: (event) => judge.end(event),
    };
  },
};

interface Watch {
  /** Undefined while it is asked for. */
  word: string | undefined;
  status: string | undefined;
  /** [HP-PRES-6] Its client has come back, and may not have heard the last word: what its node takes for unsure is so. */
  mayRepeat: 'no' | 'ifSomethingElseWasLost' | 'yes';
  heardAt: number;
  /** On which connection it was told of a change last, and when. */
  connection: number;
  changedAt: number;
  /** Asked for again behind what ends it. */
  isWanted: boolean;
}

class Judge {
  readonly troubles = new Troubles();
  readonly slow = new Set<number>();
  readonly resting = new Set<number>();
  readonly #report: Report;
  readonly #own: OwnStatuses;
  /** By client, of its session: whom it watches. */
  readonly #watches: (Map<string, Watch> | undefined)[] = [];
  /** By client: whom its session watched before it began anew: it may come back to the node that knows of it. */
  readonly #former: (Set<string> | undefined)[] = [];
  readonly #backAt: number[] = [];
  /** By client: over which connection it has come in. */
  readonly #inOver: number[] = [];
  /** By client: requests of its connection, and when the last of them was asked that its node has heard for sure. */
  readonly #askedAt: (Map<string, number> | undefined)[] = [];
  readonly #provedAt: number[] = [];
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report, own: OwnStatuses) {
    this.#report = report;
    this.#own = own;
  }

  loggedIn({ client, connection, isResumed, isAnew, at }: EventOf<'loggedIn'>): void {
    this.#inOver[client] = connection;
    this.#backAt[client] = at;
    if (!isResumed || isAnew) {
      const former = [...(this.#former[client] ?? []), ...(this.#watches[client]?.keys() ?? [])];
      this.#former[client] = new Set(isResumed ? former : []);
      this.#watches[client] = new Map();
      return;
    }
    const surelyUntil = (this.#provedAt[client] ?? -Infinity) - UNSURE_US;
    for (const watch of this.#watches[client]?.values() ?? [])
      if (watch.heardAt >= surelyUntil) watch.mayRepeat = 'yes';
      else if (watch.mayRepeat === 'no') watch.mayRepeat = 'ifSomethingElseWasLost';
    this.#askedAt[client]?.clear();
  }

  died(at: number): void {
    this.#diedAt = at;
  }

  answered({ client, id }: EventOf<'talkerAnswered'>): void {
    const askedAt = this.#askedAt[client]?.get(id ?? '');
    if (askedAt !== undefined) this.#provedAt[client] = askedAt;
  }

  asked({ client, connection, what, id, to = '', at }: EventOf<'talkerAsked'>): void {
    if (this.#inOver[client] === connection) (this.#askedAt[client] ??= new Map()).set(id, at);
    const watches = (this.#watches[client] ??= new Map());
    // The answer tells it anew, of all users, and may be lost.
    if (what === 'PRESENCE_QUERY') for (const watch of watches.values()) watch.heardAt = Infinity;
    // Several may be asked for at once.
    for (const of of to.split(' ')) {
      const known = watches.get(of);
      if (what === 'PRESENCE_UNSUBSCRIBE' && known !== undefined) known.isWanted = false;
      if (what !== 'PRESENCE_SUBSCRIBE') continue;
      if (known === undefined) watches.set(of, { ...FRESH });
      else Object.assign(known, { isWanted: true, heardAt: Infinity });
    }
  }

  unwatched({ client, of }: EventOf<'unwatched'>): void {
    if (this.#watches[client]?.get(of)?.isWanted === false) this.#watches[client].delete(of);
  }

  heard(event: EventOf<'statusHeard'>): void {
    const { client, of, status, note, isAnswer } = event;
    const watch = this.#watches[client]?.get(of);
    if (watch === undefined) {
      if (this.#former[client]?.has(of) === true) return;
      this.#report(
        event,
        `client ${client} is told that ${of} is ${status}, and does not watch him`,
      );
      return;
    }
    if (!isAnswer) this.#judgeChange(event, watch, wordOf(status, note));
    learn(watch, status, note, event.at);
  }

  /** Who has asked knows it. */
  told({ client, statuses, at }: EventOf<'statusesTold'>): void {
    for (const [of, status, note] of statuses) {
      const watch = this.#watches[client]?.get(of);
      if (watch === undefined) continue;
      watch.heardAt = at;
      if (watch.word === wordOf(status, note)) continue;
      // It may be news, or have been overtaken by what was told of a change.
      watch.word = undefined;
      watch.status = undefined;
    }
  }

  #judgeChange(event: EventOf<'statusHeard'>, watch: Watch, word: string): void {
    const { client, node, connection, of, at } = event;
    if (watch.word === word && this.#isHeard(event, watch))
      this.#report(event, `client ${client} is told again that ${of} is ${word.trimEnd()}`);
    // What he missed while he was away is told at once.
    const isMissed = watch.changedAt - (this.#backAt[client] ?? 0) < BACK_US;
    const isEarly = watch.connection === connection && at - watch.changedAt < EVERY_US && !isMissed;
    const isTroubled =
      this.troubles.ofTalker(client, node, at - TROUBLE_US, at) ||
      (this.troubles.isCluster && this.troubles.ofCluster(at - TROUBLE_US, at));
    if (isEarly && !isTroubled && !this.slow.has(client))
      this.#report(
        event,
        `client ${client} is told twice within ${at - watch.changedAt} µs what ${of} is`,
      );
    Object.assign(watch, { connection, changedAt: at });
  }

  /** For sure, and nothing else since. */
  #isHeard({ of, client, node, at }: EventOf<'statusHeard'>, watch: Watch): boolean {
    if (watch.mayRepeat !== 'ifSomethingElseWasLost') return watch.mayRepeat === 'no';
    const { heardAt } = watch;
    if (!this.#own.isUnmoved(of, heardAt) || this.#diedAt > heardAt - TROUBLE_US) return false;
    if (this.troubles.isCluster && this.troubles.ofCluster(heardAt - TROUBLE_US, at)) return false;
    return !this.troubles.ofTalker(client, node, heardAt - TROUBLE_US, at);
  }

  end(event: TraceEvent): void {
    for (const client of this.resting)
      for (const [of, watch] of this.#watches[client] ?? []) {
        const { status, word } = watch;
        const truth = this.#own.truthOf(of);
        if (status === undefined || truth === undefined) continue;
        const says = `client ${client} was told last that ${of} is`;
        if (status !== truth) this.#report(event, `${says} ${status}, who is ${truth}`);
        const words = this.#own.notesOf(of, truth).map((note) => wordOf(truth, note));
        if (status !== truth || words.length === 0 || words.includes(word ?? '')) continue;
        this.#report(event, `${says} ${word}, who is ${words.join(' or ')}`);
      }
  }
}

function learn(watch: Watch, status: string, note: string | undefined, at: number): void {
  watch.heardAt = at;
  watch.status = status;
  watch.word = wordOf(status, note);
  watch.mayRepeat = 'no';
}

function wordOf(status: string, note: string | undefined): string {
  return `${status} ${note ?? ''}`;
}

const FRESH: Watch = {
  ...{ word: undefined, status: undefined, mayRepeat: 'no', heardAt: 0 },
  ...{ connection: -1, changedAt: 0, isWanted: true },
};
/** A second, less what ways add to the first of two. */
const EVERY_US = 600_000;
/** What is told in that time may not have been heard. */
const UNSURE_US = 5_000_000;
const TROUBLE_US = 3_000_000;
const BACK_US = 1_500_000;
