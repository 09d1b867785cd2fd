// What lies between the nodes of a cluster of processes: a proxy in front of each node's port for others, which knows from
// the caller's first line which two nodes a connection joins, and cuts, swallows or slows what goes between them.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `swallowed` is a cable that was pulled: nothing comes through, and nobody is told. `reset` is a firewall that tells. */
export type Road = 'open' | 'swallowed' | 'reset' | { readonly bytesPerSecond: number };

interface Joined {
  readonly pair: string;
  readonly ends: readonly [Socket, Socket];
}

export class PeerProxies {
  readonly #roads = new Map<string, Road>();
  readonly #joined = new Set<Joined>();
  readonly #servers = new Map<string, { server: Server; port: number }>();

  /** Gives the address at which a node's port is found. */
  async before(node: string, port: () => number): Promise<string> {
    const server = createServer((caller) => this.#greet(node, port(), caller));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = (server.address() as AddressInfo).port;
    this.#servers.set(node, { server, port: at });
    return `127.0.0.1:${at}`;
  }

  /** Nobody listens there any more: a call is refused, as it is where a process is gone. */
  gone(node: string): void {
    this.#servers.get(node)?.server.close();
  }

  async back(node: string): Promise<void> {
    const known = this.#servers.get(node);
    if (known === undefined || known.server.listening) return;
    await new Promise<void>((resolve) => known.server.listen(known.port, '127.0.0.1', resolve));
  }

  /** What lies between two nodes from now on; a road that is open again begins with new connections. */
  set(one: string, other: string, road: Road): void {
    const pair = pairOf(one, other);
    const before = this.#roads.get(pair) ?? 'open';
    this.#roads.set(pair, road);
    if (road === 'reset' || (before === 'swallowed' && road !== 'swallowed')) this.cut(one, other);
  }

  /** Connections that stand are reset, and new ones are let through. */
  cut(one: string, other: string): void {
    for (const { pair, ends } of this.#joined)
      if (pair === pairOf(one, other)) for (const end of ends) end.resetAndDestroy();
  }

  close(): void {
    for (const { server } of this.#servers.values()) server.close();
    for (const { ends } of this.#joined) for (const end of ends) end.destroy();
  }

  #greet(node: string, port: number, caller: Socket): void {
    caller.on('error', () => {});
    let first = '';
    const read = (chunk: Buffer): void => {
      first += chunk.toString();
      if (!first.includes('\n')) return;
      caller.off('data', read);
      caller.pause();
      const from = /"node":"([^"]+)"/.exec(first)?.[1] ?? '';
      this.#join(pairOf(from, node), caller, connect(port, '127.0.0.1'), first);
    };
    caller.on('data', read);
  }

  #join(pair: string, caller: Socket, called: Socket, first: string): void {
    if (this.#roads.get(pair) === 'reset') {
      for (const end of [caller, called]) end.on('error', () => {}).resetAndDestroy();
      return;
    }
    const joined: Joined = { pair, ends: [caller, called] };
    this.#joined.add(joined);
    called.on('error', () => {});
    const leave = (): void => {
      this.#joined.delete(joined);
      // Behind a cable that was pulled nobody hears of an end.
      if (this.#roads.get(pair) === 'swallowed') return;
      for (const end of joined.ends) end.destroy();
    };
    for (const end of joined.ends) end.on('close', leave);
    if (this.#roads.get(pair) !== 'swallowed') called.write(first);
    this.#carry(pair, caller, called);
    this.#carry(pair, called, caller);
    caller.resume();
  }

  #carry(pair: string, from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      const road = this.#roads.get(pair) ?? 'open';
      if (road === 'swallowed') return;
      to.write(chunk);
      if (typeof road === 'string') return;
      from.pause();
      setTimeout(() => from.resume(), (chunk.byteLength / road.bytesPerSecond) * 1_000);
    });
  }
}

function pairOf(one: string, other: string): string {
  return [one, other].toSorted().join(' ');
}
