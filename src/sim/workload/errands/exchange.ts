// One request at the broker's door, until it is answered. Refuses to know what is asked.

import { type Connection, type Endpoint, isWord } from '../../edges/network.ts';

export class Exchange implements Endpoint {
  readonly #connection: Connection;
  readonly #heard: (answer: string) => void;

  constructor(connection: Connection, heard: (answer: string) => void) {
    this.#connection = connection;
    this.#heard = heard;
  }

  taken(): void {}

  readable(): void {
    const connection = this.#connection;
    for (let unit = connection.down.read(); unit !== undefined; unit = connection.down.read()) {
      if (!isWord(unit) || unit.word !== 'response') continue;
      connection.leave();
      this.#heard(`${unit.status} ${unit.body}`);
      return;
    }
    connection.down.drained();
  }
}
