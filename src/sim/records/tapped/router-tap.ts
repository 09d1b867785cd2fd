// Listens to the router of one shard. A recovery that is asked for anew, or given up, while it waits for its turn has an
// answer all the same, and the trace is told of it; so it is of a receipt that the router took no note of. Only read, between
// turns, is what the router keeps; nothing is changed. Refuses to judge.

import type { RouterMessage, RouterState } from '../../../actors/routing/router-state.ts';
import type { ConnectionId } from '../../../actors/runtime/edges.ts';
import type { RouterReply } from '../../../actors/routing/router-messages.ts';
import type { Trace } from '../../trace.ts';

/** The shard whose router it is. */
interface Place {
  readonly plan: { readonly node: number; readonly shard: number };
  readonly router: RouterState | undefined;
  readonly actors: { readonly router: string };
}

interface GivenUp {
  readonly topic: string;
  readonly since: { readonly epoch: string; readonly offset: number };
}

export class RouterTap {
  readonly #trace: Trace;
  readonly #place: Place;
  /** By who asked and slot, until it is answered. */
  readonly #givenUp = new Map<string, GivenUp>();
  /** The most that one reader had under way, without those that were given up and bring nothing. */
  #most = 0;
  /** The connection of the last receipt, until it is looked at, and when it came. */
  #took: ConnectionId | undefined = undefined;
  #tookAt = 0;

  constructor(trace: Trace, place: Place) {
    this.#trace = trace;
    this.#place = place;
  }

  get most(): number {
    return this.#most;
  }

  /** An actor is about to take a message. */
  received(address: string, message: unknown, now: number): void {
    if (address === this.#place.actors.router) this.#heard(message as RouterMessage, now);
    else if (this.#givenUp.size > 0) this.#answered(address, message as RouterReply);
  }

  #heard(message: RouterMessage, now: number): void {
    if (this.#took !== undefined) this.#noted(this.#took);
    if (message.type === 'receipt') {
      this.#took = message.connection;
      this.#tookAt = now;
    } else this.#asked(message);
  }

  /** [BROKER-SLOW-5] What the network took is progress, also where the window stays full. */
  #noted(connection: ConnectionId): void {
    this.#took = undefined;
    const stream = this.#place.router?.streams.get(connection);
    if (stream === undefined || stream.progressAt >= this.#tookAt || !stream.outbox.isStalled)
      return;
    const { node, shard } = this.#place.plan;
    const unnotedUs = this.#tookAt - stream.progressAt;
    this.#trace.add({ kind: 'receiptUnnoted', node, shard, unnotedUs });
  }

  #asked(message: RouterMessage): void {
    if (message.type !== 'unsubscribe' && message.type !== 'subscribe') return;
    // [BROKER-SUB-3] Who asks again without a place goes on waiting.
    if (message.type === 'subscribe' && message.since === undefined) return;
    const stream = this.#place.router?.streams.get(message.connection);
    if (stream === undefined) return;
    this.#most = Math.max(this.#most, stream.recovering - this.#givenUp.size);
    const waiting = stream.toRecover?.get(message.topic);
    if (waiting?.since === undefined) return;
    const { slot, since, subscription } = waiting;
    this.#givenUp.set(`${stream.owner} ${slot}`, { topic: subscription.topic, since });
  }

  #answered(owner: string, message: RouterReply): void {
    if (message.type !== 'subscribed' && message.type !== 'subscribeRefused') return;
    const key = `${owner} ${message.slot}`;
    const known = this.#givenUp.get(key);
    if (known === undefined) return;
    this.#givenUp.delete(key);
    if (message.type !== 'subscribed') return;
    const { node, shard } = this.#place.plan;
    const { position, recovered } = message;
    const { epoch, offset } = position;
    this.#trace.add({
      ...{ kind: 'recoveryGivenUp', node, shard, ...known },
      ...{ position: { epoch, offset }, recovered },
    });
  }
}
