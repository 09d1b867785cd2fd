// Somebody who talks in one room and loses nothing: says each message until it is acknowledged, under the same id; comes
// back when the connection is lost, to whichever node is there; and writes down all that was heard.
// What it has written is judged by talk-verdict.ts.

import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Acked, Heard, Story } from './talk-verdict.ts';

interface Line {
  readonly type: string;
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export class Talker {
  readonly user: string;
  readonly #room: string;
  readonly #addresses: () => readonly string[];
  readonly acked: Acked[] = [];
  readonly heard: Heard[] = [];
  readonly #unacked = new Map<string, string>();
  readonly #known = new Set<string>();
  #socket: Socket | undefined = undefined;
  #token = '';
  #seq = 0;
  #said = 0;
  #tries = 0;
  #isIn = false;
  #isOver = false;
  #speaking: NodeJS.Timeout | undefined = undefined;
  #lines = 0;

  /** It begins with the first of these addresses. */
  constructor(user: string, room: string, addresses: () => readonly string[]) {
    this.user = user;
    this.#room = room;
    this.#addresses = addresses;
    this.#connect();
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  get waits(): number {
    return this.#unacked.size;
  }

  get story(): Story {
    return { user: this.user, acked: this.acked, heard: this.heard };
  }

  speak(everyMs: number): void {
    this.#speaking = setInterval(() => {
      this.#said += 1;
      const id = `${this.user}-${this.#said}`;
      this.#unacked.set(id, `body of ${id}`);
      if (this.#isIn) this.#send(id);
    }, everyMs);
  }

  hush(): void {
    clearInterval(this.#speaking);
  }

  end(): void {
    this.hush();
    this.#isOver = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    if (this.#isOver) return;
    const all = this.#addresses();
    const [host = '', port] = (all[this.#tries % all.length] ?? '').split(':');
    const socket = connect(Number(port), host);
    this.#socket = socket;
    this.#isIn = false;
    socket.on('error', () => {});
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    lines.on('line', (text) => this.#hear(JSON.parse(text) as Line));
    socket.on('connect', () => {
      if (this.#token === '') this.#say('LOGIN', { user: this.user });
      else this.#say('RESUME', { token: this.#token, rooms: { [this.#room]: this.#seq } });
    });
    socket.on('close', () => {
      this.#isIn = false;
      this.#tries += 1;
      setTimeout(() => this.#connect(), 200);
    });
  }

  #say(type: string, payload: object, id?: string): void {
    this.#lines += 1;
    const line = { version: '1.0', type, id: id ?? `q${this.#lines}`, timestamp: 1 };
    this.#socket?.write(`${JSON.stringify({ ...line, source: 'client', payload })}\n`);
  }

  #send(id: string): void {
    this.#say('ROOM_MESSAGE', { room: this.#room, body: this.#unacked.get(id) }, id);
  }

  #hear({ type, id, payload }: Line): void {
    switch (type) {
      case 'LOGIN_OK':
      case 'RESUME_OK': {
        this.#token = (payload['resume'] as { token: string }).token;
        const isThere = ((payload['rooms'] ?? []) as string[]).includes(this.#room);
        if (isThere) this.#enter();
        else this.#say('JOIN', { room: this.#room, history: { limit: 100 } });
        return;
      }
      case 'JOIN_OK':
        this.#enter();
        return;
      case 'ACK': {
        const ref = String(payload['ref']);
        if (!this.#unacked.delete(ref)) return;
        this.acked.push({ id: ref, status: String(payload['status']) });
        return;
      }
      case 'ROOM_MESSAGE':
        this.#note(id, payload);
        return;
      case 'ERROR':
        this.#refused(payload);
        return;
      default:
    }
  }

  #enter(): void {
    this.#isIn = true;
    for (const id of this.#unacked.keys()) this.#send(id);
  }

  #note(id: string, payload: Line['payload']): void {
    const from = String(payload['from']);
    const isDelayed = payload['delayed'] === true;
    // History that was asked for may tell what is known.
    if (isDelayed && this.#known.has(`${from} ${id}`)) return;
    this.#known.add(`${from} ${id}`);
    const [epoch, seq] = [Number(payload['epoch']), Number(payload['seq'])];
    this.#seq = seq;
    this.heard.push({ from, id, epoch, seq, isDelayed });
  }

  #refused(payload: Line['payload']): void {
    const code = String(payload['code']);
    if (code === 'SESSION_EXPIRED') {
      this.#token = '';
      this.#say('LOGIN', { user: this.user });
      return;
    }
    // What is definite or not known is said again a little later, under the same id.
    const ref = String(payload['ref']);
    if (this.#unacked.has(ref))
      setTimeout(() => {
        if (this.#isIn && this.#unacked.has(ref)) this.#send(ref);
      }, 500);
    else if (!this.#isIn && payload['fatal'] !== true)
      setTimeout(() => this.#socket?.destroy(), 300);
  }
}
