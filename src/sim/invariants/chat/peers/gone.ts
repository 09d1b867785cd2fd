// Whoever sat in a room on a node that has died, and does not come back, is said to have left it to all who stay: by the home of
// the room, or by the one that takes its place. Refuses to look where nodes that live may not have heard each other.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const goneWithNode: Invariant = {
  property: 'gone-with-node',
  requirements: ['HP-STORE-7', 'HP-ROOM-5', 'HP-MEMBER-5'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: (event) => judge.joined(event),
      talkerAsked: (event) => {
        if (event.what === 'LOGIN' || event.what === 'RESUME') judge.mayBeBack(event);
      },
      loggedIn: (event) => judge.loggedIn(event),
      seated: ({ client, room, at }) => judge.seats[client]?.rooms.set(room, at),
      unseated: ({ client, room }) => judge.unseated(client, room),
      talkerEnded: ({ client, at }) => judge.ended(client, at),
      processDied: ({ node, at }) => judge.died(node, at),
      nodeKilled: ({ node }) => judge.dead.add(node),
      processBegan: ({ node }) => judge.dead.delete(node),
      peerSeen: (event) => judge.seen(event),
      roomEventHeard: (event) => judge.heard(event),
      sampled: (event) => judge.look(event),
    };
  },
};

interface Seat {
  readonly node: number;
  /** Since when it sits there, as far as it was told. */
  readonly rooms: Map<string, number>;
}

/** Somebody has to hear that somebody has left. */
interface Due {
  readonly client: number;
  readonly node: number;
  readonly room: string;
  readonly who: string;
  /** The node that has died, and when. */
  readonly dead: number;
  readonly diedAt: number;
}

class Judge {
  readonly troubles = new Troubles();
  /** By client: where it is, while it is there. */
  readonly seats: (Seat | undefined)[] = [];
  readonly dead = new Set<number>();
  readonly #report: Report;
  readonly #users: string[] = [];
  readonly #slow = new Set<number>();
  /** By user: the nodes that may have a session of it, and when it was heard there last, if it is not there. */
  readonly #places = new Map<string, Map<number, number>>();
  /** By observer and name: what the node is to it, and since when. */
  readonly #views: Map<string, { readonly state: string; readonly at: number }>[] = [];
  #dues: Due[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  joined({ client, user, isSlow, isMute }: EventOf<'talkerJoined'>): void {
    this.#users[client] = user;
    if (isSlow || isMute) this.#slow.add(client);
  }

  loggedIn({ client, node, isResumed, rooms, at }: EventOf<'loggedIn'>): void {
    this.#dropOf(client);
    this.seats[client] = { node, rooms: new Map(isResumed ? rooms.map((room) => [room, at]) : []) };
  }

  unseated(client: number, room: string): void {
    this.seats[client]?.rooms.delete(room);
    this.#dues = this.#dues.filter((due) => due.client !== client || due.room !== room);
  }

  ended(client: number, at: number): void {
    const { node } = this.seats[client] ?? {};
    if (node !== undefined) this.#placesOf(client).set(node, at);
    this.seats[client] = undefined;
    this.#dropOf(client);
  }

  mayBeBack({ client, node, at }: EventOf<'talkerAsked'>): void {
    this.#placesOf(client).set(node, at);
    if (this.#dues.length === 0) return;
    const user = this.#users[client];
    this.#dues = this.#dues.filter(({ who }) => who !== user);
  }

  #placesOf(client: number): Map<number, number> {
    const user = this.#users[client] ?? '';
    const places = this.#places.get(user) ?? new Map<number, number>();
    this.#places.set(user, places);
    return places;
  }

  #dropOf(client: number): void {
    if (this.#dues.length > 0) this.#dues = this.#dues.filter((due) => due.client !== client);
  }

  seen({ node, peer, state, at }: EventOf<'peerSeen'>): void {
    if (state === 'linkDown') return;
    const name = state === 'linkUp' ? 'up' : state;
    const views = (this.#views[node] ??= new Map());
    if (views.get(peer)?.state !== name) views.set(peer, { state: name, at });
    if (name !== 'up' || this.#dues.length === 0) return;
    const other = this.troubles.nodes.indexOf(peer);
    this.#dues = this.#dues.filter(({ dead }) => dead !== other);
  }

  died(node: number, at: number): void {
    this.dead.add(node);
    this.#dues = this.#dues.filter((due) => due.dead !== node && due.node !== node);
    const { partitionPolicy, roomEventsMax = 0 } = this.troubles.terms ?? {};
    if (partitionPolicy !== 'serve' || roomEventsMax < MANY || !this.#isWhole(at)) return;
    for (const [client, seat] of this.seats.entries()) {
      const who = this.#users[client] ?? '';
      if (seat?.node !== node || !this.#isWhollyAt(who, node, at)) continue;
      for (const [room, since] of seat.rooms)
        if (since < at - KNOWN_US) this.#tellAll({ room, who, dead: node, diedAt: at });
    }
    this.#views[node]?.clear();
    // All of them have gone.
    for (const [client, seat] of this.seats.entries())
      if (seat?.node === node) this.seats[client] = undefined;
  }

  #tellAll(gone: Omit<Due, 'client' | 'node'>): void {
    for (const [client, seat] of this.seats.entries()) {
      const since = seat?.rooms.get(gone.room) ?? Infinity;
      if (seat === undefined || seat.node === gone.dead || since > gone.diedAt - KNOWN_US) continue;
      if (this.#users[client] === gone.who || this.#slow.has(client)) continue;
      this.#dues.push({ ...gone, client, node: seat.node });
    }
  }

  /** All nodes but those that are dead have heard each other for a while. */
  #isWhole(at: number): boolean {
    const { nodes } = this.troubles;
    return nodes.every((_, node) =>
      nodes.every((peer, other) => {
        if (node === other) return true;
        const view = this.#views[node]?.get(peer);
        return view?.state === 'up' && view.at < at - KNOWN_US;
      }),
    );
  }

  /** None of its sessions can be anywhere else, not even one that was left behind. */
  #isWhollyAt(user: string, node: number, at: number): boolean {
    const { resumeWindowMs = 0, pingEveryMs = 0, pingTimeoutMs = 0 } = this.troubles.terms ?? {};
    const since = at - (resumeWindowMs + pingEveryMs + pingTimeoutMs) * 1_000 - KNOWN_US;
    for (const [other, seenAt] of this.#places.get(user) ?? [])
      if (other !== node && seenAt > since) return false;
    return !this.#users.some((one, client) => {
      const there = this.seats[client]?.node ?? node;
      return one === user && there !== node;
    });
  }

  heard({ client, room, event, who }: EventOf<'roomEventHeard'>): void {
    if (this.#dues.length === 0 || event === 'join') return;
    this.#dues = this.#dues.filter(
      (due) => due.client !== client || due.room !== room || (event === 'leave' && due.who !== who),
    );
  }

  look(event: EventOf<'sampled'>): void {
    if (this.#dues.length === 0) return;
    const over = this.#dues.filter(({ dead }) => this.#knownSince(dead) < event.at - IN_TIME_US);
    if (over.length === 0) return;
    this.#dues = this.#dues.filter((due) => !over.includes(due));
    for (const due of over) {
      const { client, room, who, dead, diedAt } = due;
      if (!this.#isExcused(due, event.at))
        this.#report(
          event,
          `client ${client} was not told that ${who} has left '${room}' with node ${dead}, ${(event.at - diedAt) / 1e6} s ago`,
        );
    }
  }

  /** All that live take it for dead. */
  #knownSince(dead: number): number {
    const { nodes } = this.troubles;
    const name = nodes[dead] ?? '';
    let since = -Infinity;
    for (const node of nodes.keys()) {
      if (this.dead.has(node)) continue;
      const view = this.#views[node]?.get(name);
      since = Math.max(since, view?.state === 'down' ? view.at : Infinity);
    }
    return since;
  }

  #isExcused({ client, node, dead, diedAt }: Due, at: number): boolean {
    const since = diedAt - BEFORE_US;
    return (
      this.troubles.areApart(since, at) ||
      this.troubles.ofTalker(client, node, since, at) ||
      this.troubles.nodes.some(
        (_, other) => other !== dead && this.troubles.ofNode(other, since, at),
      )
    );
  }
}

const MANY = 100;
/** Until homes, and those that keep rooms for them, know who sits where. */
const KNOWN_US = 2_500_000;
/** Homes wait for half a second and look for three, and what they say is on its way. */
const IN_TIME_US = 7_000_000;
const BEFORE_US = 5_000_000;
