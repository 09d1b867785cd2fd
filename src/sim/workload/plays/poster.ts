// Somebody at the broker's door of a node where plays are played: publishes by HTTP, over a connection of its own, and goes.
// Refuses to know what becomes of it.

import { Prng } from '../../../actors/runtime/prng.ts';
import { type Link, newLink } from '../../edges/link.ts';
import { type Connection, type Endpoint, isWord } from '../../edges/network.ts';
import { plainLink } from '../../plan/simpler.ts';
import { encoder } from '../chat/hp-lines.ts';

export class Poster implements Endpoint {
  readonly #connection: Connection | undefined;

  constructor(
    text: string,
    { seed, number }: { readonly seed: number; readonly number: number },
    connect: (link: Link) => Connection | undefined,
  ) {
    this.#connection = connect(newLink(plainLink, new Prng(seed, `poster ${number}`)));
    this.#connection?.meet(this);
    const headers = { 'content-type': 'application/json' };
    const head = { method: 'POST', path: '/publish', query: '', headers };
    this.#connection?.say({ word: 'request', head, body: encoder.encode(text) });
  }

  taken(): void {}

  readable(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    let isAnswered = false;
    for (let unit = connection.down.read(); unit !== undefined; unit = connection.down.read())
      isAnswered ||= isWord(unit);
    connection.down.drained();
    if (!isAnswered) return;
    connection.say({ word: 'fin' });
    connection.leave();
  }
}
