// Nobody leaves a room with a node that has not gone: where the room's home lives on, and so does the node of whom it tells, and
// both have heard each other and who is told, he is still there. Of a home that is new nothing is said: it has another epoch.
// Nor of whoever has gone by himself, while the home that was to tell so could not be heard: the next one can only miss him.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const carriedOff: Invariant = {
  property: 'carried-off',
  requirements: ['HP-ROOM-5', 'HP-HOME-7'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, user }) => judge.users.set(client, user),
      talkerConnected: (event) => judge.connected(event),
      loggedIn: ({ client }) => judge.goneAt.delete(client),
      talkerNoticed: (event) => judge.noticed(event),
      talkerEnded: (event) => judge.ended(event),
      shardCrashed: ({ node, shard, at }) => judge.died(node, shard === 0, at),
      processDied: ({ node, at }) => judge.died(node, true, at),
      roomEventHeard: (event) => judge.told(event),
      roomHeard: (event) => judge.heard(event),
    };
  },
};

interface Home {
  readonly epoch: number;
  readonly home: string;
  readonly place: number;
}

class Judge {
  readonly troubles = new Troubles();
  readonly users = new Map<number, string>();
  /** By client: when its session is over, at the latest, unless it comes back. */
  readonly goneAt = new Map<number, number>();
  readonly #report: Report;
  /** By client: the last that it was told unasked over its connection. */
  readonly #lastWords = new Map<number, EventOf<'talkerNoticed'>>();
  /** By user: the nodes that its clients have come to. */
  readonly #nodes = new Map<string, Set<number>>();
  /** By node: when a thread died, and when its first one did, which knows the other nodes. */
  readonly #diedAt = new Map<number, number>();
  readonly #cutAt = new Map<number, number>();
  /** By client and room: where it was heard last. */
  readonly #homes = new Map<string, Home>();
  /** By client and room: who was said to leave, and where the room was then. */
  readonly #suspected = new Map<string, { readonly who: string; readonly home: Home }>();

  constructor(report: Report) {
    this.#report = report;
  }

  connected({ client, node }: EventOf<'talkerConnected'>): void {
    const user = this.users.get(client) ?? '';
    this.#nodes.set(user, (this.#nodes.get(user) ?? new Set()).add(node));
    this.#lastWords.delete(client);
  }

  noticed(event: EventOf<'talkerNoticed'>): void {
    this.#lastWords.set(event.client, event);
  }

  /** [HP-ERR-2] Whoever was told something fatal cannot come back to his session; others may, for a while. */
  ended({ client, isBye, at }: EventOf<'talkerEnded'>): void {
    const { what, code } = this.#lastWords.get(client) ?? {};
    const isOver = isBye && what === 'ERROR' && code !== 'PING_TIMEOUT';
    const { resumeWindowMs = 0 } = this.troubles.terms ?? {};
    this.goneAt.set(client, isOver ? at : at + resumeWindowMs * 1_000);
  }

  #isOver(user: string, at: number): boolean {
    const clients = [...this.users].filter(([, one]) => one === user);
    return clients.every(([client]) => (this.goneAt.get(client) ?? Infinity) <= at);
  }

  died(node: number, isFirst: boolean, at: number): void {
    this.#diedAt.set(node, at);
    if (isFirst) this.#cutAt.set(node, at);
  }

  told({ client, node, room, event, who, reason, at }: EventOf<'roomEventHeard'>): void {
    const home = this.#homes.get(`${client} ${room}`);
    if (event !== 'leave' || reason !== 'node_down' || home === undefined) return;
    if (this.#isOver(who, at)) return;
    const there = this.troubles.nodes.indexOf(home.home);
    const nodes = [...(this.#nodes.get(who) ?? [])];
    if (this.#isApart(node, there, at) || this.#isAnyGone(there, nodes, at)) return;
    this.#suspected.set(`${client} ${room}`, { who, home });
  }

  /** Who does not hear the room's home may have heard another one meanwhile. */
  #isApart(here: number, there: number, at: number): boolean {
    return here !== there && this.troubles.ofPair(here, there, at - APART_US, at);
  }

  #isAnyGone(there: number, nodes: readonly number[], at: number): boolean {
    const since = at - APART_US;
    if (at < TOGETHER_US || (this.#cutAt.get(there) ?? -Infinity) > since) return true;
    if (this.troubles.pausedUs(there, since, at) > 0) return true;
    // [HP-HOME-11] Whoever does not hear it may be another home, and the nodes that hear both tell that one who sits there.
    const others = [...this.troubles.nodes.keys()].filter((other) => other !== there);
    if (others.some((other) => this.troubles.ofPair(other, there, since, at))) return true;
    return nodes.some(
      (node) =>
        node === there ||
        (this.#diedAt.get(node) ?? -Infinity) > since ||
        this.troubles.ofNode(node, since, at),
    );
  }

  heard(event: EventOf<'roomHeard'>): void {
    const { client, room, epoch, home, place } = event;
    const key = `${client} ${room}`;
    const suspected = this.#suspected.get(key);
    this.#suspected.delete(key);
    const before = suspected?.home;
    if (before?.epoch === epoch && before.home === home && place > before.place)
      this.#report(
        event,
        `client ${client} was told that ${suspected?.who} left '${room}' with a node, and none is gone`,
      );
    this.#homes.set(key, { epoch, home, place });
  }
}

/** Until then nodes have not found each other. */
const TOGETHER_US = 8_000_000;
/** Longer than a node waits for another one to say who sits where. */
const APART_US = 30_000_000;
