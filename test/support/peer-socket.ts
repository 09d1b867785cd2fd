// A node that is typed by hand over a real socket, with TLS or without it: for tests of processes.

import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls';
import { answerTo, greeting, type Greeting, type PeerLine, peerLine } from './peer-words.ts';
import { until } from './until.ts';

export class PeerSocket {
  readonly lines: PeerLine[] = [];
  readonly socket: Socket;
  isClosed = false;
  /** The system's word for what went wrong. */
  failure: string | undefined = undefined;
  #text = '';

  constructor(address: string, tls?: ConnectionOptions) {
    const [host = '', port] = address.split(':');
    const place = { host, port: Number(port) };
    this.socket =
      tls === undefined
        ? connect(place)
        : connectTls({ ...place, rejectUnauthorized: false, ...tls });
    this.socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.failure = code;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    this.socket.on('data', (chunk) => {
      this.#text += String(chunk);
      const whole = this.#text.split('\n');
      this.#text = whole.pop() ?? '';
      for (const line of whole) this.lines.push(JSON.parse(line) as PeerLine);
    });
  }

  get types(): readonly string[] {
    return this.lines.map(({ type }) => type);
  }

  say(type: string, payload: Readonly<Record<string, unknown>>): void {
    this.socket.write(peerLine(type, payload, Math.floor(Date.now() / 1_000)));
  }

  /** Waits for a line of this kind, or of any; takes away everything before it. */
  async next(type?: string, withinMs = 5_000): Promise<PeerLine> {
    const isIt = (line: PeerLine): boolean => type === undefined || line.type === type;
    await until(() => this.lines.some(isIt), withinMs, type ?? 'a line');
    const at = this.lines.findIndex(isIt);
    const line = this.lines[at];
    this.lines.splice(0, at + 1);
    if (line === undefined) throw new Error('it was there');
    return line;
  }

  closed(withinMs = 7_000): Promise<unknown> {
    return until(() => this.isClosed, withinMs, 'the end');
  }

  /** What binds a proof to this connection. */
  get channel(): string | undefined {
    if (!(this.socket instanceof TLSSocket)) return undefined;
    const label = 'EXPORTER-Channel-Binding';
    return this.socket.exportKeyingMaterial(32, label, Buffer.alloc(0)).toString('base64url');
  }

  /** Greets, and proves to be one of the cluster; gives what comes after that. */
  async enter(
    secret: string,
    said: Partial<Greeting> = {},
    channel: 'own' | 'none' = 'own',
  ): Promise<PeerLine> {
    const all = { ...greeting, ...said };
    this.say('SERVER_HELLO', all);
    const challenge = await this.next();
    if (challenge.type !== 'SERVER_CHALLENGE') return challenge;
    const bound = channel === 'own' ? this.channel : undefined;
    this.socket.write(answerTo(challenge, all, new TextEncoder().encode(secret), bound));
    return this.next();
  }
}
