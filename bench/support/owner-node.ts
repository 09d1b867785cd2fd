// A node written by hand, as far as a bench needs one: it calls Hermod, proves that it knows the secret, and tells which
// sessions it owns. Nothing of the measured server's code is used. spec/hp-peer.md, sections "Links" and "Proof".

import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface Cluster {
  readonly port: number;
  readonly cluster: string;
  readonly secret: string;
}

export interface OwnedSession {
  readonly session: string;
  readonly user: string;
  readonly status: 'online';
  readonly lamport: number;
  readonly since: number;
}

type Payload = Readonly<Record<string, unknown>>;

const VERSION = '1.0';
const INCARNATION = 1;
const HEARTBEAT_MS = 1_000;
const SESSIONS_PER_LINE = 1_000;

export class OwnerNode {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #socket: Socket;
  readonly #nonce = randomBytes(32).toString('base64url');
  readonly #asked: Promise<void>;
  #wasAsked = (): void => {};
  readonly #hasColumns: boolean;
  #beats = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `caps`: what it can do, beside what every node can. */
  constructor(name: string, cluster: Cluster, caps: readonly string[]) {
    this.name = name;
    this.#cluster = cluster;
    this.#hasColumns = caps.includes('columns');
    this.#asked = new Promise((resolve) => (this.#wasAsked = resolve));
    this.#socket = connect({ host: '127.0.0.1', port: cluster.port, noDelay: true });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => clearInterval(this.#timer));
    const lines = createInterface({ input: this.#socket });
    lines.on('error', () => {});
    lines.on('line', (line) => this.#heard(line));
    this.#say('SERVER_HELLO', {
      ...this.#self,
      ...{ cluster: cluster.cluster, versions: [VERSION], caps: ['presence', ...caps] },
      ...{ nonce: this.#nonce, key: 'k1', advertise: '' },
    });
  }

  /** Resolves when the other side has asked what this node owns. */
  get asked(): Promise<void> {
    return this.#asked;
  }

  /** The lines that tell everything. */
  linesOf(sessions: readonly OwnedSession[]): string {
    const chunks = Math.ceil(sessions.length / SESSIONS_PER_LINE);
    const ver = sessions.length;
    const pieces = Array.from({ length: chunks }, (_, chunk) => {
      const some = sessions.slice(chunk * SESSIONS_PER_LINE, (chunk + 1) * SESSIONS_PER_LINE);
      const told = this.#hasColumns ? columnsOf(some) : some;
      return this.#line('PRESENCE_SYNC', { ...this.#self, ver, chunk, chunks, sessions: told });
    });
    return pieces.join('') + this.#line('SYNC_DONE', { ...this.#self, ver });
  }

  tell(lines: string): void {
    this.#socket.write(lines);
  }

  end(): void {
    this.#socket.destroy();
  }

  get #self() {
    return { node: this.name, incarnation: INCARNATION };
  }

  #heard(line: string): void {
    const { type, payload } = JSON.parse(line) as { type: string; payload: Payload };
    if (type === 'SERVER_CHALLENGE') this.#say('SERVER_AUTH', { proof: this.#proof(payload) });
    else if (type === 'SERVER_WELCOME') {
      this.#say('SERVER_READY', { members: [], heartbeat_ms: HEARTBEAT_MS });
      this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS);
    } else if (type === 'HEARTBEAT') this.#say('HEARTBEAT_ACK', { hb: payload['hb'] });
    else if (type === 'PRESENCE_SYNC_REQUEST') this.#wasAsked();
    else if (type === 'ERROR') throw new Error(`${this.name} was refused: ${line}`);
  }

  /** A version of 0 compares nothing: the digest is the measured node's own affair here. */
  #beat(): void {
    this.#beats += 1;
    const version = { incarnation: INCARNATION, ver: 0, digest: '0'.repeat(16) };
    this.#say('HEARTBEAT', { ...version, hb: this.#beats, echo: 0, draining: false });
  }

  #proof(challenge: Payload): string {
    const lines = [
      ...['hp1-initiator', 'HP-PEER-1', this.#cluster.cluster],
      ...[this.name, String(INCARNATION), this.#nonce],
      ...[challenge['node'], String(challenge['incarnation']), challenge['nonce']],
      ...[VERSION, '-'],
    ];
    const { secret } = this.#cluster;
    return createHmac('sha256', secret).update(lines.join('\n')).digest('base64url');
  }

  #say(type: string, payload: Payload): void {
    this.#socket.write(this.#line(type, payload));
  }

  #line(type: string, payload: Payload): string {
    const timestamp = Math.floor(Date.now() / 1_000);
    const envelope = { version: VERSION, type, id: randomUUID(), timestamp, source: 'server' };
    return `${JSON.stringify({ ...envelope, payload })}\n`;
  }
}

function columnsOf(sessions: readonly OwnedSession[]): Payload {
  return {
    session: sessions.map(({ session }) => session),
    user: sessions.map(({ user }) => user),
    status: sessions.map(({ status }) => status),
    lamport: sessions.map(({ lamport }) => lamport),
    since: sessions.map(({ since }) => since),
  };
}
