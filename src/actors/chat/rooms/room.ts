// One room at its home: gives each message its place, remembers the last ones and the ids it has seen, and knows who is
// in it. A user with several sessions is one member; a session sits where a node says so, and each node says it of its own.
// Refuses to know wires and who may join. Obeys spec/hp.md, section "Rooms".

import { userKey } from '../../codecs/hp/names.ts';
import type { Status } from '../../codecs/hp/requests.ts';
import type { Row } from '../../runtime/memory/row.ts';
import { epochAfter, type Epochs } from './epochs.ts';
import { firstNames } from './first-names.ts';
import type { MemoryBudget } from '../memory-budget.ts';
import { isAfter, nameOf, RoomMemory } from './room-memory.ts';
import type { Member, Place, RoomEntry } from './room-messages.ts';

export interface RoomLimits {
  readonly historyMax: number;
  readonly dedupeMs: number;
  readonly dedupeIdsMax: number;
}

/** What a node knows of a room, and what of it was not known here. */
export interface Incoming {
  readonly names: ReadonlySet<string>;
  readonly news: readonly RoomEntry[];
}

export type Draft = Omit<RoomEntry, 'seq' | 'epoch'>;

/** What the rooms of a keeper have in common. */
interface Around {
  readonly budget?: MemoryBudget;
  /** Those that nobody is in, the one that has been empty for longest first. */
  readonly empty?: Row<Room>;
}

export class Room {
  readonly name: string;
  epoch: number;
  #emptySince = 0;
  /** The home before this one, once it has told what it remembers. */
  formerHome: string | undefined = undefined;
  /** Another home of the room, which this one has met: each side took the members of the other for gone. */
  metHome: string | undefined = undefined;
  /** Who was in the room at the home before, and has not been seen at this one; by key. */
  unseen = new Map<string, string>();
  /** Until when they may be seen; microseconds. */
  unseenUntil = 0;
  /** What other nodes are telling of the room, until they have told everything. */
  readonly incoming = new Map<string, Incoming>();
  /** What another home has said, as far as somebody knows, until that tells everything. */
  late: RoomEntry[] = [];
  readonly #limits: RoomLimits;
  readonly #epochs: Epochs;
  /** By seat: while a session moves, two nodes may say that they have it. */
  readonly #members = new Map<string, Member>();
  /** How many seats are on this node. */
  #seatsHere = 0;
  /** Seats by user. */
  readonly #users = new Map<string, Map<string, Member>>();
  readonly memory: RoomMemory;
  readonly #empty: Row<Room> | undefined;
  #seq = 0;
  /** A place of its epoch. */
  #hasGiven = false;
  readonly #seen = new Map<string, { readonly place: Place; readonly at: number }>();

  constructor(
    name: string,
    epoch: number,
    epochs: Epochs,
    limits: RoomLimits,
    now: number,
    { budget, empty }: Around = {},
  ) {
    this.name = name;
    this.epoch = epoch;
    this.#epochs = epochs;
    this.#limits = limits;
    this.memory = new RoomMemory(limits, budget);
    this.#empty = empty;
    this.isEmptyAt(now);
  }

  /** When the last member left, or it was made, or last spoken to while nobody was in it; microseconds. */
  get emptySince(): number {
    return this.#emptySince;
  }

  isEmptyAt(now: number): void {
    this.#emptySince = now;
    this.#empty?.delete(this);
    this.#empty?.add(this);
  }

  get seq(): number {
    return this.#seq;
  }

  /** Users, not sessions. */
  get count(): number {
    return this.#users.size;
  }

  /** How many sessions sit here; counted at each one that comes in. */
  get seats(): number {
    return this.#members.size;
  }

  get sessions(): readonly Member[] {
    return [...this.#members.values()];
  }

  get userNames(): readonly string[] {
    return [...this.#users.values()].flatMap((seats) => {
      const [first] = seats.values();
      return first === undefined ? [] : [first.user];
    });
  }

  /** [HP-STORE-7] Those who are gone with the node on which they were. */
  takeUnseen(now: number): readonly string[] {
    if (this.unseen.size === 0 || now < this.unseenUntil) return [];
    const gone = [...this.unseen].filter(([key]) => !this.#users.has(key));
    this.unseen = new Map();
    return gone.map(([, user]) => user);
  }

  /** As one node says; of this one when none is named. */
  member(session: string, node?: string): Member | undefined {
    return this.#members.get(seatOf(session, node));
  }

  /** Whatever node says so. */
  has({ session, user }: Member): boolean {
    const seats = this.#users.get(userKey(user))?.values() ?? [];
    return [...seats].some((one) => one.session === session);
  }

  /** The other nodes that say that the session sits here. */
  nodesOf({ session, user, node }: Member): readonly string[] {
    const seats = this.#users.get(userKey(user))?.values() ?? [];
    return [...seats].flatMap((one) =>
      one.session === session && one.node !== undefined && one.node !== node ? [one.node] : [],
    );
  }

  /** Also takes the place of what the same node said of the session. True when the user was not here before. */
  enter(member: Member): boolean {
    const key = userKey(member.user);
    const seat = seatOf(member.session, member.node);
    const seats = this.#users.get(key) ?? new Map<string, Member>();
    const isNew = seats.size === 0;
    if (member.node === undefined && !this.#members.has(seat)) {
      this.#seatsHere += 1;
      this.memory.hasAudience({ epoch: this.epoch, seq: this.#seq });
    }
    seats.set(seat, member);
    this.#users.set(key, seats);
    this.#members.set(seat, member);
    this.#empty?.delete(this);
    return isNew;
  }

  /** True when it was the user's last seat. */
  leave({ session, node }: Pick<Member, 'session' | 'node'>, now: number): boolean {
    const seat = seatOf(session, node);
    const member = this.#members.get(seat);
    if (member === undefined) return false;
    this.#members.delete(seat);
    if (node === undefined) {
      this.#seatsHere -= 1;
      if (this.#seatsHere === 0) this.memory.hasNoAudience();
    }
    const key = userKey(member.user);
    const seats = this.#users.get(key);
    seats?.delete(seat);
    if (seats === undefined || seats.size > 0) return false;
    this.#users.delete(key);
    if (this.#users.size === 0) this.isEmptyAt(now);
    return true;
  }

  /** So many by name, after any of them. */
  users(
    after: string,
    most: number,
  ): readonly { readonly user: string; readonly status: Status }[] {
    return firstNames(this.#users.keys(), userKey(after), most).flatMap((key) => {
      const sessions = [...(this.#users.get(key)?.values() ?? [])];
      const [first] = sessions;
      if (first === undefined) return [];
      return [{ user: first.user, status: foremost(sessions.map(({ status }) => status)) }];
    });
  }

  /** [HP-MSG-5] The place that the sender's id has already. */
  placeOf(from: string, id: string): Place | undefined {
    return this.#seen.get(`${userKey(from)} ${id}`)?.place;
  }

  /** [HP-MSG-4] Gives the next place to a message and remembers it. */
  append(draft: Draft, now: number): RoomEntry {
    this.#seq += 1;
    this.#hasGiven = true;
    const entry: RoomEntry = { ...draft, seq: this.#seq, epoch: this.epoch };
    this.memory.add(entry);
    this.#know(entry, now);
    return entry;
  }

  #know({ from, id, epoch, seq }: RoomEntry, now: number): void {
    this.#seen.set(`${userKey(from)} ${id}`, { place: { epoch, seq }, at: now });
    if (this.#seen.size > this.#limits.dedupeIdsMax) this.forgetIds(now);
  }

  /** [HP-HOME-3] Its home is here now, and was elsewhere: what is said from now on comes after all that was said there. */
  raise(place: Place): void {
    if (isAfter(place, this)) {
      this.epoch = epochAfter(place.epoch, this.#epochs);
      this.#hasGiven = false;
    } else if (this.#hasGiven) return;
    this.#seq = Math.max(this.#seq, place.seq);
  }

  /** [HP-HOME-4] What was said while its home was elsewhere. Gives what of it was not known; it is still to be told. */
  adopt(entries: readonly RoomEntry[], now: number): readonly RoomEntry[] {
    this.#learn(entries, now);
    return entries.filter((entry) => this.memory.keep(entry));
  }

  /** All that this node has kept for the home before. */
  takeOver(memory: RoomMemory, now: number): void {
    this.memory.takeOver(memory);
    this.#learn(memory.all, now);
  }

  /** [HP-MSG-4] No place is given before one that is known, whoever tells of it. */
  #learn(entries: readonly RoomEntry[], now: number): void {
    for (const entry of entries)
      if (this.placeOf(entry.from, entry.id) === undefined) this.#know(entry, now);
    const last = entries.at(-1);
    if (last !== undefined) this.raise(last);
  }

  /** The same in pieces, from one node. */
  adoptFrom(node: string, entries: readonly RoomEntry[], now: number): Incoming {
    const { names = [], news = [] } = this.incoming.get(node) ?? {};
    const incoming = {
      names: new Set([...names, ...entries.map(nameOf)]),
      news: [...news, ...this.adopt(entries, now)],
    };
    this.incoming.set(node, incoming);
    return incoming;
  }

  /** Ids that are too old, and too many. */
  forgetIds(now: number): void {
    const { dedupeMs, dedupeIdsMax } = this.#limits;
    const since = now - dedupeMs * 1_000;
    for (const [key, { at }] of this.#seen) {
      if (at > since && this.#seen.size <= dedupeIdsMax) return;
      this.#seen.delete(key);
    }
  }

  /** All after a place; `hasGap` when some of them are not remembered. */
  after(place: Place): { readonly entries: readonly RoomEntry[]; readonly hasGap: boolean } {
    const kept = this.memory.all;
    const oldest = kept[0]?.seq ?? this.#seq + 1;
    const hasGap = oldest > place.seq + 1 && place.seq < this.#seq;
    // A client that comes from another node knows numbers alone.
    if (place.epoch === 0) return { entries: kept.filter(({ seq }) => seq > place.seq), hasGap };
    const entries = this.memory.after(place);
    if (place.epoch === this.epoch) return { entries, hasGap };
    // [HP-RES-8] Numbers of different epochs do not compare: nothing is missing if something from before is still known, or
    // if nothing was before.
    const isCovered = entries.length < kept.length || (place.seq === 0 && oldest <= 1);
    return { entries, hasGap: !isCovered };
  }

  /** [HP-HIST-2] A page: the first after `after`, else the last before `before`; oldest first. */
  page(
    after: number | undefined,
    before: number | undefined,
    limit: number,
  ): { readonly entries: readonly RoomEntry[]; readonly more: boolean } {
    return pageOf(this.memory.all, after, before, limit);
  }
}

/** [HP-HOME-7] What one node says of a session neither makes nor ends what another says. */
function seatOf(session: string, node: string | undefined): string {
  return node === undefined ? session : `${node} ${session}`;
}

interface Said {
  readonly seq: number;
  readonly body: string;
  readonly dataText: string | undefined;
}

/** A page of numbered entries in their order; what a client can take at once, and one at least. */
export function pageOf<T extends Said>(
  all: readonly T[],
  after: number | undefined,
  before: number | undefined,
  limit: number,
): { readonly entries: readonly T[]; readonly more: boolean } {
  const found = all.filter(
    ({ seq }) => seq > (after ?? -1) && seq < (before ?? Number.MAX_SAFE_INTEGER),
  );
  const isForward = after !== undefined;
  const near = isForward ? found.slice(0, limit) : found.slice(-limit).toReversed();
  let length = 0;
  const tooMany = near.findIndex(({ body, dataText = '' }, at) => {
    length += body.length + dataText.length;
    return at > 0 && length > PAGE_LENGTH_MAX;
  });
  const page = tooMany < 0 ? near : near.slice(0, tooMany);
  return { entries: isForward ? page : page.toReversed(), more: found.length > page.length };
}

/** UTF-16 units. */
const PAGE_LENGTH_MAX = 100_000;

/** [HP-PRES-2] Of several sessions the one that is most here speaks for the user. */
export function foremost(statuses: readonly Status[]): Status {
  for (const status of ['online', 'busy'] as const) if (statuses.includes(status)) return status;
  return 'away';
}
