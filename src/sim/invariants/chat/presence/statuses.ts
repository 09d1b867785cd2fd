// A user is what its sessions say together, and whoever watches it knows: when everything has come to rest, each answer about
// a status is the truth, and the last word to each watcher is. Judged where no session's own status is in doubt.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const statuses: Invariant = {
  property: 'statuses',
  requirements: ['HP-PRES-1', 'HP-PRES-2', 'HP-PRES-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      chatBegan: ({ terms }) => {
        judge.isCluster = terms.isCluster;
      },
      talkerJoined: ({ user, isMute }) => {
        // Whoever never answers is sent away again and again.
        if (isMute) judge.uncertain.add(user);
      },
      shardCrashed: () => judge.died(),
      processDied: () => judge.died(),
      loggedIn: (event) => judge.loggedIn(event),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
      talkerEnded: ({ client }) => judge.ended(client),
      statusSet: ({ session, status }) => judge.own.set(session, status),
      statusHeard: (event) => judge.heard(event),
      statusesTold: (event) => judge.told(event),
      talkerRests: (event) => judge.rests(event),
      rested: () => {
        judge.isRest = true;
      },
      chatProbed: (event) => judge.end(event),
    };
  },
};

class Judge {
  isCluster = false;
  isRest = false;
  readonly uncertain = new Set<string>();
  /** By session; undefined where nobody knows. */
  readonly own = new Map<string, string | undefined>();
  readonly #report: Report;
  /** By client. */
  readonly #sessions = new Map<number, string>();
  /** Clients that have asked for another status, and how often. */
  readonly #asking = new Map<number, number>();
  /** By session and user: what it was told last. */
  readonly #watched = new Map<string, Map<string, string>>();
  /** Sessions of each user, when everything is at rest. */
  readonly #resting = new Map<string, string[]>();
  readonly #watchers: EventOf<'talkerRests'>[] = [];
  #hasDied = false;

  constructor(report: Report) {
    this.#report = report;
  }

  died(): void {
    this.#hasDied = true;
    for (const session of this.own.keys()) this.own.set(session, undefined);
    this.#watched.clear();
  }

  loggedIn({ client, session, isResumed }: EventOf<'loggedIn'>): void {
    this.#sessions.set(client, session);
    this.#asking.delete(client);
    if (isResumed) return;
    this.own.set(session, 'online');
    this.#watched.set(session, new Map());
  }

  asked({ what, client }: EventOf<'talkerAsked'>): void {
    if (what === 'PRESENCE_SET') this.#asking.set(client, (this.#asking.get(client) ?? 0) + 1);
  }

  answered({ asked, client }: EventOf<'talkerAnswered'>): void {
    if (asked === 'PRESENCE_SET') this.#asking.set(client, (this.#asking.get(client) ?? 1) - 1);
  }

  /** What it had asked for may have been done. */
  ended(client: number): void {
    const session = this.#sessions.get(client);
    if (session !== undefined && (this.#asking.get(client) ?? 0) > 0)
      this.own.set(session, undefined);
    this.#asking.delete(client);
  }

  heard({ session, of, status }: EventOf<'statusHeard'>): void {
    this.#watched.get(session)?.set(of.toLowerCase(), status);
  }

  rests(event: EventOf<'talkerRests'>): void {
    const { user, session } = event;
    if (session === undefined) this.uncertain.add(user);
    else {
      this.#resting.set(user, [...(this.#resting.get(user) ?? []), session]);
      this.#watchers.push(event);
    }
  }

  told(event: EventOf<'statusesTold'>): void {
    if (!this.isRest) return;
    for (const [user, status] of event.statuses) {
      const truth = this.#truthOf(user);
      if (truth !== undefined && status !== truth)
        this.#report(
          event,
          `client ${event.client} on node ${event.node} sees that ${user} is ${status}, who is ${truth}`,
        );
    }
  }

  /** Where nobody has died, and no other node has to be heard of, watchers have been told. */
  end(event: TraceEvent): void {
    this.isRest = false;
    if (this.isCluster || this.#hasDied) return;
    for (const { client, session } of this.#watchers)
      for (const [user, status] of this.#watched.get(session ?? '') ?? []) {
        const truth = this.#truthOf(user);
        if (truth !== undefined && status !== truth)
          this.#report(
            event,
            `client ${client} watches ${user}, and was told last that it is ${status} and not ${truth}`,
          );
      }
  }

  /** Undefined where nobody knows. */
  #truthOf(user: string): string | undefined {
    if (this.uncertain.has(user)) return undefined;
    const sessions = this.#resting.get(user) ?? [];
    if (sessions.length === 0) return 'offline';
    const all = sessions.map((session) => this.own.get(session));
    if (all.includes(undefined)) return undefined;
    for (const status of ['online', 'busy'] as const) if (all.includes(status)) return status;
    return 'away';
  }
}
