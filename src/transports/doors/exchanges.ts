// The requests and handshakes of one shard that actors know of and have not answered yet. Gives them their numbers,
// holds new ones back while the node is under pressure, and answers for actors who never will.
// Refuses to know what was asked and how connections live.

import type { ConnectionId, Log } from '../../actors/runtime/edges.ts';
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

export class Exchanges implements ExchangeHost {
  readonly departures: Departures;
  isDraining = false;
  readonly #options: ExchangesOptions;
  readonly #asked = new Map<ConnectionId, Exchange>();
  readonly #due: Deadline<Exchange>;
  /** What came under pressure and no actor knows of yet; undefined without pressure. */
  #heldBack: Map<ConnectionId, () => void> | undefined = undefined;

  constructor(options: ExchangesOptions) {
    this.#options = options;
    this.departures = options.departures;
    this.#due = options.deadlines.line(ANSWER_TIMEOUT_MS, (exchange: Exchange) => {
      options.count('web.http.unanswered', 1);
      this.refuse(exchange, 503, 'No answer was found in time.');
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
    try {
      exchange.respond(status, headers, body);
    } catch (error) {
      this.failed(exchange, error);
    }
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
  }
}
