// The connections to origins that are kept, in one pool for each way to reach one. A connection is used for one request
// at a time; a burst opens as many as it needs.
// Refuses to know who asks and why. Obeys ADR 0026; spec/grip.md, section "Origins".

import type { Socket } from 'node:net';
import type { OriginAddress } from '../../actors/runtime/gateway-edges.ts';
import { Connector } from './connector.ts';
import { type ConnectionHost, OriginConnection } from './http/origin-connection.ts';

/**
 * `recent`: new, or answered on within this second, so that the origin has hardly ended it meanwhile; `fresh`: never
 * used.
 */
export type Wanted = 'any' | 'recent' | 'fresh';

/** Whoever waits for a connection. */
export interface ConnectionSeeker {
  found(connection: OriginConnection): void;
  notFound(error: Error): void;
}

const SWEEP_EVERY_MS = 1_000;

export class Origins {
  /** By the host; the rest of an address is compared, because a name made of all of it would be made for each request. */
  readonly #pools = new Map<string, Pool[]>();
  readonly #clock: Clock = { nowMs: performance.now() };
  readonly #sweeper: NodeJS.Timeout;

  constructor() {
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref();
  }

  /** Finds a connection, at once when one is free. */
  seek(origin: OriginAddress, seeker: ConnectionSeeker, wanted: Wanted): void {
    let ofHost = this.#pools.get(origin.host);
    if (ofHost === undefined) {
      ofHost = [];
      this.#pools.set(origin.host, ofHost);
    }
    let pool = ofHost.find((other) => isSame(other.origin, origin));
    if (pool === undefined) {
      pool = new Pool(origin, this.#clock);
      ofHost.push(pool);
    }
    pool.seek(seeker, wanted);
  }

  destroy(): void {
    clearInterval(this.#sweeper);
    for (const pools of this.#pools.values()) for (const pool of pools) pool.destroy();
    this.#pools.clear();
  }

  #sweep(): void {
    this.#clock.nowMs = performance.now();
    for (const [host, pools] of this.#pools) {
      for (const pool of pools) pool.sweep();
      const used = pools.filter(({ isIdle }) => !isIdle);
      if (used.length === 0) this.#pools.delete(host);
      else if (used.length < pools.length) this.#pools.set(host, used);
    }
  }
}

/** Looked at for every request, and right to a second. */
interface Clock {
  nowMs: number;
}

class Pool implements ConnectionHost {
  readonly origin: OriginAddress;
  readonly #connector: Connector;
  readonly #clock: Clock;
  readonly #all = new Set<OriginConnection>();
  /** Used last, used first: what is not needed grows old at the other end. */
  readonly #free: OriginConnection[] = [];
  #connecting = 0;

  constructor(origin: OriginAddress, clock: Clock) {
    this.origin = origin;
    this.#clock = clock;
    this.#connector = new Connector(origin);
  }

  get isIdle(): boolean {
    return this.#all.size === 0 && this.#connecting === 0;
  }

  seek(seeker: ConnectionSeeker, wanted: Wanted): void {
    const free = wanted === 'fresh' ? undefined : this.#takeFree(wanted === 'recent');
    if (free !== undefined) {
      seeker.found(free);
      return;
    }
    this.#connecting += 1;
    let connection: OriginConnection | undefined;
    const connected = (error: Error | null, socket: Socket | null): void => {
      this.#connecting -= 1;
      if (socket === null) seeker.notFound(error ?? new Error('no connection'));
      else {
        connection = this.#open(socket);
        seeker.found(connection);
      }
    };
    this.#connector.connect(connected, (bytes) => connection?.socketReceived(bytes));
  }

  freed(connection: OriginConnection, keptMs: number): void {
    connection.freeSince = this.#clock.nowMs;
    connection.freeUntil = connection.freeSince + keptMs;
    this.#free.push(connection);
  }

  closed(connection: OriginConnection): void {
    this.#all.delete(connection);
    const at = this.#free.lastIndexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
  }

  sweep(): void {
    const { nowMs } = this.#clock;
    for (const connection of this.#free.filter(({ freeUntil }) => freeUntil <= nowMs))
      connection.destroy();
  }

  destroy(): void {
    for (const connection of this.#all) connection.destroy();
  }

  #open(socket: Socket): OriginConnection {
    const connection = new OriginConnection(socket, this);
    this.#all.add(connection);
    return connection;
  }

  #takeFree(isRecent: boolean): OriginConnection | undefined {
    for (;;) {
      const connection = this.#free.pop();
      if (connection === undefined) return undefined;
      const { socket, freeSince, freeUntil } = connection;
      const { nowMs } = this.#clock;
      // The origin's end may be known here and not yet told.
      const isThere = !socket.readableEnded && !socket.destroyed && freeUntil > nowMs;
      // The others are older still.
      const isTooOld = isRecent && freeSince !== nowMs;
      if (isThere && !isTooOld) return connection;
      connection.destroy();
      // The new one takes its place.
      if (isTooOld) return undefined;
    }
  }
}

function isSame(one: OriginAddress, other: OriginAddress): boolean {
  return (
    one.port === other.port &&
    one.isSecure === other.isSecure &&
    one.isUntrusted === other.isUntrusted &&
    // The rest concerns TLS only.
    (!one.isSecure ||
      (one.isInsecure === other.isInsecure &&
        one.serverName === other.serverName &&
        one.clientCertFile === other.clientCertFile &&
        one.clientKeyFile === other.clientKeyFile))
  );
}
