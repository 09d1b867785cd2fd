// The ways between simulated nodes: each pair has one way in each direction, whoever calls; a call takes a round trip, is
// refused where no process listens, and comes to nothing while either direction is shut.
// Refuses to know what is said over them, and why a way is shut.

import { Prng } from '../../../actors/runtime/prng.ts';
import { type Link, type LinkPlan, newLink } from '../link.ts';
import { Connection, type NetworkClock, type Pipe } from '../network.ts';
import type { Dialed } from '../tcp.edge.ts';

export interface MeshHost extends NetworkClock {
  later(delayUs: number, act: () => void): void;
  addPipe(pipe: Pipe): void;
  /** Takes a connection at a node's door for peers; false when no process listens there. */
  acceptPeer(node: number, connection: Connection): boolean;
}

export interface MeshPlan {
  readonly seed: number;
  readonly nodes: number;
  readonly way: LinkPlan;
}

/** One connection between two nodes. */
export interface PeerConnection {
  readonly caller: number;
  readonly called: number;
  readonly connection: Connection;
}

export class Mesh {
  readonly #host: MeshHost;
  readonly #nodes: number;
  /** By caller × nodes + called. */
  readonly #links: Link[] = [];
  readonly #connections = new Map<number, PeerConnection>();
  #called = 0;

  constructor({ seed, nodes, way }: MeshPlan, host: MeshHost) {
    this.#host = host;
    this.#nodes = nodes;
    for (let place = 0; place < nodes * nodes; place += 1)
      this.#links.push(newLink(way, new Prng(seed, `way ${place}`)));
  }

  /** Undefined for a connection that is none of these. */
  get(connection: number): PeerConnection | undefined {
    return this.#connections.get(connection);
  }

  /** `isWanted` tells whether the caller is still there. */
  call(
    caller: number,
    called: number | undefined,
    timeoutMs: number,
    isWanted: () => boolean,
    then: (dialed: Dialed) => void,
  ): void {
    const link = called === undefined ? undefined : this.#linkOf(caller, called);
    const until = this.#host.now + timeoutMs * 1_000;
    if (called === undefined || link === undefined) {
      this.#host.later(ROUND_US, () => then({ reason: 'refused' }));
      return;
    }
    const knock = (): void => {
      const { now } = this.#host;
      const roundUs = 2 * (link.plan.latencyUs + link.extraLatencyUs);
      const isShut = link.isStalledUp || link.isStalledDown;
      if (isShut || now + roundUs >= until) {
        const isOver = now + KNOCK_EVERY_US >= until;
        this.#host.later(isOver ? Math.max(0, until - now) : KNOCK_EVERY_US, () =>
          isOver ? then({ reason: 'timedOut' }) : knock(),
        );
        return;
      }
      this.#host.later(roundUs, () => {
        if (!isWanted()) return;
        const connection = this.#connect(caller, called, link);
        then(connection === undefined ? { reason: 'refused' } : { connection });
      });
    };
    knock();
  }

  /** Nothing gets from one node to the other, or everything does again. */
  shut(from: number, to: number, isShut: boolean): void {
    const [own, back] = [this.#linkOf(from, to), this.#linkOf(to, from)];
    if (own !== undefined) own.isStalledUp = isShut;
    if (back !== undefined) back.isStalledDown = isShut;
    if (!isShut) this.#resume(from, to);
  }

  /** Changes the way between two nodes, in both directions. */
  change(one: number, other: number, change: (link: Link) => void): void {
    for (const link of [this.#linkOf(one, other), this.#linkOf(other, one)])
      if (link !== undefined) change(link);
    this.#resume(one, other);
  }

  /** Connections that are open at both ends. */
  between(one: number, other: number): readonly PeerConnection[] {
    return [...this.#connections.values()].filter(
      ({ caller, called, connection: { up, down } }) =>
        ((caller === one && called === other) || (caller === other && called === one)) &&
        !(up.isOver && down.isOver),
    );
  }

  settle(): void {
    for (let one = 0; one < this.#nodes; one += 1)
      for (let other = 0; other < this.#nodes; other += 1) {
        if (one === other) continue;
        this.shut(one, other, false);
        const link = this.#linkOf(one, other);
        if (link === undefined) continue;
        link.extraLatencyUs = 0;
        link.bytesPerSecond = 0;
      }
  }

  #connect(caller: number, called: number, link: Link): Connection | undefined {
    for (const [old, { connection: ended }] of this.#connections)
      if (ended.up.isOver && ended.down.isOver) this.#connections.delete(old);
    const { now } = this.#host;
    const met = { shard: 0, remote: `10.1.0.${caller + 1}`, askedAt: now };
    const id = FIRST_ID + this.#called;
    const connection = new Connection(id, link, this.#host, met);
    this.#connections.set(id, { caller, called, connection });
    if (!this.#host.acceptPeer(called, connection)) {
      this.#connections.delete(id);
      return undefined;
    }
    this.#called += 1;
    this.#host.addPipe(connection.up);
    this.#host.addPipe(connection.down);
    return connection;
  }

  #linkOf(caller: number, called: number): Link | undefined {
    return this.#links[caller * this.#nodes + called];
  }

  #resume(one: number, other: number): void {
    for (const { caller, called, connection } of this.#connections.values()) {
      const isBetween =
        (caller === one && called === other) || (caller === other && called === one);
      if (!isBetween) continue;
      connection.up.resume();
      connection.down.resume();
    }
  }
}

/** Connections of clients have small numbers. */
const FIRST_ID = 1_000_000;
const ROUND_US = 1_000;
/** How soon a system asks again whether anybody answers. */
const KNOCK_EVERY_US = 1_000_000;
