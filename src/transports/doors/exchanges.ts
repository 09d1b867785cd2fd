// The requests and handshakes of one shard that actors know of and have not answered yet. Gives them their numbers,
// holds new ones back while the node is under pressure, answers for actors who never will, and bounds what slow readers
// of long answers cost.
// Refuses to know what was asked and how connections live.

import type { ConnectionId, Log } from '../../actors/runtime/edges.ts';
import { SteadyMap } from '../../actors/runtime/memory/steady-map.ts';
import type { Deadline, Deadlines } from '../sockets/deadlines.ts';
import type { Departures } from '../sockets/departures.ts';
import type { Kinds } from '../streams/connections.ts';
import type { Headers } from './request-head.ts';
import { type Asker, Exchange, type ExchangeHost } from './exchange.ts';

export interface ExchangesOptions {
  readonly schedule: () => void;
  readonly count: (counter: string, by: number) => void;
  readonly log: (entry: Log) => void;
  readonly deadlines: Deadlines;
  readonly departures: Departures;
  readonly nextId: () => ConnectionId;
}

/** Actors that have not answered a request by then never will; the client is told so. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Whoever has not read its answer by then never will. */
const READ_TIMEOUT_MS = 60_000;
/** Of all answers that wait for their readers; a longer one than there is room for is refused. */
const UNREAD_BYTES_MAX = 67_108_864;
/** What is shorter is mostly in the network already. */
const LONG_BYTES = 65_536;

export class Exchanges implements ExchangeHost {
  readonly departures: Departures;
  isDraining = false;
  readonly #options: ExchangesOptions;
  readonly #asked = new SteadyMap<ConnectionId, Exchange>();
  readonly #due: Deadline<Exchange>;
  /** Long answers that are not read yet, with their bytes. */
  readonly #unread = new Map<Exchange, number>();
  readonly #overdue: Deadline<Exchange>;
  #unreadBytes = 0;
  /** What came under pressure and no actor knows of yet; undefined without pressure. */
  #heldBack: Map<ConnectionId, () => void> | undefined = undefined;

  constructor(options: ExchangesOptions) {
    this.#options = options;
    this.departures = options.departures;
    this.#due = options.deadlines.line(ANSWER_TIMEOUT_MS, (exchange: Exchange) => {
      options.count('web.http.unanswered', 1);
      this.refuse(exchange, 503, 'No answer was found in time.');
    });
    this.#overdue = options.deadlines.line(READ_TIMEOUT_MS, (exchange: Exchange) => {
      options.count('web.http.unread', 1);
      exchange.cut();
    });
  }

  get size(): number {
    return this.#asked.size;
  }

  /** Numbers a request, and tells it to its actor when the node has room. */
  ask(kinds: Kinds, asker: Asker, tell: (connection: ConnectionId) => void): void {
    const exchange = new Exchange(this.#options.nextId(), kinds, asker, this);
    this.#asked.set(exchange.id, exchange);
    this.#due.add(exchange);
    this.#options.count('web.http.requests', 1);
    const deliver = (): void => {
      tell(exchange.id);
      this.#options.schedule();
    };
    if (this.#heldBack === undefined) deliver();
    else this.#heldBack.set(exchange.id, deliver);
  }

  press(isPressed: boolean): void {
    const heldBack = this.#heldBack;
    this.#heldBack = isPressed ? (heldBack ?? new Map()) : undefined;
    if (!isPressed) for (const deliver of heldBack?.values() ?? []) deliver();
  }

  /** Hands an exchange over to whoever has the word for it. */
  take(id: ConnectionId): Exchange | undefined {
    const exchange = this.#asked.get(id);
    if (exchange !== undefined) this.abandoned(exchange);
    return exchange;
  }

  /** Carries out an actor's answer; one for a client that is gone is dropped. */
  respond(id: ConnectionId, status: number, headers: Headers, body: string): void {
    const exchange = this.take(id);
    if (exchange === undefined) return;
    const isLong = exchange.asker.type === 'managed' && body.length > LONG_BYTES;
    if (isLong && !this.#hasRoom(exchange, body.length)) {
      this.refuse(exchange, 503, 'Too much waits to be read.');
      return;
    }
    try {
      exchange.respond(status, headers, body);
    } catch (error) {
      this.failed(exchange, error);
    }
  }

  /** Counts a long answer until it is read, or its reader has gone. */
  #hasRoom(exchange: Exchange, bytes: number): boolean {
    if (this.#unreadBytes + bytes > UNREAD_BYTES_MAX) return false;
    this.#unreadBytes += bytes;
    this.#unread.set(exchange, bytes);
    this.#overdue.add(exchange);
    return true;
  }

  /** An actor's word could not be carried out: a bug, and not the client's. */
  failed(exchange: Exchange, error: unknown): void {
    const fields = { connection: exchange.id, error: String(error) };
    this.#options.log({ type: 'log', level: 'error', event: 'web.answerFailed', fields });
    this.refuse(exchange, 500, 'Internal error.');
  }

  /** Answers in the edge's own name. */
  refuse(exchange: Exchange, status: number, sentence: string): void {
    this.abandoned(exchange);
    exchange.respond(status, { 'content-type': 'text/plain; charset=utf-8' }, `${sentence}\n`);
  }

  refuseAll(status: number, sentence: string): void {
    for (const exchange of [...this.#asked.values()]) this.refuse(exchange, status, sentence);
  }

  abandoned(exchange: Exchange): void {
    this.#asked.delete(exchange.id);
    this.#heldBack?.delete(exchange.id);
    this.#due.delete(exchange);
    this.#overdue.delete(exchange);
    this.#unreadBytes -= this.#unread.get(exchange) ?? 0;
    this.#unread.delete(exchange);
  }
}
