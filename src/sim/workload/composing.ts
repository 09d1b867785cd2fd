// How a client makes its publications: what they say of themselves, under which id, and the note of each sending.
// Refuses to know how they are sent and what is answered.

import { ObjectPayload } from '../edges/object-payload.ts';
import { nameBytes } from '../trace-hash.ts';
import type { Client } from './client.ts';
import { bareWord } from './hearing/words.ts';
import type { Published } from './ledger.ts';
import { dataBytes, lineEndOf, writeData } from './payload.ts';

export class Composing {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  compose(topic: string, by: 'ws' | 'post'): Published {
    const { plan, chance, world } = this.#client;
    const publisher = plan.client;
    const { ledger } = world;
    const publication = ledger.count;
    const sequence = ledger.next(publisher);
    const id = chance.next() % 100 < plan.idPercent ? `${publisher}-${sequence}-${by}` : undefined;
    const said = { topic, from: publisher, n: sequence };
    const drawn = chance.next();
    const bytes = plan.isUneven && sequence % LONG_EVERY === 0 ? LONG_BYTES : plan.dataBytes;
    const isObject = world.lane === 'object' && by === 'ws';
    let data: Uint8Array | ObjectPayload;
    let bytesName = publication;
    let streamName = publication;
    if (isObject)
      data = new ObjectPayload(dataBytes(said, bytes, drawn), bareWord(said, bytesName));
    else {
      const { arena } = this.#client;
      const text = writeData(said, bytes, drawn);
      data = arena.text(text);
      bytesName = nameBytes(data);
      const isRejoined = lineEndOf(sequence).startsWith('\r');
      streamName = isRejoined ? nameBytes(arena.text(text.replace(/\r\n?/, '\n'))) : bytesName;
    }
    const composed = { publication, sequence, topic, id, data, bytesName, streamName };
    const published = { ...composed, sent: this.send(composed, -1) };
    ledger.note(publisher, published);
    return published;
  }

  /** Records a sending; returns its place. */
  send(published: Omit<Published, 'sent'>, cause: number): number {
    const { publication, sequence, topic, id, data, bytesName, streamName } = published;
    const isRepeat = cause >= 0;
    return this.#client.world.trace.add(
      {
        ...this.#client.at(),
        kind: 'publishSent',
        topic,
        id,
        publication,
        publisher: this.#client.plan.client,
        sequence,
        dataBytes: data.byteLength,
        bytesName,
        streamName,
        isRepeat,
      },
      cause,
    );
  }
}

/** Of one who mostly says little: more than the smallest window takes. */
const LONG_EVERY = 5;
const LONG_BYTES = 6_000;
