// A line of a node to another one, as meetings write it: its type, and all in it that is not another in each run; and what a
// peer says, with what it has heard put in. Refuses to know who hears it.

/** What stands for what differs from run to run. */
export class Memory {
  /** The life of the node as it told it first. */
  own: number | undefined = undefined;
  /** Nodes of the meeting, whose names may be told. */
  cast: readonly string[] = [];
  /** Its rooms, too: others may be remembered from meetings before. */
  rooms: readonly string[] = [];
  readonly #nonces = new Set<string>();
  #sessions: string[] = [];
  #epochs: number[] = [];
  #ref = 0;
  #hasRef = false;

  begin(cast: readonly string[], rooms: readonly string[]): void {
    this.rooms = rooms;
    this.own = undefined;
    this.cast = cast;
    this.#sessions = [];
    this.#epochs = [];
  }

  /** With what stands behind an @ in a line that is to be said. */
  filled(line: string, nowSeconds: number): string {
    return line
      .replaceAll(/"@now([+-]\d+)?"/g, (_, by = '0') => String(nowSeconds + Number(by)))
      .replaceAll(/"@own([+-]\d+)?"/g, (_, by = '0') => String((this.own ?? 0) + Number(by)))
      .replaceAll('"@ref"', String(this.#ref))
      .replaceAll(/@#(\d+)/g, (_, number) => this.#sessions[Number(number) - 1] ?? 'none')
      .replaceAll(/"@E(\d+)"/g, (_, number) => String(this.#epochs[Number(number) - 1] ?? 0));
  }

  /** The first in a line is that of the question. */
  beginLine(): void {
    this.#hasRef = false;
  }

  nonce(nonce: string): string {
    const isNew = /^[\w-]{43}$/.test(nonce) && !this.#nonces.has(nonce);
    this.#nonces.add(nonce);
    return isNew ? 'fresh' : nonce;
  }

  shown(name: string, value: unknown, nowSeconds: number): unknown {
    // A column.
    if (name === 'since' && Array.isArray(value))
      return value.map((one) => this.shown(name, one, nowSeconds));
    if (name === 'digest' && typeof value === 'number') return '*';
    if (name === 'text') return typeIn(value as string);
    if (name === '$t') return this.#line(String(value), nowSeconds);
    // Those of scripts are large.
    if (name === 'ref' && typeof value === 'number' && value < FIRST_REF) {
      if (!this.#hasRef) this.#ref = value;
      this.#hasRef = true;
      return '*';
    }
    if (name === 'incarnation' || name === 'known') return this.life(value);
    if (name === 'epoch') return this.#epoch(value as number);
    // Or as clients write it.
    if (name === 'timestamp' || name === 'since')
      return Math.abs(Number(value) - nowSeconds) <= 3 || value === CLIENTS_TIME ? 'now' : value;
    return typeof value === 'string' && name !== 'body' ? this.#named(value) : value;
  }

  life(value: unknown): unknown {
    const by = Number(value) - (this.own ?? Number.NaN);
    if (by === 0) return 'own';
    return Math.abs(by) < FEW ? `own${by > 0 ? '+' : ''}${by}` : value;
  }

  /** One that clients are told as it is. */
  #line(text: string, seconds: number): string {
    if (!text.startsWith('{')) return text;
    const { type, payload } = JSON.parse(text) as {
      readonly type: string;
      readonly payload: Fields;
    };
    return wordsOf(type, payload, { memory: this, seconds, isRight: true });
  }

  #named(text: string): string {
    // A place, as the home of a topic names it.
    if (PLACE.test(text)) return text.replace(PLACE, 'E$1');
    return text.replaceAll(SESSION, (session) => {
      if (!this.#sessions.includes(session)) this.#sessions.push(session);
      return `#${this.#sessions.indexOf(session) + 1}`;
    });
  }

  #epoch(epoch: number): unknown {
    if (epoch < LEAST_EPOCH) return epoch;
    if (!this.#epochs.includes(epoch)) this.#epochs.push(epoch);
    return `E${this.#epochs.indexOf(epoch) + 1}`;
  }
}

type Fields = Readonly<Record<string, unknown>>;

export interface About {
  readonly memory: Memory;
  readonly seconds: number;
  /** A proof that stands there. */
  readonly isRight: boolean;
}

export function wordsOf(
  type: string,
  payload: Fields,
  { memory, seconds, isRight }: About,
): string {
  const words = [type];
  memory.beginLine();
  for (const [name, value] of Object.entries(payload)) {
    // Versions of a log.
    const isVersion = (name === 'from' || name === 'to') && typeof value === 'number';
    if (CHANGING.includes(name) || isVersion || value === undefined) continue;
    if (name === 'message' && type === 'ERROR') {
      if (typeof value !== 'string' || !value.includes(' ')) words.push('message=none');
    } else if (name === 'proof') words.push(`proof=${isRight ? 'right' : 'wrong'}`);
    else if (name === 'nonce') words.push(`nonce=${memory.nonce(value as string)}`);
    else if (name === 'code') words.push(value as string);
    else if (name === 'members') words.push(`members=${JSON.stringify(membersIn(value, memory))}`);
    else words.push(`${name}=${textOf(name, value, memory, seconds)}`);
  }
  if (type !== 'ERROR') return words.join(' ');
  // Each ends its link.
  return words.filter((one) => one !== 'ref=null' && one !== 'fatal=true').join(' ');
}

/** Of a line that is carried. */
function typeIn(text: string): string {
  return /"type":"(\w+)"/.exec(text)?.[1] ?? text;
}

function membersIn(value: unknown, memory: Memory): readonly string[] {
  return (value as readonly Fields[])
    .filter(({ node }) => memory.cast.includes(String(node)))
    .map(({ node, incarnation, addr, state }) =>
      [node, memory.life(incarnation), addr, state].map(String).join('/'),
    );
}

function textOf(name: string, value: unknown, memory: Memory, seconds: number): string {
  const shown = (key: string, one: unknown): unknown =>
    CHANGING.includes(key) ? undefined : memory.shown(key, one, seconds);
  if (name === 'have') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value, shown)
      .replaceAll(' ', '_')
      .replaceAll(/[^"]{200,}/g, long);
  return String(memory.shown(name, value, seconds)).replaceAll(' ', '_');
}

function long(text: string): string {
  return `${text.slice(0, 4)}~${text.length}`;
}

const CHANGING: readonly string[] = [
  'lamport',
  'ver',
  'shard',
  'connection',
  'ttl',
  'secret',
  'replyTo',
  'isMarked',
];
const SESSION = /\bn1-[A-Za-z0-9_]+\b/g;
const PLACE = /^\d{13,}(:\d+:n1)$/;
const LEAST_EPOCH = 100_000;
const CLIENTS_TIME = 1_700_000_000;
const FEW = 10;
const FIRST_REF = 1_000_000;
