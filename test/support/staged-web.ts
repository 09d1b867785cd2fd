// The web edge of a staged shard: remembers for each connection what it was told, gives receipts for what was
// written unless the client has stalled, and lets tests speak as the client.

import type { Address } from '../../src/actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type Receipt,
  type WebCommand,
  writeCost,
} from '../../src/actors/runtime/edges.ts';
import type { TcpCommand } from '../../src/actors/runtime/tcp/tcp-edges.ts';
import type { System } from '../../src/actors/runtime/system.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One client of a staged shard, and all that it heard. */
export class WebClient {
  readonly id: ConnectionId;
  readonly frames: string[] = [];
  answered: Answered | undefined = undefined;
  accepted: { readonly subprotocol: string | undefined } | undefined = undefined;
  streaming: Readonly<Record<string, string>> | undefined = undefined;
  closed: { readonly code: number; readonly reason: string } | undefined = undefined;
  pings = 0;
  owner: Address<ConnectionEvent> | undefined = undefined;
  receiptsTo: Address<Receipt> | undefined = undefined;
  isStalled = false;
  isGone = false;
  /** Bytes written and not yet receipted. */
  owed = 0;
  readonly #web: StagedWeb;

  constructor(id: ConnectionId, web: StagedWeb) {
    this.id = id;
    this.#web = web;
  }

  /** Sends a message: a text, bytes, or a value as JSON. */
  say(message: unknown): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const payload = message instanceof Uint8Array ? message : new TextEncoder().encode(text);
    this.hear({ type: 'messageReceived', connection: this.id, payload });
  }

  pong(): void {
    this.hear({ type: 'pongReceived', connection: this.id });
  }

  /** The connection ends, by whatever code. */
  leave(code = 1006): void {
    if (this.isGone) return;
    this.isGone = true;
    this.hear({ type: 'closed', connection: this.id, code, reason: '' });
  }

  /** What came since the last call, as text. */
  take(): string[] {
    return this.frames.splice(0);
  }

  /** What came since the last call, as values. */
  takeJson(): unknown[] {
    return this.take().map((text): unknown => JSON.parse(text));
  }

  /** The client reads again: everything owed is receipted, also what this sets free. */
  resume(): void {
    this.isStalled = false;
    this.#web.receipt(this);
  }

  /** Reads some of what is owed and stalls on. */
  read(bytes: number): void {
    this.#web.receipt(this, Math.min(bytes, this.owed));
  }

  hear(event: ConnectionEvent): void {
    if (this.owner !== undefined) this.#web.tell(this.owner, event);
  }
}

export class StagedWeb {
  readonly commands: WebCommand[] = [];
  readonly clients = new Map<ConnectionId, WebClient>();
  /** When set, a close is not followed by `closed` until the test says so. */
  isSlowToClose = false;
  readonly #system: System;
  readonly #settle: () => void;

  constructor(system: System, settle: () => void) {
    this.#system = system;
    this.#settle = settle;
  }

  expect(connection: ConnectionId): WebClient {
    const client = new WebClient(connection, this);
    this.clients.set(connection, client);
    return client;
  }

  tell(owner: Address<ConnectionEvent>, event: ConnectionEvent): void {
    this.#system.deliver(owner, event);
    this.#settle();
  }

  receipt(client: WebClient, bytes = client.owed): void {
    if (bytes === 0 || client.receiptsTo === undefined) return;
    client.owed -= bytes;
    this.#system.deliver(client.receiptsTo, { type: 'receipt', connection: client.id, bytes });
    this.#settle();
  }

  ownTcp(command: TcpCommand): void {
    if (command.type === 'connect') throw new Error('nobody can be called from this stage');
    const client = this.clients.get(command.connection);
    if (client === undefined) throw new Error(`connection ${command.connection} never came`);
    if (command.type === 'own') this.#own(client, command.owner, command.receiptsTo);
    else {
      client.frames.push(new TextDecoder().decode(command.lastWords));
      client.closed = { code: 1_000, reason: '' };
    }
  }

  obey(command: WebCommand): void {
    this.commands.push(
      command.type === 'write' ? { ...command, connections: [...command.connections] } : command,
    );
    if (command.type === 'write') {
      for (const connection of command.connections)
        this.#write(connection, command.payload as Uint8Array);
      return;
    }
    const client = this.clients.get(command.connection);
    if (client === undefined) throw new Error(`connection ${command.connection} never came`);
    switch (command.type) {
      case 'accept':
        client.accepted = { subprotocol: command.subprotocol };
        this.#own(client, command.owner, command.receiptsTo);
        return;
      case 'stream':
        client.streaming = command.headers;
        this.#own(client, command.owner, command.receiptsTo);
        return;
      case 'respond': {
        const { status, headers, body } = command;
        if (client.owner === undefined) client.answered ??= { status, headers, body };
        return;
      }
      case 'hold':
        return;
      case 'cut':
        return;
      case 'ping':
        client.pings += 1;
        return;
      case 'close': {
        const { code, reason, connection } = command;
        if (client.owner === undefined || client.closed !== undefined) return;
        client.closed = { code, reason };
        if (this.isSlowToClose || client.isGone) return;
        client.isGone = true;
        this.#system.deliver(client.owner, { type: 'closed', connection, code, reason: '' });
        return;
      }
      default:
        command satisfies never;
    }
  }

  #own(client: WebClient, owner: Address<ConnectionEvent>, receiptsTo: Address<Receipt>): void {
    client.owner = owner;
    client.receiptsTo = receiptsTo;
  }

  #write(connection: ConnectionId, payload: Uint8Array): void {
    const client = this.clients.get(connection);
    if (client?.receiptsTo === undefined) throw new Error(`nothing is open at ${connection}`);
    if (client.isGone || client.closed !== undefined) return;
    client.frames.push(new TextDecoder().decode(payload));
    client.owed += writeCost(payload);
    if (client.isStalled) return;
    const bytes = client.owed;
    client.owed = 0;
    this.#system.deliver(client.receiptsTo, { type: 'receipt', connection, bytes });
  }
}
