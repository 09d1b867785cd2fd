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
  /** Among all that the user's sessions and messages did here. */
  readonly order: number;
  /** What came while the session moves from one actor to another; undefined else. */
  held: UserNotice[] | undefined;
  movingSince: number;
  /** Where the actor is to which it moves. */
  movingShard?: number | undefined;
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
  readonly order: number;
}

/** Made with the first that is put into it. */
export type Spare<V> = Omit<Map<string, V>, 'set' | 'forEach'>;

/** What only a user needs who is here, is followed, or was written to. */
class Affairs {
  /** Of the last that came. */
  order = 0;
  offline: readonly Kept[] = NONE;
  /** Those that went a moment ago: it may turn out that their node did. */
  left: readonly { readonly session: string; readonly node: string; readonly at: number }[] = NONE;
  sessions: Map<string, KnownSession> | undefined = undefined;
  announced: Map<string, string> | undefined = undefined;
  watchers: Map<string, Watcher> | undefined = undefined;
  lost: Map<string, number> | undefined = undefined;
  held: Map<string, Held> | undefined = undefined;
  history: (DirectEntry & { readonly at: number })[] | undefined = undefined;
  seq = 0;
  seen: Map<string, Seen> | undefined = undefined;
}

/** There may be a hundred thousand users who are on other nodes: what one of these does not need is not made. */
export class User {
  readonly name: string;
  /** What watchers were told last, and when (milliseconds, which take less room than microseconds). */
  toldStatus: Presence['status'] = 'offline';
  toldNote: string | undefined = undefined;
  toldAtMs = NEVER_MS;
  /** Sessions of other nodes: hardly ever more than one, which then stands for itself, beside the name of its node. */
  #elsewhere: LocatedSession | readonly RemoteSession[] = NONE;
  #node = '';
  /** Seconds since 1970. */
  #since: number | undefined = undefined;
  #affairs: Affairs | undefined = undefined;
  readonly #options: ChatOptions;

  constructor(name: string, options: ChatOptions) {
    this.name = name;
    this.#options = options;
  }

  get isForgettable(): boolean {
    return (
      this.sessions.size === 0 &&
      !this.hasElsewhere &&
      this.watchers.size === 0 &&
      this.offline.length === 0 &&
      this.history.length === 0 &&
      this.lost.size === 0 &&
      this.held.size === 0 &&
      (this.#affairs?.seen?.size ?? 0) === 0
    );
  }

  /** Whether anything is known of the user but where else it is. */
  get hasAffairs(): boolean {
    return this.#affairs !== undefined;
  }

  /** What the user needs from now on. */
  get #own(): Affairs {
    this.#affairs ??= new Affairs();
    return this.#affairs;
  }

  get elsewhere(): readonly RemoteSession[] {
    const some = this.#elsewhere;
    return isOne(some) ? [{ node: this.#node, told: some }] : some;
  }

  set elsewhere(all: readonly RemoteSession[]) {
    const [first] = all;
    if (first === undefined) this.#elsewhere = NONE;
    else if (all.length > 1 || first.isDoubted === true) this.#elsewhere = all;
    else {
      this.#elsewhere = first.told;
      this.#node = first.node;
    }
  }

  /** What waits for the user here, oldest first. */
  get offline(): readonly Kept[] {
    return this.#affairs?.offline ?? NONE;
  }

  set offline(offline: readonly Kept[]) {
    if (offline.length > 0) this.#own.offline = offline;
    else if (this.#affairs !== undefined) this.#affairs.offline = NONE;
  }

  get sessions(): Spare<KnownSession> {
    return this.#affairs?.sessions ?? NOTHING;
  }

  /** What other nodes were told of each session. */
  get announced(): Spare<string> {
    return this.#affairs?.announced ?? NOTHING;
  }

  get watchers(): Spare<Watcher> {
    return this.#affairs?.watchers ?? NOTHING;
  }

  /** Sessions whose nodes are gone, and since when: their clients may come here. */
  get lost(): Spare<number> {
    return this.#affairs?.lost ?? NOTHING;
  }

  /** What waits for the user on other nodes, in case they die. */
  get held(): Spare<Held> {
    return this.#affairs?.held ?? NOTHING;
  }

  get history(): readonly DirectEntry[] {
    return this.#affairs?.history ?? NONE;
  }

  putSession(session: string, known: Omit<KnownSession, 'order'>): void {
    const own = this.#own;
    own.sessions ??= new Map();
    own.order += 1;
    own.sessions.set(session, { ...known, order: own.order });
  }

  putAnnounced(session: string, word: string): void {
    this.#own.announced ??= new Map();
    this.#own.announced.set(session, word);
  }

  putWatcher(watcher: Watcher): void {
    this.#own.watchers ??= new Map();
    this.#own.watchers.set(watcher.session, watcher);
  }

  /** True when it was not known. */
  putElsewhere(node: string, told: LocatedSession): boolean {
    if (!this.hasElsewhere) {
      this.#elsewhere = told;
      this.#node = node;
      return true;
    }
    const others = this.elsewhere.filter((one) => !isAt(one, node, told.session));
    const isNew = others.length === this.elsewhere.length;
    this.elsewhere = [...others, { node, told }];
    return isNew;
  }

  get hasElsewhere(): boolean {
    return isOne(this.#elsewhere) || this.#elsewhere.length > 0;
  }

  /** [HP-REPL-9] Who told of them is gone, with all that it knew. */
  doubtElsewhere(): void {
    if (this.hasElsewhere)
      this.elsewhere = this.elsewhere.map((one) => ({ ...one, isDoubted: true }));
  }

  dropDoubted(): void {
    if (this.elsewhere.some(({ isDoubted }) => isDoubted === true))
      this.elsewhere = this.elsewhere.filter(({ isDoubted }) => isDoubted !== true);
  }

  putHeld(key: string, held: Held): void {
    this.#own.held ??= new Map();
    this.#own.held.set(key, held);
  }

  addOffline(kept: Kept): void {
    this.offline = [...this.offline, kept];
  }

  /** [HP-PRES-2] What all sessions together say. */
  presence(): Presence {
    const { name: user } = this;
    if (isOne(this.#elsewhere) && this.sessions.size === 0) {
      const { status, note } = this.#elsewhere;
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
    const all = this.elsewhere;
    const others = all.filter((one) => !isAt(one, node, session));
    if (others.length === all.length) return false;
    this.elsewhere = others;
    const before = this.#own.left.filter(({ at }) => at > now - LEFT_US);
    this.#own.left = [...before, { session, node, at: now }];
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
    const lately = this.#affairs?.left ?? NONE;
    const left = lately.filter((one) => one.node === node && one.at > now - LEFT_US);
    if (this.#affairs !== undefined) this.#affairs.left = NONE;
    for (const session of [
      ...there.map(({ told }) => told.session),
      ...left.map((one) => one.session),
    ]) {
      this.#own.lost ??= new Map();
      this.#own.lost.set(session, now);
    }
  }

  hasLeft(session: string, now: number): boolean {
    return (this.#affairs?.left ?? NONE).some(
      (one) => one.session === session && one.at > now - LEFT_US,
    );
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
    return this.#affairs?.seen?.get(keyOf(message));
  }

  /** Of all messages that are known, by sender and id. */
  get seenKeys(): Iterable<string> {
    return this.#affairs?.seen?.keys() ?? NONE;
  }

  /** It waits here, or has gone to other nodes. */
  mark(message: Pick<Direct, 'from' | 'id'>, isHere: boolean): void {
    const seen = this.seen(message);
    if (seen !== undefined) seen.isHere = isHere;
  }

  /** It was not taken after all: said again, it is new. */
  forget(message: Pick<Direct, 'from' | 'id'>): void {
    this.#affairs?.seen?.delete(keyOf(message));
  }

  /** Also puts the message into the user's history. */
  remember(message: Direct, status: DirectStatus | undefined, now: number, isHere: boolean): void {
    const own = this.#own;
    own.seen ??= new Map();
    const known = own.seen.get(keyOf(message));
    if (known === undefined) this.keep(message, now);
    own.order += 1;
    own.seen.set(keyOf(message), { status, at: now, isHere, order: known?.order ?? own.order });
    if (own.seen.size > this.#options.dedupeIdsMax) this.expire(now);
  }

  /** [HP-DM-3] False where it was kept lately: said again on another node, it is the same message. */
  keepOnce(message: Direct, now: number): boolean {
    const since = now - this.#options.dedupeMs * 1_000;
    const to = message.to.toLowerCase();
    const isKnown = this.#affairs?.history?.some(
      (one) => one.id === message.id && one.at > since && one.to.toLowerCase() === to,
    );
    if (isKnown !== true) this.keep(message, now);
    return isKnown !== true;
  }

  keep(message: Direct, now: number): void {
    const own = this.#own;
    own.seq += 1;
    own.history ??= [];
    own.history.push({ ...message, seq: own.seq, at: now });
    if (own.history.length > DIRECT_HISTORY_MAX * 2)
      own.history = own.history.slice(-DIRECT_HISTORY_MAX);
  }

  expire(now: number): void {
    const own = this.#affairs;
    if (own === undefined) return;
    const { dedupeMs, dedupeIdsMax, offlineAgeMaxMs } = this.#options;
    const seenSince = now - dedupeMs * 1_000;
    for (const [key, { at }] of own.seen ?? NOTHING) {
      if (at > seenSince && own.seen?.size !== undefined && own.seen.size <= dedupeIdsMax) break;
      own.seen?.delete(key);
    }
    const lostSince = now - this.#options.resumeWindowMs * 1_000;
    for (const [session, at] of this.lost) if (at <= lostSince) this.lost.delete(session);
    const keptSince = now - offlineAgeMaxMs * 1_000;
    const isKept = ({ at }: { readonly at: number }): boolean => at > keptSince;
    if (this.offline.length > 0) this.offline = this.offline.filter(isKept);
    for (const [key, held] of this.held) if (!isKept(held)) this.held.delete(key);
    own.history = own.history?.filter(isKept);
  }
}

function isOne(some: LocatedSession | readonly RemoteSession[]): some is LocatedSession {
  return !Array.isArray(some);
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
/** Long before any start. */
const NEVER_MS = -1_000_000_000;
const NONE: readonly never[] = [];
/** Nothing can be put into it. */
const NOTHING: Readonly<Spare<never>> = new Map<string, never>();
