// What WebSocket clients of the gateway say, for all of a door: every frame reaches the owner, pings and closes too,
// because whoever stands behind the gateway answers them. Only mistakes are answered here.
// Refuses to know what messages mean. RFC 6455 §5 to §7, RFC 7692; spec/grip.md, section "WebSockets".

import { isUtf8 } from '../../actors/codecs/utf8.ts';
import type { FrameEvent, FrameSink } from '../../actors/codecs/websocket-frames.ts';
import type { Connection, ConnectionHost, Listener } from '../streams/connection.ts';
import { inflate } from '../streams/deflate.ts';
import { ownCopy } from '../streams/websocket.ts';

export class GatewayListener implements FrameSink, Listener {
  readonly #host: Pick<ConnectionHost, 'deliver' | 'count'>;
  readonly #messageBytesMax: number;
  /** Who is speaking; reading never waits, so there is only one. */
  #speaker: Connection | undefined = undefined;

  constructor(host: Pick<ConnectionHost, 'deliver' | 'count'>, messageBytesMax: number) {
    this.#host = host;
    this.#messageBytesMax = messageBytesMax;
  }

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
    const { id: connection, owner } = speaker;
    switch (event.type) {
      case 'message':
        if (!speaker.isOpen) return;
        if (event.compressed) this.#inflated(speaker, event.payload, event.opcode === 'text');
        else this.#deliver(speaker, ownCopy(event.payload), event.opcode === 'binary');
        return;
      case 'ping':
      case 'pong': {
        if (!speaker.isOpen) return;
        const type = event.type === 'ping' ? 'pingReceived' : 'pongReceived';
        this.#host.deliver(owner, { type, connection, payload: event.payload.slice() });
        return;
      }
      case 'close': {
        // The answer to our own close ends it; a first one waits for the owner's.
        if (!speaker.isOpen) {
          speaker.closeReceived(event.code, event.reason);
          return;
        }
        speaker.peerClosed();
        const { code, reason } = event;
        this.#host.deliver(owner, { type: 'closeReceived', connection, code, reason });
        return;
      }
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
    else this.#deliver(speaker, inflated.payload, !isText);
  }

  #deliver({ id, owner }: Connection, payload: Uint8Array, isBinary: boolean): void {
    this.#host.count('web.messages.in', 1);
    this.#host.deliver(owner, { type: 'messageReceived', connection: id, payload, isBinary });
  }
}
