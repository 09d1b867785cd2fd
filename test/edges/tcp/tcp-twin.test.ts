// The simulated TCP edge keeps the contract, over ways that cut and over ways that do not: what is proved in the simulator
// holds for a real socket.

import { WINDOW_BYTES, type WebCommand } from '../../../src/actors/runtime/edges.ts';
import { Prng } from '../../../src/actors/runtime/prng.ts';
import type { TcpCommand } from '../../../src/actors/runtime/tcp/tcp-edges.ts';
import { newLink } from '../../../src/sim/edges/link.ts';
import { Connection, isWord, type Pipe } from '../../../src/sim/edges/network.ts';
import { TcpEdge } from '../../../src/sim/edges/tcp.edge.ts';
import { WebEdge } from '../../../src/sim/edges/web.edge.ts';
import { DOOR, type Heard, type TcpClient, tcpContract, type TcpWorld } from './tcp-contract.ts';

const WAY_US = 200;
const decoder = new TextDecoder();

class TwinTcp implements TcpWorld {
  readonly heard: { readonly to: string; readonly message: Heard }[] = [];
  readonly door = { host: 'n1', port: 7_501 };
  readonly webEdge: WebEdge;
  now = 0;
  readonly #tcp: TcpEdge;
  readonly #cutPercent: number;
  readonly #chance: Prng;
  #due: { readonly at: number; readonly happen: () => void }[] = [];
  #opened = 0;

  constructor(cutPercent: number, seed: number) {
    this.#cutPercent = cutPercent;
    this.#chance = new Prng(seed, 'twin tcp');
    const now = (): number => this.now;
    const deliver = (to: string, message: unknown): void => {
      this.heard.push({ to, message: message as Heard });
    };
    this.webEdge = new WebEdge(
      {
        ...{ lane: 'byte', door: '0/door' as never, messageBytesMax: 65_536 },
        ...{ receiptBytes: WINDOW_BYTES / 2, closeTimeoutUs: 2_000_000 },
      },
      {
        get now() {
          return now();
        },
        deliver,
        wake: () => {},
        remindAt: (at, connection) => this.#later(at, () => this.webEdge.remind(connection)),
      },
    );
    this.#tcp = new TcpEdge({
      web: this.webEdge,
      chance: this.#chance,
      deliver,
      call: (host, port, _timeoutMs, then) =>
        this.#later(this.now + WAY_US, () => {
          const isThere = host === this.door.host && port === this.door.port;
          if (!isThere) {
            then({ reason: 'refused' });
            return;
          }
          const connection = this.#connect();
          this.#tcp.accept(connection, 'chat', DOOR);
          then({ connection });
        }),
    });
  }

  client(): TcpClient {
    const connection = this.#connect();
    const { down } = connection;
    let text = '';
    const state = { isOver: false };
    const hear = (): void => {
      for (let unit = down.read(); unit !== undefined; unit = down.read()) {
        if (isWord(unit)) state.isOver = true;
        else text += decoder.decode(unit as Uint8Array);
      }
      down.drained();
    };
    connection.meet({ readable: hear, taken: () => {} });
    this.#later(this.now + WAY_US, () => this.#tcp.accept(connection, 'chat', DOOR));
    return {
      say: (words) => connection.say(new TextEncoder().encode(words)),
      end: () => connection.say({ word: 'fin' }),
      reset: () => {
        connection.reset();
        return Promise.resolve();
      },
      text: async () => {
        while (!state.isOver) await this.more();
        return text;
      },
    };
  }

  obey(command: TcpCommand): void {
    this.#tcp.obey(command);
    this.#turn();
  }

  web(command: WebCommand): void {
    this.webEdge.obey(command);
    this.#turn();
  }

  /** Time passes up to the next thing that happens. */
  more(): Promise<void> {
    const [first] = this.#due.toSorted((one, other) => one.at - other.at);
    if (first === undefined) throw new Error('nothing more will happen');
    this.#due = this.#due.filter((due) => due !== first);
    this.now = Math.max(this.now, first.at);
    first.happen();
    this.#turn();
    return Promise.resolve();
  }

  nowhere(): Promise<{ readonly host: string; readonly port: number }> {
    return Promise.resolve({ host: 'n1', port: 1 });
  }

  close(): void {}

  #turn(): void {
    while (this.webEdge.hasReadable) this.webEdge.read();
    this.webEdge.flush();
  }

  #connect(): Connection {
    this.#opened += 1;
    const plan = {
      ...{ latencyUs: WAY_US, jitterUs: 100, windowBytes: 1_048_576 },
      ...{ cutPercent: this.#cutPercent, joinPercent: this.#cutPercent },
    };
    const link = newLink(plan, this.#chance);
    const arriveAt = (at: number, pipe: Pipe): void => this.#later(at, () => void pipe.arrive());
    const now = (): number => this.now;
    const clock = {
      get now() {
        return now();
      },
      arriveAt,
    };
    const met = { shard: 0, remote: '10.0.0.1', askedAt: this.now };
    return new Connection(this.#opened, link, clock, met);
  }

  #later(at: number, happen: () => void): void {
    this.#due.push({ at, happen });
  }
}

tcpContract('twin, whole', () => Promise.resolve(new TwinTcp(0, 1)));
tcpContract('twin, in pieces', () => Promise.resolve(new TwinTcp(60, 2)));
tcpContract('twin, in pieces again', () => Promise.resolve(new TwinTcp(90, 3)));
