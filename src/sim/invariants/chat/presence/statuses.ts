// A user is what its sessions say together: when everything has come to rest, each answer about a status is the truth. Judged
// where no session's own status is in doubt. Refuses to judge what watchers are told of changes.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const statuses: Invariant = {
  property: 'statuses',
  requirements: ['HP-PRES-2', 'HP-PRES-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
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
      statusesTold: (event) => judge.told(event),
      talkerRests: (event) => judge.rests(event),
      rested: () => {
        judge.isRest = true;
      },
      chatProbed: () => {
        judge.isRest = false;
      },
    };
  },
};

class Judge {
  isRest = false;
  readonly uncertain = new Set<string>();
  /** By session; undefined where nobody knows. */
  readonly own = new Map<string, string | undefined>();
  readonly #report: Report;
  /** By client. */
  readonly #sessions = new Map<number, string>();
  /** Clients that have asked for another status, and how often. */
  readonly #asking = new Map<number, number>();
  /** Sessions of each user, when everything is at rest. */
  readonly #resting = new Map<string, string[]>();

  constructor(report: Report) {
    this.#report = report;
  }

  died(): void {
    for (const session of this.own.keys()) this.own.set(session, undefined);
  }

  loggedIn({ client, session, isResumed }: EventOf<'loggedIn'>): void {
    this.#sessions.set(client, session);
    this.#asking.delete(client);
    if (!isResumed) this.own.set(session, 'online');
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

  rests({ user, session }: EventOf<'talkerRests'>): void {
    if (session === undefined) this.uncertain.add(user);
    else this.#resting.set(user, [...(this.#resting.get(user) ?? []), session]);
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
