// What talkers have said of themselves, and so what each user is when everything is at rest: of its sessions the one that
// is most here speaks. Undefined wherever nobody can know. Refuses to judge.

import type { EventOf, Watcher } from '../../../trace.ts';

export class OwnStatuses {
  readonly #uncertain = new Set<string>();
  /** By session; undefined where nobody knows. */
  readonly #own = new Map<string, string | undefined>();
  /** Sessions that began anew: each of two nodes may have its own. */
  readonly #divided = new Set<string>();
  /** By session: what it has written beside it. */
  readonly #notes = new Map<string, string | undefined>();
  /** By client. */
  readonly #sessions = new Map<number, string>();
  #isHealed = false;
  /** By client: when it came in last, since all is well. */
  readonly #cameAt = new Map<number, number>();
  /** By client: as what its next session begins. */
  readonly #begins = new Map<number, string>();
  /** Clients that have asked for another status, and how often. */
  readonly #asking = new Map<number, number>();
  /** Sessions of each user, when everything is at rest, with their rooms. */
  readonly #resting = new Map<string, EventOf<'talkerRests'>[]>();
  readonly #users: string[] = [];
  /** By user: until when he may be something else, for what one of his clients has done. */
  readonly #movesUntil = new Map<string, number>();
  #isRest = false;

  readonly watcher: Watcher = {
    talkerJoined: ({ client, user, isMute }) => {
      this.#users[client] = user;
      // Whoever never answers is sent away again and again.
      if (isMute) this.#uncertain.add(user);
    },
    loggedIn: ({ client, session, isResumed, isAnew, at }) => {
      this.#moves(client, at);
      this.#sessions.set(client, session);
      if (this.#isHealed) this.#cameAt.set(client, at);
      this.#asking.delete(client);
      if (isAnew) this.#divided.add(session);
      // What the node alone knew is lost, or found again when its client comes back to it.
      if (this.#divided.has(session)) this.#own.set(session, undefined);
      if (isResumed) return;
      this.#own.set(session, this.#begins.get(client) ?? 'online');
    },
    talkerAsked: ({ what, client, status = 'online', at }) => {
      if (MOVES.includes(what)) this.#moves(client, at);
      if (what === 'LOGIN') this.#begins.set(client, status);
      if (what === 'PRESENCE_SET') this.#asking.set(client, (this.#asking.get(client) ?? 0) + 1);
    },
    talkerAnswered: ({ asked, client, at }) => {
      if (asked === 'PRESENCE_SET') this.#moves(client, at);
      if (asked === 'PRESENCE_SET') this.#asking.set(client, (this.#asking.get(client) ?? 1) - 1);
    },
    talkerEnded: ({ client, at }) => {
      this.#moves(client, at + OVER_US);
      this.#ended(client);
    },
    healed: () => {
      this.#isHealed = true;
    },
    rested: () => {
      this.#isRest = true;
    },
    statusSet: ({ session, status, note }) => {
      this.#notes.set(session, note);
      this.#own.set(session, status);
    },
    talkerRests: (event) => {
      const { user, session, client, at } = event;
      const isNew = at - (this.#cameAt.get(client) ?? -Infinity) < KNOWN_US;
      if (session === undefined || isNew) this.#uncertain.add(user);
      else this.#resting.set(user, [...(this.#resting.get(user) ?? []), event]);
    },
  };

  /** Nothing has changed with him since then, for sure. */
  isUnmoved(user: string, since: number): boolean {
    return !this.#uncertain.has(user) && (this.#movesUntil.get(user) ?? -Infinity) < since;
  }

  #moves(client: number, at: number): void {
    const user = this.#users[client] ?? '';
    this.#movesUntil.set(user, Math.max(this.#movesUntil.get(user) ?? 0, at + KNOWN_US));
  }

  /** Of all its sessions, or of those that sit in a room. */
  truthOf(user: string, room?: string): string | undefined {
    if (this.#uncertain.has(user)) return undefined;
    const all = this.#resting.get(user) ?? [];
    const some = room === undefined ? all : all.filter(({ rooms }) => rooms.includes(room));
    if (some.length === 0) return 'offline';
    const own = some.map(({ session = '' }) => this.#own.get(session));
    if (own.includes(undefined)) return undefined;
    for (const status of ['online', 'busy'] as const) if (own.includes(status)) return status;
    return 'away';
  }

  /** What may stand beside the status of somebody who is here: what one of those sessions wrote that have it. */
  notesOf(user: string, status: string): readonly (string | undefined)[] {
    const some = (this.#resting.get(user) ?? []).flatMap(({ session = '' }) =>
      this.#own.get(session) === status ? [this.#notes.get(session)] : [],
    );
    return some.some((note) => note !== undefined)
      ? some.filter((note) => note !== undefined)
      : some;
  }

  /** What it had asked for may have been done. */
  #ended(client: number): void {
    const session = this.#sessions.get(client);
    const user = this.#users[client] ?? '';
    // What it asked to see the end was too much for it.
    if (this.#isRest) this.#uncertain.add(user);
    if (session !== undefined && (this.#asking.get(client) ?? 0) > 0)
      this.#own.set(session, undefined);
    this.#asking.delete(client);
  }
}

const MOVES: readonly string[] = ['LOGIN', 'RESUME', 'PRESENCE_SET', 'BYE'];
/** Until a session is over that nobody comes back to. */
const OVER_US = 10_000_000;
/** Until all nodes know of a session. */
const KNOWN_US = 2_000_000;
