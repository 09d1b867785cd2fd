// The understudy of transports/tcp.edge.ts: whoever connects, or was called, waits unread until an actor owns it; then it
// is a connection of the simulated web edge. Bytes travel in both lanes: the object lane differs by ways that cut nothing.
// Refuses to know what is spoken, and where calls lead. Held to the words of runtime/tcp/tcp-edges.ts by test/edges/tcp/.

import type { Address } from '../../actors/runtime/actor.ts';
import type { ConnectionId } from '../../actors/runtime/edges.ts';
import type { Prng } from '../../actors/runtime/prng.ts';
import type { TcpCommand, TcpDialed, TcpOpened } from '../../actors/runtime/tcp/tcp-edges.ts';
import type { Connection } from './network.ts';
import type { TcpEnd } from './tcp/tcp-end.ts';
import type { WebEdge } from './web.edge.ts';

/** What became of a call: a connection, or why there is none. */
export type Dialed =
  | { readonly connection: Connection }
  | { readonly reason: Extract<TcpDialed, { readonly type: 'tcpFailed' }>['reason'] };

export interface TcpEdgeOptions {
  /** Of the same shard. */
  readonly web: WebEdge;
  /** For what nobody else may foresee. */
  readonly chance: Prng;
  readonly deliver: <M>(to: Address<M>, message: NoInfer<M>) => void;
  /** Has `then` called once, in at most so many milliseconds. */
  readonly call: (
    host: string,
    port: number,
    timeoutMs: number,
    then: (dialed: Dialed) => void,
  ) => void;
}

export class TcpEdge {
  readonly #options: TcpEdgeOptions;
  /** Nobody owns them yet. */
  readonly #waiting = new Map<ConnectionId, TcpEnd>();

  constructor(options: TcpEdgeOptions) {
    this.#options = options;
  }

  /** Somebody came through a door. */
  accept(connection: Connection, door: string, doorActor: Address<TcpOpened>): void {
    const { web, deliver } = this.#options;
    deliver(doorActor, this.#opened(web.meetTcp(connection, false), connection, door));
  }

  obey(command: TcpCommand): void {
    switch (command.type) {
      case 'connect':
        this.#call(command);
        return;
      case 'own': {
        const { connection, owner, receiptsTo } = command;
        if (this.#take(connection)?.own({ owner, receiptsTo }) === true) return;
        this.#options.deliver(owner, { type: 'closed', connection, code: 1_006, reason: '' });
        return;
      }
      case 'dismiss':
        this.#take(command.connection)?.dismiss(command.lastWords);
        return;
      default:
        command satisfies never;
    }
  }

  #take(connection: ConnectionId): TcpEnd | undefined {
    const end = this.#waiting.get(connection);
    this.#waiting.delete(connection);
    return end;
  }

  #call({ host, port, timeoutMs, ref, replyTo }: Extract<TcpCommand, { type: 'connect' }>): void {
    const { call, web, deliver } = this.#options;
    call(host, port, timeoutMs, (dialed) => {
      if ('reason' in dialed) {
        deliver(replyTo, { type: 'tcpFailed', ref, reason: dialed.reason });
        return;
      }
      const { connection } = dialed;
      const opened = this.#opened(web.meetTcp(connection, true), connection, 'call');
      deliver(replyTo, { type: 'tcpConnected', ref, opened });
    });
  }

  #opened(end: TcpEnd, { met }: Connection, door: string): TcpOpened {
    const { id: connection } = end;
    this.#waiting.set(connection, end);
    return {
      ...{ type: 'tcpOpened', connection, door, remote: met.remote },
      ...{ isLoopback: met.remote === LOOPBACK, isSecure: false },
      ...{ secret: this.#digits(32), nonce: this.#digits(20) },
    };
  }

  #digits(count: number): string {
    let digits = '';
    while (digits.length < count)
      digits += this.#options.chance.next().toString(16).padStart(8, '0');
    return digits.slice(0, count);
  }
}

const LOOPBACK = '127.0.0.1';
