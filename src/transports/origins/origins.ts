// The pools of connections to origins, one for each way to reach one. Connections are kept for a while and are used
// for one request at a time; a burst opens as many as it needs.
// Refuses to know who asks and why. Obeys spec/grip.md, section "Origins"; undici carries HTTP.

import { isIP } from 'node:net';
import { Pool } from 'undici';
import type { OriginAddress } from '../../actors/runtime/gateway-edges.ts';
import { Connector } from './connector.ts';

/** An unused connection is kept for so long. */
const KEPT_MS = 55_000;
const HEAD_BYTES_MAX = 65_536;

export class Origins {
  /** By identity first: a route hands out the same target again and again. */
  readonly #known = new WeakMap<OriginAddress, Pool>();
  readonly #pools = new Map<string, Pool>();
  /** Errors of connections that had been of use before they broke. */
  readonly #stale = new WeakSet<Error>();

  get size(): number {
    return this.#pools.size;
  }

  poolOf(origin: OriginAddress): Pool {
    const known = this.#known.get(origin);
    if (known !== undefined) return known;
    const name = nameOf(origin);
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      pool = this.#open(origin);
      this.#pools.set(name, pool);
    }
    this.#known.set(origin, pool);
    return pool;
  }

  /** The connection was an old one, and may have been closed before it was asked anything. */
  isStale(error: Error): boolean {
    if (this.#stale.has(error)) return true;
    const { socket } = error as { readonly socket?: { readonly bytesRead?: number } };
    return (socket?.bytesRead ?? 0) > 0;
  }

  destroy(): void {
    for (const pool of this.#pools.values()) void pool.destroy();
    this.#pools.clear();
  }

  #open(origin: OriginAddress): Pool {
    const { host, port, isSecure } = origin;
    const connector = new Connector(origin, (error) => this.#stale.add(error));
    const authority = isIP(host) === 6 ? `[${host}]` : host;
    return new Pool(`${isSecure ? 'https' : 'http'}://${authority}:${port}`, {
      connect: (_, connected) =>
        connector.connect((error, socket) => {
          if (error !== null) connected(error, null);
          else if (socket !== null) connected(null, socket);
        }),
      connections: null,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEAD_BYTES_MAX,
      keepAliveTimeout: KEPT_MS,
      keepAliveMaxTimeout: KEPT_MS,
      keepAliveTimeoutThreshold: 1_000,
    });
  }
}

function nameOf(origin: OriginAddress): string {
  const { host, port, isSecure, isInsecure, serverName, isUntrusted } = origin;
  const { clientCertFile = '', clientKeyFile = '' } = origin;
  return JSON.stringify([
    host,
    port,
    isSecure,
    isInsecure,
    serverName,
    isUntrusted,
    clientCertFile,
    clientKeyFile,
  ]);
}
