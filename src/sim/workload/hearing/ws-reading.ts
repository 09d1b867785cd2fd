// A client's hearing of one WebSocket: frames into words, pings into pongs, a close into a close.
// Refuses to know what the words mean to it.

import { encodeFrame } from '../../../actors/codecs/websocket-frames.ts';
import type { ObjectPayload } from '../../edges/object-payload.ts';
import type { Client } from '../client.ts';
import { FrameDecoder, type FrameListener } from './frame-decoder.ts';
import type { Word } from './words.ts';

export class WsReading implements FrameListener {
  readonly #client: Client;
  #decoder: FrameDecoder;

  constructor(client: Client) {
    this.#client = client;
    this.#decoder = new FrameDecoder(client.arena);
  }

  begin(): void {
    this.#decoder = new FrameDecoder(this.#client.arena);
  }

  hear(payload: Uint8Array | ObjectPayload): void {
    if (payload instanceof Uint8Array) this.#decoder.decode(payload, this);
    else if (payload.value instanceof Uint8Array) this.textReceived(payload.value);
    else this.#client.answers.hear(payload.value as Word);
  }

  textReceived(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const { world, answers } = this.#client;
    const word = world.words.read(bytes, from, to);
    world.hash.named(world.words.name);
    answers.hear(word);
  }

  pingReceived(payload: Uint8Array): void {
    const client = this.#client;
    // Whoever babbles does not always listen.
    const isAttentive = client.world.isSettling || client.answers.asking.isOwedClose;
    const isDeaf = client.plan.behaviour === 'malformed' && !isAttentive;
    if (isDeaf && client.chance.chance(1, 4)) return;
    if (client.pinged()) client.sayRaw(encodeFrame('pong', payload, { mask: client.masks.next() }));
  }

  closeReceived(code: number, reason: string): void {
    this.#client.heardClose(code, reason);
  }

  brokenFrame(what: string): void {
    this.#client.unexpected(`a broken frame: ${what}`);
  }
}
