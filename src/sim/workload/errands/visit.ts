// One question on a connection of its own, until it is answered, broken off, or let go of.
// Refuses to know what is asked, and what should be answered.

import { joined } from '../../../actors/codecs/joined.ts';
import type { HeaderList } from '../../../actors/runtime/gateway-edges.ts';
import { type Connection, type Endpoint, isWord } from '../../edges/network.ts';
import { ObjectPayload } from '../../edges/object-payload.ts';
import { headWords } from '../../records/scenes/sounds.ts';

export interface Asking {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly search: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

export class Visit implements Endpoint {
  readonly #connection: Connection;
  readonly #heard: (head: string, body: string) => void;
  readonly #body: Uint8Array[] = [];
  #head = '';
  #isOver = false;

  /** `heard` is told once: of an answer its head and body, or what broke it off and nothing. */
  constructor(connection: Connection, heard: (head: string, body: string) => void) {
    this.#connection = connection;
    this.#heard = heard;
    connection.meet(this);
  }

  ask(asking: Asking): void {
    const connection = this.#connection;
    const { host, method, path, search, headers, body } = asking;
    const bodyBytes = body.byteLength;
    const line = { method, path, search, host, bodyBytes, isWebSocket: false };
    const said = { say: 'request', ...line, headers: [['Host', host], ...headers] } as const;
    connection.say({ word: 'gateway', said });
    if (bodyBytes === 0) return;
    connection.say(body);
    connection.say({ word: 'gateway', said: { say: 'end' } });
  }

  taken(): void {}

  readable(): void {
    const { down } = this.#connection;
    for (let unit = down.read(); unit !== undefined; unit = down.read()) {
      if (unit instanceof ObjectPayload) throw new Error('a page does not hear values');
      if (!isWord(unit)) this.#body.push(unit.slice());
      else if (unit.word !== 'gateway') {
        this.#over(unit.word, '');
        return;
      } else if (unit.said.say === 'head') {
        const { status, reason, headers } = unit.said;
        this.#head = headWords(status, reason, headers);
      } else if (unit.said.say === 'end') {
        this.#over(this.#head, new TextDecoder().decode(joined(this.#body)));
        return;
      }
    }
    down.drained();
  }

  /** Whoever asked is gone. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection.reset();
    this.#connection.leave();
  }

  #over(head: string, body: string): void {
    this.#isOver = true;
    this.#connection.leave();
    this.#heard(head, body);
  }
}
