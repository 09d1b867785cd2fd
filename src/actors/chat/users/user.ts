// One user at the home of its name: its sessions, who watches it, the messages that wait for it, and the ids of messages
// that came already. Refuses to know wires and other users. Obeys spec/hp.md, sections "Direct messages", "Presence".

import type { Status } from '../../codecs/hp/requests.ts';
import type { LocatedSession } from '../../routing/relay/relay-seam.ts';
import { foremost } from '../rooms/room.ts';
import type { ChatOptions } from '../chat-options.ts';
import type {
  Direct,
  DirectEntry,
  DirectStatus,
  Presence,
  SessionEntry,
  UserNotice,
  Watcher,
} from './user-messages.ts';

/** A session that another node owns. */
export interface RemoteSession extends LocatedSession {
  readonly node: string;
  /** Who told of it is gone, and nobody has told of it since. */
  readonly isDoubted?: boolean;
}

export interface KnownSession {
  entry: SessionEntry;
  /** Orders the logins of one user over all nodes. */
  readonly lamport: number;
  /** What came while the session moves from one actor to another; undefined else. */
  held: UserNotice[] | undefined;
  movingSince: number;
  /** The node to which it moves; undefined for this one. */
  movingTo?: string;
  /** Direct messages that it was given since it came from another node, from which they may come again. */
  arrived?: Set<string> | undefined;
}

/** A message that waits, and since when (microseconds). */
export interface Kept {
  readonly message: Direct;
  readonly at: number;
  /** Nodes that were given it, too. */
  readonly heldBy: Set<string>;
}

export interface Held {
  /** The node where it waits. */
  readonly owner: string;
  readonly message: Direct;
  readonly at: number;
}

/** A message that is known by its sender and id. */
export interface Seen {
  /** Undefined while nobody has taken it. */
  status: DirectStatus | undefined;
  readonly at: number;
}

export class User {
  readonly name: string;
  readonly sessions = new Map<string, KnownSession>();
  /** Those of other nodes, by node and session. */
  readonly elsewhere = new Map<string, RemoteSession>();
  /** What other nodes were told of each session. */
  readonly announced = new Map<string, string>();
  /** Sessions whose nodes are gone, and since when: their clients may come here. */
  readonly lost = new Map<string, number>();
  /** Those that went a moment ago: it may turn out that their node did. */
  #left: { readonly session: string; readonly node: string; readonly at: number }[] = [];
  readonly watchers = new Map<string, Watcher>();
  /** What waits for the user here, oldest first. */
  offline: Kept[] = [];
  /** What waits for the user on other nodes, in case they die. */
  readonly held = new Map<string, Held>();
  /** What watchers were told last, and when (microseconds). */
  told: Presence;
  toldAt = Number.NEGATIVE_INFINITY;
  /** Seconds since 1970. */
  #since: number | undefined = undefined;
  #history: (DirectEntry & { readonly at: number })[] = [];
  #seq = 0;
  readonly #seen = new Map<string, Seen>();
  readonly #options: ChatOptions;

  constructor(name: string, options: ChatOptions) {
    this.name = name;
    this.#options = options;
    this.told = this.presence();
  }

  get isForgettable(): boolean {
    return (
      this.sessions.size === 0 &&
      this.elsewhere.size === 0 &&
      this.watchers.size === 0 &&
      this.offline.length === 0 &&
      this.#history.length === 0 &&
      this.lost.size === 0 &&
      this.held.size === 0 &&
      this.#seen.size === 0
    );
  }

  get history(): readonly DirectEntry[] {
    return this.#history;
  }

  /** [HP-PRES-2] What all sessions together say. */
  presence(): Presence {
    const own = [...this.sessions.values()].map(({ entry }) => entry);
    const entries = [...own, ...this.elsewhere.values()];
    const status: Status | 'offline' =
      entries.length === 0 ? 'offline' : foremost(entries.map((entry) => entry.status));
    const note = entries.find((entry) => entry.status === status && entry.note !== undefined)?.note;
    return { user: this.name, status, note, sessions: entries.length, since: this.#since };
  }

  /** Since when the status is what it is. */
  changedAt(seconds: number): void {
    this.#since = seconds;
  }

  /** A session of another node is not there any more. */
  left(node: string, session: string, now: number): boolean {
    if (!this.elsewhere.delete(`${node} ${session}`)) return false;
    this.#left = [...this.#left.filter(({ at }) => at > now - LEFT_US), { session, node, at: now }];
    return true;
  }

  /** [HP-RES-10] The node is gone, and did not say so of each of its sessions. */
  lose(node: string, now: number): void {
    for (const one of this.elsewhere.values())
      if (one.node === node) this.lost.set(one.session, now);
    for (const one of this.#left)
      if (one.node === node && one.at > now - LEFT_US) this.lost.set(one.session, now);
    this.#left = [];
  }

  hasLeft(session: string, now: number): boolean {
    return this.#left.some((one) => one.session === session && one.at > now - LEFT_US);
  }

  /** Nodes, but for this one, on which the user has a session. */
  get nodes(): readonly string[] {
    return [...new Set([...this.elsewhere.values()].map(({ node }) => node))];
  }

  /** Later than every login that is known of the user. */
  get nextLamport(): number {
    const all = [...this.sessions.values(), ...this.elsewhere.values()];
    return 1 + Math.max(0, ...all.map(({ lamport }) => lamport));
  }

  seen(message: Pick<Direct, 'from' | 'id'>): Seen | undefined {
    return this.#seen.get(keyOf(message));
  }

  /** It was not taken after all: said again, it is new. */
  forget(message: Pick<Direct, 'from' | 'id'>): void {
    this.#seen.delete(keyOf(message));
  }

  /** Also puts the message into the user's history. */
  remember(message: Direct, status: DirectStatus | undefined, now: number): void {
    this.#seen.set(keyOf(message), { status, at: now });
    this.keep(message, now);
    if (this.#seen.size > this.#options.dedupeIdsMax) this.expire(now);
  }

  keep(message: Direct, now: number): void {
    this.#seq += 1;
    this.#history.push({ ...message, seq: this.#seq, at: now });
    if (this.#history.length > DIRECT_HISTORY_MAX * 2)
      this.#history = this.#history.slice(-DIRECT_HISTORY_MAX);
  }

  expire(now: number): void {
    const { dedupeMs, dedupeIdsMax, offlineAgeMaxMs } = this.#options;
    const seenSince = now - dedupeMs * 1_000;
    for (const [key, { at }] of this.#seen) {
      if (at > seenSince && this.#seen.size <= dedupeIdsMax) break;
      this.#seen.delete(key);
    }
    const lostSince = now - this.#options.resumeWindowMs * 1_000;
    for (const [session, at] of this.lost) if (at <= lostSince) this.lost.delete(session);
    const keptSince = now - offlineAgeMaxMs * 1_000;
    const isKept = ({ at }: { readonly at: number }): boolean => at > keptSince;
    this.offline = this.offline.filter(isKept);
    for (const [key, held] of this.held) if (!isKept(held)) this.held.delete(key);
    this.#history = this.#history.filter(isKept);
  }
}

/** [HP-DM-3] One sender's id is another message than the same id of another sender. */
export function keyOf({ from, id }: Pick<Direct, 'from' | 'id'>): string {
  return `${from.toLowerCase()} ${id}`;
}

const DIRECT_HISTORY_MAX = 200;
const LEFT_US = 1_000_000;
