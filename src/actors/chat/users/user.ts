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
  Luggage,
  Presence,
  SessionEntry,
  UserNotice,
  Watcher,
} from './user-messages.ts';

/** A session that another node owns, as that node tells it. */
export interface RemoteSession {
  readonly node: string;
  readonly told: LocatedSession;
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
  movingTo?: string | undefined;
  /** What that node was sent, for as long as it may not have it. */
  packed?: Luggage | undefined;
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
  /** A session of this node was given it, or it waits here; else it only passed by on its way to another node. */
  isHere: boolean;
}

/** Made with the first that is put into it. */
export type Spare<V> = Omit<Map<string, V>, 'set' | 'forEach'>;

/** There may be a hundred thousand users who are on other nodes: what one of these does not need is not made. */
export class User {
  readonly name: string;
  /** Those of other nodes: hardly ever more than one. */
  elsewhere: readonly RemoteSession[] = NONE;
  /** What waits for the user here, oldest first. */
  offline: readonly Kept[] = NONE;
  /** Those that went a moment ago: it may turn out that their node did. */
  #left: readonly { readonly session: string; readonly node: string; readonly at: number }[] = NONE;
  /** What watchers were told last, and when (microseconds). */
  toldStatus: Presence['status'] = 'offline';
  toldNote: string | undefined = undefined;
  toldAt = Number.NEGATIVE_INFINITY;
  /** Seconds since 1970. */
  #since: number | undefined = undefined;
  #sessions: Map<string, KnownSession> | undefined = undefined;
  #announced: Map<string, string> | undefined = undefined;
  #watchers: Map<string, Watcher> | undefined = undefined;
  #lost: Map<string, number> | undefined = undefined;
  #held: Map<string, Held> | undefined = undefined;
  #history: (DirectEntry & { readonly at: number })[] | undefined = undefined;
  #seq = 0;
  #seen: Map<string, Seen> | undefined = undefined;
  readonly #options: ChatOptions;

  constructor(name: string, options: ChatOptions) {
    this.name = name;
    this.#options = options;
  }

  get isForgettable(): boolean {
    return (
      this.sessions.size === 0 &&
      this.elsewhere.length === 0 &&
      this.watchers.size === 0 &&
      this.offline.length === 0 &&
      this.history.length === 0 &&
      this.lost.size === 0 &&
      this.held.size === 0 &&
      (this.#seen?.size ?? 0) === 0
    );
  }

  get sessions(): Spare<KnownSession> {
    return this.#sessions ?? NOTHING;
  }

  /** What other nodes were told of each session. */
  get announced(): Spare<string> {
    return this.#announced ?? NOTHING;
  }

  get watchers(): Spare<Watcher> {
    return this.#watchers ?? NOTHING;
  }

  /** Sessions whose nodes are gone, and since when: their clients may come here. */
  get lost(): Spare<number> {
    return this.#lost ?? NOTHING;
  }

  /** What waits for the user on other nodes, in case they die. */
  get held(): Spare<Held> {
    return this.#held ?? NOTHING;
  }

  get history(): readonly DirectEntry[] {
    return this.#history ?? NONE;
  }

  putSession(session: string, known: KnownSession): void {
    this.#sessions ??= new Map();
    this.#sessions.set(session, known);
  }

  putAnnounced(session: string, word: string): void {
    this.#announced ??= new Map();
    this.#announced.set(session, word);
  }

  putWatcher(watcher: Watcher): void {
    this.#watchers ??= new Map();
    this.#watchers.set(watcher.session, watcher);
  }

  /** True when it was not known. */
  putElsewhere(remote: RemoteSession): boolean {
    const { node, told } = remote;
    if (this.elsewhere.length === 0) {
      this.elsewhere = [remote];
      return true;
    }
    const others = this.elsewhere.filter((one) => !isAt(one, node, told.session));
    const isNew = others.length === this.elsewhere.length;
    this.elsewhere = [...others, remote];
    return isNew;
  }

  /** [HP-REPL-9] Who told of them is gone, with all that it knew. */
  doubtElsewhere(): void {
    if (this.elsewhere.length > 0)
      this.elsewhere = this.elsewhere.map((one) => ({ ...one, isDoubted: true }));
  }

  dropDoubted(): void {
    if (this.elsewhere.some(({ isDoubted }) => isDoubted === true))
      this.elsewhere = this.elsewhere.filter(({ isDoubted }) => isDoubted !== true);
  }

  putHeld(key: string, held: Held): void {
    this.#held ??= new Map();
    this.#held.set(key, held);
  }

  addOffline(kept: Kept): void {
    this.offline = [...this.offline, kept];
  }

  /** [HP-PRES-2] What all sessions together say. */
  presence(): Presence {
    const { name: user } = this;
    const [first] = this.elsewhere;
    if (first !== undefined && this.elsewhere.length === 1 && this.sessions.size === 0) {
      const { status, note } = first.told;
      return { user, status, note, sessions: 1, since: this.#since };
    }
    const own = [...this.sessions.values()].map(({ entry }) => entry);
    const entries = [...own, ...this.elsewhere.map(({ told }) => told)];
    const status: Status | 'offline' =
      entries.length === 0 ? 'offline' : foremost(entries.map((entry) => entry.status));
    const note = entries.find((entry) => entry.status === status && entry.note !== undefined)?.note;
    return { user, status, note, sessions: entries.length, since: this.#since };
  }

  /** Since when the status is what it is. */
  changedAt(seconds: number): void {
    this.#since = seconds;
  }

  /** A session of another node is not there any more. */
  left(node: string, session: string, now: number): boolean {
    const others = this.elsewhere.filter((one) => !isAt(one, node, session));
    if (others.length === this.elsewhere.length) return false;
    this.elsewhere = others.length === 0 ? NONE : others;
    this.#left = [...this.#left.filter(({ at }) => at > now - LEFT_US), { session, node, at: now }];
    return true;
  }

  /** [HP-RES-10] The node is gone, and did not say so of each of its sessions. */
  lose(node: string, now: number): void {
    // [HP-RES-12] Those that were on their way there have not left this one.
    for (const known of this.sessions.values()) {
      if (known.movingTo !== node) continue;
      known.movingTo = undefined;
      known.movingSince = now;
      known.entry = { ...known.entry, isDetached: true };
    }
    const there = this.elsewhere.filter((one) => one.node === node);
    const left = this.#left.filter((one) => one.node === node && one.at > now - LEFT_US);
    this.#left = NONE;
    for (const session of [
      ...there.map(({ told }) => told.session),
      ...left.map((one) => one.session),
    ]) {
      this.#lost ??= new Map();
      this.#lost.set(session, now);
    }
  }

  hasLeft(session: string, now: number): boolean {
    return this.#left.some((one) => one.session === session && one.at > now - LEFT_US);
  }

  /** Nodes, but for this one, on which the user has a session. */
  get nodes(): readonly string[] {
    return [...new Set(this.elsewhere.map(({ node }) => node))];
  }

  /** Later than every login that is known of the user. */
  get nextLamport(): number {
    const all = [...this.sessions.values(), ...this.elsewhere.map(({ told }) => told)];
    return 1 + Math.max(0, ...all.map(({ lamport }) => lamport));
  }

  seen(message: Pick<Direct, 'from' | 'id'>): Seen | undefined {
    return this.#seen?.get(keyOf(message));
  }

  /** It waits here, or has gone to other nodes. */
  mark(message: Pick<Direct, 'from' | 'id'>, isHere: boolean): void {
    const seen = this.seen(message);
    if (seen !== undefined) seen.isHere = isHere;
  }

  /** It was not taken after all: said again, it is new. */
  forget(message: Pick<Direct, 'from' | 'id'>): void {
    this.#seen?.delete(keyOf(message));
  }

  /** Also puts the message into the user's history. */
  remember(message: Direct, status: DirectStatus | undefined, now: number, isHere: boolean): void {
    this.#seen ??= new Map();
    if (!this.#seen.has(keyOf(message))) this.keep(message, now);
    this.#seen.set(keyOf(message), { status, at: now, isHere });
    if (this.#seen.size > this.#options.dedupeIdsMax) this.expire(now);
  }

  keep(message: Direct, now: number): void {
    this.#seq += 1;
    this.#history ??= [];
    this.#history.push({ ...message, seq: this.#seq, at: now });
    if (this.#history.length > DIRECT_HISTORY_MAX * 2)
      this.#history = this.#history.slice(-DIRECT_HISTORY_MAX);
  }

  expire(now: number): void {
    const { dedupeMs, dedupeIdsMax, offlineAgeMaxMs } = this.#options;
    const seenSince = now - dedupeMs * 1_000;
    for (const [key, { at }] of this.#seen ?? NOTHING) {
      if (at > seenSince && this.#seen?.size !== undefined && this.#seen.size <= dedupeIdsMax)
        break;
      this.#seen?.delete(key);
    }
    const lostSince = now - this.#options.resumeWindowMs * 1_000;
    for (const [session, at] of this.lost) if (at <= lostSince) this.lost.delete(session);
    const keptSince = now - offlineAgeMaxMs * 1_000;
    const isKept = ({ at }: { readonly at: number }): boolean => at > keptSince;
    if (this.offline.length > 0) this.offline = this.offline.filter(isKept);
    for (const [key, held] of this.held) if (!isKept(held)) this.held.delete(key);
    this.#history = this.#history?.filter(isKept);
  }
}

function isAt({ node, told }: RemoteSession, at: string, session: string): boolean {
  return node === at && told.session === session;
}

/** [HP-DM-3] One sender's id is another message than the same id of another sender. */
export function keyOf({ from, id }: Pick<Direct, 'from' | 'id'>): string {
  return `${from.toLowerCase()} ${id}`;
}

const DIRECT_HISTORY_MAX = 200;
const LEFT_US = 1_000_000;
const NONE: readonly never[] = [];
/** Nothing can be put into it. */
const NOTHING: Readonly<Spare<never>> = new Map<string, never>();
