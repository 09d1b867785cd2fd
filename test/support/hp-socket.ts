// A chat client over a real socket, as a person with `nc` is one: for tests of processes.

import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

export interface HpAnswer {
  readonly type: string;
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export class HpSocket {
  readonly lines: HpAnswer[] = [];
  isClosed = false;
  readonly #socket: Socket;
  #said = 0;
  #text = '';

  static async in(address: string, user: string): Promise<HpSocket> {
    const client = new HpSocket(address);
    const answer = await client.ask('LOGIN', { user });
    if (answer.type !== 'LOGIN_OK') throw new Error(`${user}: ${JSON.stringify(answer)}`);
    return client;
  }

  constructor(address: string) {
    const [host = '', port] = address.split(':');
    this.#socket = connect(Number(port), host);
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.isClosed = true;
    });
    this.#socket.on('data', (chunk) => {
      this.#text += String(chunk);
      const whole = this.#text.split('\n');
      this.#text = whole.pop() ?? '';
      for (const line of whole) this.lines.push(JSON.parse(line) as HpAnswer);
    });
  }

  say(type: string, payload: object = {}): string {
    this.#said += 1;
    const id = `q${this.#said}`;
    const timestamp = Math.floor(Date.now() / 1_000);
    const line = { version: '1.0', type, id, timestamp, source: 'client', payload };
    this.#socket.write(`${JSON.stringify(line)}\n`);
    return id;
  }

  /** Says it, and waits for its answer; what else comes stays. */
  ask(type: string, payload: object = {}): Promise<HpAnswer> {
    const id = this.say(type, payload);
    return this.take(({ payload: told }) => told['ref'] === id, type);
  }

  async take(isIt: (line: HpAnswer) => boolean, what: string, withinMs = 5_000): Promise<HpAnswer> {
    await until(() => this.lines.some(isIt), withinMs, what);
    const [line] = this.lines.splice(this.lines.findIndex(isIt), 1);
    if (line === undefined) throw new Error('it was there');
    return line;
  }

  close(): void {
    this.#socket.destroy();
  }
}
