// What only real sockets can show: a server as one case about bytes meets it. The case's connections are gone after it.

import assert from 'node:assert/strict';

import type { ServerFrame } from './frames.ts';
import { handshake, RawSocket } from './raw-socket.ts';
import type { Target } from './target.ts';
import { type Claims, sign } from './tokens.ts';

/** What is known about the server beyond its messages. */
export interface SocketFacts {
  readonly url: URL;
  /** Whether it agrees on permessage-deflate. */
  readonly deflates: boolean;
  readonly secret: string | undefined;
  /** The admin door, as an origin. */
  readonly admin: string | undefined;
}

export class Sockets {
  readonly facts: SocketFacts;
  readonly #target: Target;
  readonly #sockets: RawSocket[] = [];

  constructor(facts: SocketFacts, target: Target) {
    this.facts = facts;
    this.#target = target;
  }

  /** Frames of the server that come before any answer. */
  get welcomes(): number {
    return this.#target.greets ? 1 : 0;
  }

  /** A line that shows the token, if one is needed. */
  get credentials(): string[] {
    const { token } = this.#target.site;
    return token === undefined ? [] : [`Authorization: Bearer ${token}`];
  }

  /** A bare connection. */
  socket(): RawSocket {
    const socket = new RawSocket(this.facts.url);
    this.#sockets.push(socket);
    if (this.#target.isOver) this.leave();
    return socket;
  }

  /** The head of the answer to `said`, with the line end of its last line. */
  headAfter(said: string | Uint8Array): Promise<string> {
    const socket = this.socket();
    socket.say(said);
    return socket.answered();
  }

  handshake(path: string, ...lines: readonly string[]): string {
    return handshake(path, ...this.credentials, ...lines);
  }

  /** A connection after its handshake and welcome, whose further bytes are the case's own. */
  async opened(...lines: readonly string[]): Promise<RawSocket> {
    const socket = this.socket();
    socket.say(this.handshake('/', ...lines));
    assert.match(await socket.answered(), /^HTTP\/1\.1 101 /);
    await socket.until('the welcome', () => socket.frames.length >= this.welcomes);
    return socket;
  }

  /** What a connection says after `bytes`, without the welcome, up to its end. */
  async framesAfter(bytes: Uint8Array, ...lines: readonly string[]): Promise<ServerFrame[]> {
    const socket = await this.opened(...lines);
    socket.say(bytes);
    await socket.ended();
    return socket.frames.slice(this.welcomes);
  }

  /** A token of the case's own making. */
  sign(claims: Claims, header?: Claims): string {
    assert.ok(this.facts.secret !== undefined, 'there is no secret to sign with');
    return sign(this.facts.secret, claims, header);
  }

  leave(): void {
    for (const { socket } of this.#sockets.splice(0)) socket.destroy();
  }
}
