// What nodes do to their links as a bug would have it: they say something wrong over one that stands, or what has it fails. A
// while later it is looked whether the link still stands. Refuses to judge.

import type { Address } from '../../actors/runtime/actor.ts';
import type { Mesh, PeerConnection } from '../edges/tcp/mesh.ts';
import type { Shard } from '../shard.ts';
import type { Trace } from '../trace.ts';
import { wrongWords } from './wrong-words.ts';

export interface MischiefHost {
  readonly trace: Trace;
  later(delayUs: number, act: () => void): void;
  /** The thread that has the links of a node. */
  first(node: number): Shard | undefined;
}

export class Mischief {
  readonly #mesh: Mesh;
  readonly #links: { isReady(connection: number): boolean };
  readonly #host: MischiefHost;
  /** Connections over which something wrong was said, or which have failed. */
  readonly #done = new Set<number>();

  constructor(mesh: Mesh, links: { isReady(connection: number): boolean }, host: MischiefHost) {
    this.#mesh = mesh;
    this.#links = links;
    this.#host = host;
  }

  misspeak(node: number, to: number, place: number): void {
    const link = this.#linkOf(node, to);
    const word = wrongWords[place];
    if (link === undefined || word === undefined) return;
    const { caller, connection } = link;
    const { up, down, id } = connection;
    const { name: what, code, bytes } = word;
    this.#host.trace.add({ kind: 'peerErred', node, to, connection: id, what, code });
    // Between two writes: each ends with a line.
    const said = caller === node ? up : down;
    said.write(bytes, 0);
    said.resume();
    this.#lookAt(link, to);
  }

  failLink(node: number, to: number): void {
    const link = this.#linkOf(node, to);
    const first = this.#host.first(node);
    const address = link && first?.web.ownerOf(link.connection);
    if (link === undefined || first === undefined || address === undefined) return;
    const { id: connection } = link.connection;
    this.#host.trace.add({ kind: 'linkPoisoned', node, to, connection, address });
    // No message at all: whoever wants its type fails.
    first.deliver(address as Address<unknown>, { type: 'say', message: null, isUrgent: false });
    this.#lookAt(link, node);
  }

  /** One that stands, and to which nothing was done. */
  #linkOf(node: number, to: number): PeerConnection | undefined {
    return this.#mesh
      .between(node, to)
      .find(
        ({ connection: { id, up, down } }) =>
          !up.isOver && !down.isOver && this.#links.isReady(id) && !this.#done.has(id),
      );
  }

  #lookAt({ called, connection }: PeerConnection, node: number): void {
    const { id, up, down } = connection;
    this.#done.add(id);
    const said = called === node ? down : up;
    this.#host.later(LOOK_US, () =>
      this.#host.trace.add({ kind: 'linkLooked', node, connection: id, isOpen: !said.isOver }),
    );
  }
}

/** Until a wrong word has come, over a slow way, and was answered. */
const LOOK_US = 3_000_000;
