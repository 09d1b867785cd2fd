// What WebSocket clients say, for all of a door: chunks become frames for whoever listens to them; mistakes end the
// connection. One listener of this kind serves every connection of a door, one after the other.
// Refuses to know what messages mean. RFC 6455 §5 to §7, RFC 7692; spec: WS-FRAME.

import { isUtf8 } from '../../actors/codecs/utf8.ts';
import type { FrameEvent, FrameSink } from '../../actors/codecs/websocket-frames.ts';
import type { Connection, ConnectionHost, Listener } from './connection.ts';
import { inflate } from './deflate.ts';

export type HearingHost = Pick<ConnectionHost, 'deliver' | 'count'>;

/** What becomes of the frames that make sense. */
export interface Hearing {
  /** The payload is the hearer's own. */
  message(speaker: Connection, payload: Uint8Array, isBinary: boolean): void;
  /** Views of what was read. */
  ping(speaker: Connection, payload: Uint8Array): void;
  pong(speaker: Connection, payload: Uint8Array): void;
  close(speaker: Connection, code: number, reason: string): void;
}

export class WebSocketListener implements FrameSink, Listener {
  readonly #host: HearingHost;
  readonly #hearing: Hearing;
  readonly #messageBytesMax: number;
  /** Who is speaking; reading never waits, so there is only one. */
  #speaker: Connection | undefined = undefined;

  constructor(host: HearingHost, hearing: Hearing, messageBytesMax: number) {
    this.#host = host;
    this.#hearing = hearing;
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
    const hearing = this.#hearing;
    switch (event.type) {
      case 'message':
        if (!speaker.isOpen) return;
        if (event.compressed) this.#inflated(speaker, event.payload, event.opcode === 'text');
        else this.#deliver(speaker, ownCopy(event.payload), event.opcode === 'binary');
        return;
      case 'ping':
        hearing.ping(speaker, event.payload);
        return;
      case 'pong':
        if (speaker.isOpen) hearing.pong(speaker, event.payload);
        return;
      case 'close':
        hearing.close(speaker, event.code, event.reason);
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
    else this.#deliver(speaker, inflated.payload, !isText);
  }

  #deliver(speaker: Connection, payload: Uint8Array, isBinary: boolean): void {
    this.#host.count('web.messages.in', 1);
    this.#hearing.message(speaker, payload, isBinary);
  }
}

/** For owners who want messages only: pings and closes are answered here. */
export function hearsMessages(host: HearingHost): Hearing {
  return {
    message({ id: connection, owner }, payload) {
      host.deliver(owner, { type: 'messageReceived', connection, payload });
    },
    ping(speaker, payload) {
      speaker.pong(payload);
    },
    pong({ id: connection, owner }) {
      host.deliver(owner, { type: 'pongReceived', connection });
    },
    close(speaker, code, reason) {
      speaker.closeReceived(code, reason);
    },
  };
}

/** A payload that pins at most as much again as it holds: a short one in a long read is copied out. */
export function ownCopy(payload: Uint8Array): Uint8Array {
  return payload.byteLength * 2 < payload.buffer.byteLength ? payload.slice() : payload;
}
