// Whose session may have made way for a login beyond the limit: of those that are away the oldest does, and nobody's where
// nobody has logged in. Knows it of a node that is alone, and of users whose sessions end for nothing else. Refuses to judge.

import type { Watcher } from '../../../trace.ts';
import type { Troubles } from '../troubles.ts';

interface Login {
  readonly at: number;
  /** When it is done, at the latest: its client heard that it is in, or had gone long ago. */
  inAt: number;
}

interface Stay {
  readonly client: number;
  readonly node: number;
  readonly user: string;
  readonly cameAt: number;
  /** When it lost its connection, and its node knew; undefined where it may have one. */
  awayAt: number | undefined;
}

export class MakingWay {
  readonly #troubles: Troubles;
  /** By session. */
  readonly #stays = new Map<string, Stay>();
  /** By client: its user, and the session that it has. */
  readonly #users = new Map<number, string>();
  readonly #own = new Map<number, string>();
  /** By user: whether they were answered or not. */
  readonly #logins = new Map<string, Login[]>();
  /** By client: the one that it asked for last. */
  readonly #asked = new Map<number, Login>();
  /** By client: messages that it has said, and that its node has not answered. */
  readonly #open = new Map<number, Set<string>>();
  /** Users whose sessions are over with their tokens. */
  readonly #proved = new Set<string>();

  readonly watcher: Required<
    Pick<Watcher, 'talkerJoined' | 'loggedIn' | 'talkerAsked' | 'talkerAnswered' | 'talkerEnded'>
  > = {
    talkerJoined: ({ client, user }) => {
      this.#users.set(client, user);
    },
    loggedIn: ({ session, client, node, user, isResumed, at }) => {
      const known = this.#stays.get(session);
      const login = this.#asked.get(client);
      if (login !== undefined && !isResumed) login.inAt = Math.min(login.inAt, at);
      if (known !== undefined) known.awayAt = undefined;
      else if (!isResumed)
        this.#stays.set(session, { client, node, user, cameAt: at, awayAt: undefined });
      this.#own.set(client, session);
    },
    talkerAsked: ({ what, client, tokenMs, id, message, at }) => {
      if (message !== undefined) this.#openOf(client).add(id);
      const user = this.#users.get(client) ?? '';
      if (tokenMs !== undefined) this.#proved.add(user);
      if (what === 'LOGIN') this.#logsIn(client, user, at);
      const stay = this.#stays.get(this.#own.get(client) ?? '');
      // It may be over, or back, before its client hears so.
      if (stay !== undefined && (what === 'BYE' || what === 'RESUME')) stay.awayAt = undefined;
    },
    talkerAnswered: ({ client, asked, code, id = '' }) => {
      this.#openOf(client).delete(id);
      if (asked === 'LOGIN' && code !== undefined) this.#denied(client);
      if (asked === 'RESUME' && code === 'SESSION_EXPIRED') this.#own.delete(client);
    },
    talkerEnded: ({ client, by, isCut, isBye, at }) => {
      const login = this.#asked.get(client);
      if (login !== undefined) login.inAt = Math.min(login.inAt, at + LATE_US);
      const stay = this.#stays.get(this.#own.get(client) ?? '');
      // Who reads little at a time is late to hear of the end behind all that was said.
      const isRead = this.#openOf(client).size === 0;
      this.#open.delete(client);
      if (stay !== undefined && isRead && by === 'client' && !isCut && !isBye) stay.awayAt = at;
    },
  };

  constructor(troubles: Troubles) {
    this.#troubles = troubles;
  }

  /** Who came before is there in another order now, or not at all. */
  died(): void {
    this.#stays.clear();
  }

  /** Of a session that lost its connection then, and is over by now. */
  mayHave(session: string, lostAt: number, now: number): boolean {
    const { terms } = this.#troubles;
    const stay = this.#stays.get(session);
    if (terms === undefined || terms.isCluster || stay === undefined) return true;
    const { user, cameAt } = stay;
    const isCrowded = terms.resumeMessagesMax < MANY || terms.resumeBytesMax < MANY_BYTES;
    if (isCrowded || this.#proved.has(user)) return true;
    const older = [...this.#stays.values()].flatMap((old) =>
      old.user === user && old.cameAt < cameAt - KNOWN_US ? this.#awayOf(old) : [],
    );
    const logins = (this.#logins.get(user) ?? [])
      .filter((login) => login.at <= now)
      .map((login) => ({ ...login, inAt: Math.min(login.inAt, now) }));
    return logins.some((login) => login.inAt > lostAt && !this.#hadOlder(older, logins, login));
  }

  #openOf(client: number): Set<string> {
    const open = this.#open.get(client) ?? new Set();
    this.#open.set(client, open);
    return open;
  }

  #logsIn(client: number, user: string, at: number): void {
    const login = { at, inAt: Infinity };
    this.#asked.set(client, login);
    this.#logins.set(user, [...(this.#logins.get(user) ?? []), login]);
  }

  /** Nobody has made way for it. */
  #denied(client: number): void {
    const user = this.#users.get(client) ?? '';
    const denied = this.#asked.get(client);
    const others = (this.#logins.get(user) ?? []).filter((login) => login !== denied);
    this.#logins.set(user, others);
  }

  /** Of those who were away all the time of a login, more than others can have taken the places of. */
  #hadOlder(older: readonly number[], logins: readonly Login[], { at, inAt }: Login): boolean {
    const windowUs = (this.#troubles.terms?.resumeWindowMs ?? 0) * 1_000;
    const there = older.filter(
      (awayAt) => awayAt < at - KNOWN_US && awayAt > inAt - windowUs + KNOWN_US,
    );
    // What was done before somebody went has not taken his place.
    return there.some((since) => {
      const takers = logins.filter((other) => other.inAt > since && other.at <= inAt);
      return takers.length <= there.filter((awayAt) => awayAt >= since).length;
    });
  }

  #awayOf({ client, node, awayAt }: Stay): readonly number[] {
    if (awayAt === undefined) return [];
    const isHeldUp = this.#troubles.isHeldUp(client, node, awayAt - KNOWN_US, awayAt + KNOWN_US);
    return isHeldUp ? [] : [awayAt];
  }
}

/** Until a node knows what a client has done. */
const KNOWN_US = 200_000;
/** What was asked for over a connection that has ended since may still be done. */
const LATE_US = 1_000_000;
const MANY = 100;
const MANY_BYTES = 1_000_000;
