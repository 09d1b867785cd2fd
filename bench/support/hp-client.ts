// A chat client that asks one thing at a time. Nothing of the measured server's code is used. spec/hp.md.

import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connectAtLast } from './sockets.ts';

type Payload = Readonly<Record<string, unknown>>;

const ANSWER_MS = 60_000;

export class HpClient {
  readonly socket: Socket;
  #ids = 0;
  readonly #waiting = new Map<string, (payload: Payload) => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const { type, payload } = JSON.parse(line) as { type: string; payload: Payload };
      if (type === 'ERROR') throw new Error(line);
      if (type === 'PING') this.#say('PONG', {});
      this.#waiting.get(type)?.(payload);
    });
  }

  /** Comes in as soon as somebody listens. */
  static async login(port: number, user: string): Promise<HpClient> {
    const client = new HpClient(await connectAtLast(port));
    await client.ask('LOGIN', { user }, 'LOGIN_OK');
    return client;
  }

  /** The payload of the next line of the answer's type. */
  ask(type: string, payload: Payload, answer: string): Promise<Payload> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error(`no ${answer}`)), ANSWER_MS);
      this.#waiting.set(answer, (said) => {
        clearTimeout(patience);
        resolve(said);
      });
      this.#say(type, payload);
    });
  }

  #say(type: string, payload: Payload): void {
    this.#ids += 1;
    this.socket.write(hpLine(type, String(this.#ids), payload));
  }
}

export function hpLine(type: string, id: string, payload: Payload): string {
  const timestamp = Math.floor(Date.now() / 1_000);
  return `${JSON.stringify({ version: '1.0', type, id, timestamp, source: 'client', payload })}\n`;
}
