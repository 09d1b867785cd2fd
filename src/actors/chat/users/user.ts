// One user at the home of its name: its sessions, who watches it, the messages that wait for it, and the ids of messages
// that came already. Refuses to know wires and other users. Obeys spec/hp.md, sections "Direct messages", "Presence".

import type { Status } from '../../codecs/hp/requests.ts';
import type { LocatedSession } from '../../routing/relay/relay-seam.ts';
import { costOf } from '../memory-budget.ts';
import { foremost } from '../rooms/room.ts';
import {
  Affairs,
  bytesOfKept,
  type Held,
  type Household,
  type Kept,
  type KnownSession,
  type RemoteSession,
  type Seen,
} from './affairs.ts';
import type { Direct, DirectEntry, DirectStatus, Presence, Watcher } from './user-messages.ts';

/** Made with the first that is put into it. */
export type Spare<V> = Omit<Map<string, V>, 'set' | 'forEach'>;

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
  readonly #household: Household;

  constructor(name: string, household: Household) {
    this.name = name;
    this.#household = household;
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
    this.#household.waitingBytes += bytesOfKept(offline) - bytesOfKept(this.offline);
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

  putSession(session: string, known: KnownSession): void {
    this.#own.sessions ??= new Map();
    this.#own.sessions.set(session, known);
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
    this.#household.lamport = Math.max(this.#household.lamport, told.lamport);
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
    this.dropHeld(key);
    this.#own.held ??= new Map();
    this.#own.held.set(key, held);
    this.#household.waitingBytes += costOf(held.message);
  }

  dropHeld(key: string): void {
    const held = this.#affairs?.held?.get(key);
    if (held === undefined) return;
    this.#affairs?.held?.delete(key);
    this.#household.waitingBytes -= costOf(held.message);
  }

  addOffline(kept: Kept): void {
    this.#own.offline = [...this.offline, kept];
    this.#household.waitingBytes += costOf(kept.message);
  }

  /** Several sessions may leave the same message. */
  kept(message: Pick<Direct, 'from' | 'id'>): Kept | undefined {
    const key = keyOf(message);
    const isSame = (one: Direct): boolean => one.id === message.id && keyOf(one) === key;
    return this.offline.find((kept) => isSame(kept.message));
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
    // It has come here from there, and goes with this node alone.
    if (this.sessions.has(session)) return true;
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
      // It has begun anew here before the node was taken for gone.
      if (this.sessions.has(session)) continue;
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

  /** [HP-PART-3] Later than every login that this node has heard of: of one on a node that is gone, too. */
  nextLamport(): number {
    this.#household.lamport += 1;
    return this.#household.lamport;
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
    own.seen.set(keyOf(message), { status, at: now, isHere });
    if (own.seen.size > this.#household.options.dedupeIdsMax) this.expire(now);
  }

  /** [HP-DM-3] False where it was kept lately: said again on another node, it is the same message. */
  keepOnce(message: Direct, now: number): boolean {
    const since = now - this.#household.options.dedupeMs * 1_000;
    const to = message.to.toLowerCase();
    const isKnown = this.#affairs?.history?.some(
      (one) => one.id === message.id && one.at > since && one.to.toLowerCase() === to,
    );
    if (isKnown !== true) this.keep(message, now);
    return isKnown !== true;
  }

  keep(message: Direct, now: number): void {
    const own = this.#own;
    const { memory } = this.#household;
    own.seq += 1;
    own.history ??= [];
    own.history.push({ ...message, seq: own.seq, at: now });
    if (own.history.length > DIRECT_HISTORY_MAX * 2)
      memory.shrank(own.keepLast(DIRECT_HISTORY_MAX));
    memory.grew(own, costOf(message));
  }

  expire(now: number): void {
    const own = this.#affairs;
    if (own === undefined) return;
    const { dedupeMs, dedupeIdsMax, offlineAgeMaxMs, resumeWindowMs } = this.#household.options;
    const seenSince = now - dedupeMs * 1_000;
    for (const [key, { at }] of own.seen ?? NOTHING) {
      if (at > seenSince && own.seen?.size !== undefined && own.seen.size <= dedupeIdsMax) break;
      own.seen?.delete(key);
    }
    const lostSince = now - resumeWindowMs * 1_000;
    for (const [session, at] of this.lost) if (at <= lostSince) this.lost.delete(session);
    const keptSince = now - offlineAgeMaxMs * 1_000;
    const isKept = ({ at }: { readonly at: number }): boolean => at > keptSince;
    if (this.offline.length > 0) this.offline = this.offline.filter(isKept);
    for (const [key, held] of this.held) if (!isKept(held)) this.dropHeld(key);
    const { history = [] } = own;
    const young = history.findIndex(isKept);
    if (young === 0 || history.length === 0) return;
    const forgotten = own.keepLast(young < 0 ? 0 : history.length - young);
    if (young < 0) this.#household.memory.ended(own, forgotten);
    else this.#household.memory.shrank(forgotten);
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
