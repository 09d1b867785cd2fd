// What WebSocket clients say, for all of a door: chunks become messages for their owners; pings are answered, closes
// and mistakes end the connection. One reader of this kind serves every connection of a door, one after the other.
// Refuses to know what messages mean. RFC 6455 §5 to §7, RFC 7692; spec: WS-FRAME.

import { isUtf8 } from '../../actors/codecs/utf8.ts';
import type { FrameEvent, FrameSink } from '../../actors/codecs/websocket-frames.ts';
import type { Connection, ConnectionHost, Listener } from './connection.ts';
import { inflate } from './deflate.ts';

export class WebSocketListener implements FrameSink, Listener {
  readonly #host: Pick<ConnectionHost, 'deliver' | 'count'>;
  readonly #messageBytesMax: number;
  /** Who is speaking; reading never waits, so there is only one. */
  #speaker: Connection | undefined = undefined;

  constructor(host: Pick<ConnectionHost, 'deliver' | 'count'>, messageBytesMax: number) {
    this.#host = host;
    this.#messageBytesMax = messageBytesMax;
  }

  /** Takes what one connection's socket received. */
  listen(connection: Connection, chunk: Buffer): void {
    this.#speaker = connection;
    // Actors know Uint8Array: what is cut from this view is one, not a Buffer.
    const { buffer, byteOffset, byteLength } = chunk;
    connection.reader?.read(new Uint8Array(buffer, byteOffset, byteLength), this);
    this.#speaker = undefined;
  }

  frameReceived(event: FrameEvent): void {
    const speaker = this.#speaker;
    if (speaker === undefined) return;
    switch (event.type) {
      case 'message':
        if (!speaker.isOpen) return;
        if (event.compressed) this.#inflated(speaker, event.payload, event.opcode === 'text');
        else this.#deliver(speaker, ownCopy(event.payload));
        return;
      case 'ping':
        speaker.pong(event.payload);
        return;
      case 'pong':
        if (!speaker.isOpen) return;
        this.#host.deliver(speaker.owner, { type: 'pongReceived', connection: speaker.id });
        return;
      case 'close':
        speaker.closeReceived(event.code, event.reason);
        return;
      case 'failed':
        speaker.fail(event.code, event.reason);
        return;
      default:
        event satisfies never;
    }
  }

  #inflated(speaker: Connection, body: Uint8Array, isText: boolean): void {
    const inflated = inflate(body, this.#messageBytesMax);
    if (!inflated.ok) speaker.fail(inflated.code, inflated.reason);
    else if (isText && !isUtf8(inflated.payload)) speaker.fail(1007, 'text is not UTF-8');
    else this.#deliver(speaker, inflated.payload);
  }

  #deliver(speaker: Connection, payload: Uint8Array): void {
    this.#host.count('web.messages.in', 1);
    const { id: connection, owner } = speaker;
    this.#host.deliver(owner, { type: 'messageReceived', connection, payload });
  }
}

/** A payload that pins at most as much again as it holds: a short one in a long read is copied out. */
export function ownCopy(payload: Uint8Array): Uint8Array {
  return payload.byteLength * 2 < payload.buffer.byteLength ? payload.slice() : payload;
}
