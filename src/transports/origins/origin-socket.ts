// A WebSocket to an origin, in the role of a client: what the origin says reaches its owner frame by frame, pings and
// closes too. A refused handshake is an answer like any other.
// Refuses to know whose messages it carries. RFC 6455 §4.1, §5 to §7; spec/grip.md, section "WebSockets".

import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import {
  encodeClose,
  encodeFrame,
  type FrameEvent,
  frameRules,
  type FrameSink,
} from '../../actors/codecs/websocket-frames.ts';
import { acceptHash } from '../../actors/codecs/websocket-handshake.ts';
import { FrameReader } from '../../actors/codecs/websocket-reader.ts';
import type { HeaderList } from '../../actors/codecs/grip/header-list.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import type {
  GatewayCommand,
  MessageKind,
  OriginEvent,
  OriginFailure,
} from '../../actors/runtime/gateway-edges.ts';
import { isHopByHop, isSendable } from '../gateway/answer-head.ts';
import { type Idler, NOWHERE } from '../gateway/idleness.ts';
import { GRACE_MS } from '../sockets/departures.ts';
import { ownCopy } from '../streams/websocket.ts';
import { ConnectFailure, Connector } from './connector.ts';
import { OriginBody } from './origin-body.ts';
import type { Question, QuestionHost } from './question.ts';

export type ConnectWs = Extract<GatewayCommand, { readonly type: 'connectWs' }>;

export interface OriginSocketHost extends Omit<QuestionHost, 'done' | 'exchangeOf' | 'origins'> {
  done(socket: OriginSocket): void;
}

/** With more than this unsent the owner is told that it piles up. */
const PRESSED_BYTES = 64 * 1_024;
const MESSAGE_BYTES_MAX = 67_108_864;
const rules = frameRules('client', { messageBytesMax: MESSAGE_BYTES_MAX });
/** The handshake's own fields, which are made anew for each neighbour. */
const handshakeFields = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-accept',
  'expect',
  'te',
]);

export class OriginSocket implements FrameSink, Idler {
  activeAt = 0;
  idlePlace = NOWHERE;
  readonly owner: Address<OriginEvent>;
  readonly ref: number;
  /** Another question of the same owner. */
  next: Question | OriginSocket | undefined = undefined;
  readonly #asked: ConnectWs;
  readonly #token: string | undefined;
  readonly #host: OriginSocketHost;
  readonly #nonce = randomBytes(16).toString('base64');
  #connection: Socket | undefined = undefined;
  #request: ClientRequest | undefined = undefined;
  #socket: Socket | undefined = undefined;
  #reader: FrameReader | undefined = undefined;
  #body: OriginBody | undefined = undefined;
  #wasSent = false;
  #isPressed = false;
  #hasClosed = false;
  /** The origin has said its close. */
  #wasClosed = false;
  #grace: NodeJS.Timeout | undefined = undefined;
  #isOver = false;

  constructor(asked: ConnectWs, token: string | undefined, host: OriginSocketHost) {
    this.owner = asked.owner;
    this.ref = asked.ref;
    this.#asked = asked;
    this.#token = token;
    this.#host = host;
  }

  /** Of a refusal. */
  get body(): OriginBody | undefined {
    return this.#body;
  }

  ask(): void {
    this.#host.count('gateway.origin.sockets', 1);
    this.#host.idleness.add(this);
    new Connector(this.#asked.origin).connect((error, socket) => {
      if (error !== null) this.#fail(error instanceof ConnectFailure ? error.why : 'broken');
      else if (socket !== null) this.#shake(socket);
    });
  }

  say(kind: MessageKind, payload: Uint8Array): void {
    if (this.#socket === undefined || this.#hasClosed) return;
    this.#write(encodeFrame(kind, payload, { mask: randomBytes(4) }));
  }

  /** Ends it: 1006 without a word, otherwise with a close that the origin may answer. */
  close(code: number, reason: string): void {
    const socket = this.#socket;
    if (socket === undefined || code === 1006) {
      this.abandon();
      return;
    }
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.#write(encodeClose(code, reason, randomBytes(4)));
    if (this.#wasClosed) this.#depart(socket);
    else this.#grace = setTimeout(() => socket.destroy(), GRACE_MS).unref();
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#socket?.pause();
    else this.#socket?.resume();
  }

  abandon(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#body?.abandon();
    this.#request?.destroy();
    this.#connection?.destroy();
  }

  idledOut(): void {
    this.#connection?.destroy();
  }

  frameReceived(event: FrameEvent): void {
    const { ref } = this.#asked;
    switch (event.type) {
      case 'message':
        this.#tell({
          type: 'originMessage',
          ref,
          kind: event.opcode,
          payload: ownCopy(event.payload),
        });
        return;
      case 'ping':
      case 'pong':
        this.#tell({
          type: 'originMessage',
          ref,
          kind: event.type,
          payload: event.payload.slice(),
        });
        return;
      case 'close':
        this.#wasClosed = true;
        this.#closed(event.code, event.reason);
        return;
      case 'failed':
        this.#host.count('gateway.origin.protocolErrors', 1);
        this.#write(encodeClose(event.code, event.reason, randomBytes(4)));
        this.#hasClosed = true;
        this.#closed(1006, '');
        if (this.#socket !== undefined) this.#depart(this.#socket);
        return;
      default:
        event satisfies never;
    }
  }

  #shake(socket: Socket): void {
    if (this.#isOver) {
      socket.destroy();
      return;
    }
    const { target } = this.#asked;
    this.#connection = socket;
    this.#wasSent = true;
    let asked: ClientRequest;
    try {
      const headers = this.#headers();
      asked = request({ createConnection: () => socket, path: target, headers, setHost: false });
    } catch {
      this.#fail('broken');
      return;
    }
    this.#request = asked;
    asked.on('upgrade', (answer, upgraded, early) => this.#upgraded(answer, upgraded, early));
    asked.on('response', (answer) => this.#refused(answer));
    asked.on('error', () => this.#fail('broken'));
    asked.end();
  }

  #headers(): string[] {
    const headers: string[] = [];
    for (const [name, value] of this.#asked.headers) {
      const lower = name.toLowerCase();
      if (isHopByHop(lower) || handshakeFields.has(lower) || !isSendable(name, value)) continue;
      headers.push(name, value);
    }
    headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
    headers.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', this.#nonce);
    if (this.#token !== undefined) headers.push('Grip-Sig', this.#token);
    return headers;
  }

  #upgraded(answer: IncomingMessage, upgraded: Duplex, early: Buffer): void {
    const socket = upgraded as Socket;
    const { upgrade = '', 'sec-websocket-accept': accept } = answer.headers;
    if (
      this.#isOver ||
      accept !== acceptHash(this.#nonce) ||
      upgrade.toLowerCase() !== 'websocket'
    ) {
      socket.destroy();
      this.#fail('broken');
      return;
    }
    this.#socket = socket;
    this.#reader = new FrameReader(rules);
    this.#tell({
      type: 'originUpgraded',
      ref: this.#asked.ref,
      headers: headersOf(answer.rawHeaders),
    });
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('drain', () => this.#press(false));
    socket.on('error', () => {});
    socket.on('close', () => this.#ended());
    if (early.byteLength > 0) this.#received(early);
    socket.resume();
  }

  #refused(answer: IncomingMessage): void {
    if (this.#isOver) {
      answer.destroy();
      return;
    }
    const { statusCode: status = 502, statusMessage: reason = '', rawHeaders } = answer;
    // A 101 that names no protocol is an answer to the platform, and to nobody else.
    if (status < 200) {
      answer.destroy();
      this.#fail('broken');
      return;
    }
    const { ref } = this.#asked;
    const source = {
      pause: () => answer.pause(),
      resume: () => answer.resume(),
      abort: () => answer.destroy(),
      deliver: (to: Address<OriginEvent>, message: OriginEvent) => this.#host.deliver(to, message),
      done: () => this.#leave(),
    };
    const body = new OriginBody(this.#asked, source);
    this.#body = body;
    const headers = headersOf(rawHeaders);
    const requestBody = new Uint8Array(0);
    this.#tell({ type: 'originAnswered', ref, status, reason, headers, requestBody });
    answer.on('data', (chunk: Buffer) => {
      const { buffer, byteOffset, byteLength } = chunk;
      body.received(new Uint8Array(buffer, byteOffset, byteLength));
    });
    answer.on('end', () => body.ended());
    answer.on('error', () => {
      if (!this.#isOver) this.#host.count('gateway.origin.truncated', 1);
      body.broken();
    });
    answer.on('close', () => {
      body.broken();
      this.#connection?.destroy();
    });
  }

  #received(chunk: Buffer): void {
    this.activeAt = this.#host.idleness.tick;
    const { buffer, byteOffset, byteLength } = chunk;
    this.#reader?.read(new Uint8Array(buffer, byteOffset, byteLength), this);
  }

  #write(bytes: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    this.activeAt = this.#host.idleness.tick;
    socket.write(bytes);
    if (socket.writableLength > PRESSED_BYTES) this.#press(true);
  }

  #press(isPressed: boolean): void {
    if (this.#isPressed === isPressed || this.#isOver) return;
    this.#isPressed = isPressed;
    this.#tell({ type: 'originPressed', ref: this.#asked.ref, isPressed });
  }

  /** Its close came; ours is the owner's to say, unless it was said. */
  #closed(code: number, reason: string): void {
    const { owner, ref } = this.#asked;
    if (this.#hasClosed && this.#socket !== undefined) this.#depart(this.#socket);
    if (!this.#isOver) this.#host.deliver(owner, { type: 'originClosed', ref, code, reason });
    this.#hasToldClose = true;
  }

  #hasToldClose = false;

  #ended(): void {
    clearTimeout(this.#grace);
    if (this.#isOver) return;
    this.#leave();
    const { owner, ref } = this.#asked;
    if (!this.#hasToldClose)
      this.#host.deliver(owner, { type: 'originClosed', ref, code: 1006, reason: '' });
  }

  #depart(socket: Socket): void {
    socket.end();
    clearTimeout(this.#grace);
    this.#grace = setTimeout(() => socket.destroy(), GRACE_MS).unref();
  }

  #tell(event: OriginEvent): void {
    if (!this.#isOver) this.#host.deliver(this.#asked.owner, event);
  }

  #fail(why: OriginFailure): void {
    if (this.#isOver || this.#body !== undefined || this.#socket !== undefined) return;
    const { owner, ref } = this.#asked;
    const wasSent = this.#wasSent;
    this.#leave();
    this.#connection?.destroy();
    this.#host.count(`gateway.origin.failures.${why}`, 1);
    this.#host.deliver(owner, { type: 'originFailed', ref, why, wasSent });
  }

  #leave(): void {
    this.#isOver = true;
    this.#host.idleness.delete(this);
    this.#host.done(this);
  }
}

/** Names and values as they came, in their order. */
function headersOf(raw: readonly string[]): HeaderList {
  const headers: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) headers.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return headers;
}
