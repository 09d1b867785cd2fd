// The requests of one shard that came through gateway doors and are not answered yet. Gives them their numbers, holds
// new ones back while the node is under pressure, and tells the door's actor of the others.
// Refuses to know what is asked and how it is answered.

import { type Address, shardOf } from '../../actors/runtime/actor.ts';
import type { ConnectionId } from '../../actors/runtime/edges.ts';
import type { ProxyRequested } from '../../actors/runtime/gateway-edges.ts';
import { SteadyMap } from '../../actors/runtime/memory/steady-map.ts';
import type { Client } from './client.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import type { HttpHead } from './request-head.ts';

export interface ExchangesOptions {
  readonly deliver: <M>(to: Address<M>, message: M) => void;
  readonly schedule: () => void;
  readonly count: (counter: string, by: number) => void;
  readonly nextId: () => ConnectionId;
}

export class Exchanges implements ExchangeHost {
  isDraining = false;
  readonly #options: ExchangesOptions;
  readonly #asked = new SteadyMap<ConnectionId, Exchange>();
  /** What came under pressure and no actor knows of yet; undefined without pressure. */
  #heldBack: Set<Exchange> | undefined = undefined;

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#asked.size;
  }

  get(id: ConnectionId): Exchange | undefined {
    return this.#asked.get(id);
  }

  /** Numbers a request, and tells it to its door's actor when the node has room. */
  began(client: Client, head: HttpHead, isRepeated: boolean): Exchange {
    const exchange = new Exchange(this.#options.nextId(), client, head, isRepeated, this);
    this.#asked.set(exchange.id, exchange);
    this.#options.count('gateway.requests', 1);
    if (this.#heldBack === undefined) this.#tell(exchange);
    else this.#heldBack.add(exchange);
    return exchange;
  }

  ended(exchange: Exchange): void {
    this.#asked.delete(exchange.id);
    this.#heldBack?.delete(exchange);
  }

  press(isPressed: boolean): void {
    const heldBack = this.#heldBack ?? new Set();
    this.#heldBack = isPressed ? heldBack : undefined;
    if (!isPressed) for (const exchange of heldBack) this.#tell(exchange);
  }

  /** Answers everybody who waits, for actors who never will. */
  refuseAll(status: number, text: string): void {
    const headers = [['Content-Type', 'text/plain']] as const;
    const body = Buffer.from(text);
    for (const exchange of [...this.#asked.values()]) {
      if (exchange.hasBegun) exchange.cut();
      else exchange.answer({ status, reason: '', headers }, body, true);
    }
  }

  /** Whoever waits for an owner on that shard waits no longer. */
  cutOwned(shard: number): void {
    for (const exchange of [...this.#asked.values()])
      if (exchange.owner !== undefined && shardOf(exchange.owner) === shard) exchange.cut();
  }

  deliver<M>(to: Address<M>, message: M): void {
    this.#options.deliver(to, message);
    this.#options.schedule();
  }

  count(name: string, by: number): void {
    this.#options.count(name, by);
  }

  #tell({ id, client, head, isRepeated }: Exchange): void {
    const { door, isSecure, remote } = client;
    const { method, path, search, headers, host, bodyBytes, asksForWebSocket } = head;
    const requested: ProxyRequested = {
      type: 'proxyRequested',
      connection: id,
      door: door.name,
      method,
      path,
      search,
      headers,
      isRepeated,
      host,
      isSecure,
      bodyBytes,
      isWebSocket: asksForWebSocket,
      remote,
    };
    this.deliver(door.actor, requested);
  }
}
