// The TCP edge of production, on real sockets of the loopback, held to the contract of all TCP edges.

import { connect, createServer, type Socket } from 'node:net';

import type { TcpCommand } from '../../../src/actors/runtime/tcp/tcp-edges.ts';
import type { WebCommand } from '../../../src/actors/runtime/edges.ts';
import { TcpEdge } from '../../../src/transports/tcp.edge.ts';
import { WebEdge } from '../../../src/transports/web.edge.ts';
import { DOOR, type Heard, type TcpClient, tcpContract, type TcpWorld } from './tcp-contract.ts';

const HOST = '127.0.0.1';

class ProductionTcp implements TcpWorld {
  readonly heard: { readonly to: string; readonly message: Heard }[] = [];
  door = { host: HOST, port: 0 };
  readonly #web: WebEdge;
  readonly #tcp: TcpEdge;
  readonly #sockets: Socket[] = [];
  #changed: () => void = () => {};

  static async open(): Promise<ProductionTcp> {
    const world = new ProductionTcp();
    const { port } = await world.#tcp.listen({
      ...{ door: 'chat', host: HOST, port: 0, reusePort: false, tls: undefined, doorActor: DOOR },
    });
    world.door = { host: HOST, port };
    return world;
  }

  constructor() {
    const host = {
      deliver: (to: string, message: unknown): void => {
        this.heard.push({ to, message: message as Heard });
      },
      schedule: () => {
        this.#web.flush();
        this.#changed();
      },
      runNow: () => {},
      count: () => {},
      log: () => {},
    };
    this.#web = new WebEdge(host);
    this.#tcp = new TcpEdge({ ...host, ground: this.#web.ground });
  }

  client(): TcpClient {
    const { host, port } = this.door;
    const socket = connect({ host, port, allowHalfOpen: true });
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    const over = new Promise<void>((resolve) => {
      socket.once('end', resolve);
      socket.once('close', resolve);
    });
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
    this.#sockets.push(socket);
    return {
      say: (words) => void socket.write(words),
      end: () => void socket.end(),
      reset: async () => {
        socket.resetAndDestroy();
        await closed;
      },
      text: async () => {
        await over;
        return text;
      },
    };
  }

  obey(command: TcpCommand): void {
    this.#tcp.obey(command);
    this.#web.flush();
  }

  web(command: WebCommand): void {
    this.#web.obey(command);
    this.#web.flush();
  }

  more(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  async nowhere(): Promise<{ readonly host: string; readonly port: number }> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    return { host: HOST, port };
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#tcp.closeListeners();
    this.#web.abandon(1_012, '');
  }
}

tcpContract('production', () => ProductionTcp.open());
