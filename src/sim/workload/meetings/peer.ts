// Another node in a meeting, as far as its wire: says what it is told to, and meanwhile that it lives and has what came; keeps
// what it hears in the words of meetings; and looks after what no script tells: proofs, digests, numbers, and beats in time.
// Refuses to know what has to be heard.

import type { Prng } from '../../../actors/runtime/prng.ts';
import { type Connection, isWord, type Pipe } from '../../edges/network.ts';
import { SECRET } from '../../faults/processes.ts';
import { encoder, Lines } from '../chat/hp-lines.ts';
import { digestOf, type Owned, signed } from './own-hashes.ts';
import { type Memory, wordsOf } from './peer-words.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface PeerHost {
  readonly now: number;
  /** By the clock of the node that it meets. */
  readonly seconds: number;
  later(delayUs: number, act: () => void): void;
}

export class Peer {
  readonly #host: PeerHost;
  readonly #memory: Memory;
  readonly #chance: Prng;
  readonly #heardSomething: () => void;
  readonly #decoder = new TextDecoder();
  /** What no step has asked for yet; and what comes all the time. */
  heard: string[] = [];
  beside: string[] = [];
  isQuiet = false;
  isDraining = false;
  acks = true;
  #connection: Connection | undefined = undefined;
  #said: Pipe | undefined = undefined;
  #lines = new Lines();
  #isOver = true;
  /** What both have said before they are proved; `hello` of the caller, `challenge` of the called. */
  #hello: Fields = {};
  #challenge: Fields = {};
  #isCaller = false;
  #isUp = false;
  #hb = 0;
  #echo = 0;
  #beatAt = 0;
  /** The last that it must have heard, and those that it may have. */
  #toldHbs: readonly number[] = [0];
  #n = 0;
  readonly #besides: number[] = [];
  #owned = new Map<string, Owned>();
  #ver = 0;
  #hasAll = false;

  constructor(host: PeerHost, memory: Memory, chance: Prng, heardSomething: () => void) {
    this.#host = host;
    this.#memory = memory;
    this.#chance = chance;
    this.#heardSomething = heardSomething;
  }

  /** Over a new connection. */
  meet(connection: Connection, isCaller: boolean): void {
    this.#lines = new Lines();
    this.#connection = connection;
    this.#isOver = false;
    this.#isCaller = isCaller;
    this.#isUp = false;
    this.#hb = 0;
    this.#toldHbs = [0];
    this.#echo = 0;
    this.#beatAt = this.#host.now;
    this.#hello = {};
    this.#challenge = {};
    const { up, down } = connection;
    this.#said = isCaller ? up : down;
    const heard = isCaller ? down : up;
    heard.receiver = { readable: () => this.#read(heard), taken: () => {} };
    this.#beat(connection);
  }

  tell(line: string): void {
    const named = line
      .replaceAll('@nonce', () => this.#nonce())
      .replaceAll(/"@n([+-]\d+)?"/g, (_, by = '0') => String(this.#n + Number(by)))
      .replaceAll(/"@ver([+-]\d+)?"/g, (_, by = '0') => String(this.#ver + Number(by)))
      .replaceAll(/@digest\((.*?)\)/g, (_, all) => digestOf(ownedIn(all as string)));
    const whole = this.#memory.filled(named, this.#host.seconds);
    if (whole.includes('"SERVER_HELLO"')) this.#hello = payloadOf(whole);
    if (whole.includes('"SERVER_CHALLENGE"')) this.#challenge = payloadOf(whole);
    const role = this.#isCaller ? 'initiator' : 'responder';
    const said = whole.replaceAll('@proof', () => this.#proof(role));
    if (said.includes('"SERVER_READY"') || said.includes('"SERVER_WELCOME"')) this.#isUp = true;
    if (said.includes('"DRAIN"')) this.isDraining = true;
    const [, hb] = /"HEARTBEAT".*"hb":(\d+)/.exec(said) ?? [];
    if (hb !== undefined) this.#toldBeat(Number(hb));
    this.#said?.write(encoder.encode(said), 0);
    this.#said?.pump();
  }

  go(): void {
    this.#isOver = true;
    this.#isUp = false;
    this.#connection?.reset();
    this.#connection = undefined;
  }

  #nonce(): string {
    let nonce = '';
    while (nonce.length < NONCE_LENGTH) nonce += this.#chance.next().toString(36);
    return nonce.slice(0, NONCE_LENGTH);
  }

  /** [HP-PEER-4] As it has to be, after what both have said. */
  #proof(role: string): string {
    const [hello, challenge] = [this.#hello, this.#challenge];
    return signed(SECRET, [
      ...[`hp1-${role}`, 'HP-PEER-1', 'sim'],
      ...[hello['node'], hello['incarnation'], hello['nonce']].map(String),
      ...[challenge['node'], challenge['incarnation'], challenge['nonce']].map(String),
      ...[String(challenge['version']), '-'],
    ]);
  }

  #read(pipe: Pipe): void {
    for (let unit = pipe.read(); unit !== undefined; unit = pipe.read())
      if (isWord(unit)) this.#over(unit.word === 'fin');
      else
        for (const bytes of this.#lines.cut(unit as Uint8Array))
          this.#line(this.#decoder.decode(bytes));
    pipe.drained();
    this.#heardSomething();
  }

  #over(isFin: boolean): void {
    if (isFin) {
      this.#said?.write({ word: 'fin' }, 0);
      this.#said?.pump();
    }
    if (!this.#isOver) this.heard.push('end');
    this.#isOver = true;
    this.#isUp = false;
  }

  #line(text: string): void {
    const line = JSON.parse(text) as Fields & { readonly type: string; readonly payload: Fields };
    const { type, payload } = line;
    if (type === 'SERVER_HELLO') this.#hello = payload;
    if (type === 'SERVER_CHALLENGE') this.#challenge = payload;
    const isHandshake = type === 'SERVER_HELLO' || type === 'SERVER_CHALLENGE';
    if (isHandshake) this.#memory.own ??= payload['incarnation'] as number;
    const flaw = this.#flawIn(line, text);
    if (flaw !== undefined) this.heard.push(`FLAW ${flaw} in ${text.slice(0, 300)}`);
    const role = this.#isCaller ? 'responder' : 'initiator';
    const isRight = payload['proof'] === undefined || payload['proof'] === this.#proof(role);
    const { seconds } = this.#host;
    const isOld = isOfBefore(payload, this.#memory);
    const isBesides = isOld || isBeside(type, payload);
    // What comes all the time has numbers, too, and is not counted.
    if (type === 'FORWARD' && isBesides) this.#besides.push(Number(payload['n']));
    const before = this.#besides.filter((n) => n <= Number(payload['n'])).length;
    if (isOld) {
      this.#answer(type, payload);
      return;
    }
    const n = type !== 'FORWARD' ? payload['n'] : isBesides ? '*' : Number(payload['n']) - before;
    const words = wordsOf(type, 'n' in payload ? { ...payload, n } : payload, {
      memory: this.#memory,
      seconds,
      isRight,
    });
    if (isBesides) this.beside.push(words);
    else this.heard.push(words);
    this.#answer(type, payload);
  }

  /** What is wrong with it, whatever was to be heard. */
  #flawIn(line: Fields & { readonly type: string; readonly payload: Fields }, text: string) {
    const { type, payload, timestamp, id, source } = line;
    if (Object.keys(line).join() !== FIELDS) return 'its fields';
    if (source !== 'server' || line['version'] !== '1.0') return 'who says it';
    if (!/^[\w.:-]{1,64}$/.test(String(id))) return 'its id';
    if (Math.abs(Number(timestamp) - this.#host.seconds) > 1) return 'its time';
    switch (type) {
      case 'HEARTBEAT':
        return this.#beatFlaw(payload);
      case 'FORWARD': {
        const n = Number(payload['n']);
        const isNext = this.#n === 0 || n <= this.#n + 1;
        this.#n = Math.max(n, this.#n);
        return isNext && payload['ttl'] === 0 ? undefined : 'its number';
      }
      case 'PRESENCE_SYNC':
        return this.#syncFlaw(payload);
      case 'PRESENCE_DELTA':
        return this.#deltaFlaw(payload);
      case 'ERROR':
        return text.includes('"ref":null,"fatal":true') ? undefined : 'that it is not the end';
      default:
        return undefined;
    }
  }

  /** [HP-BEAT-1] */
  #beatFlaw({ hb, echo, digest, ver }: Fields): string | undefined {
    const ms = (this.#host.now - this.#beatAt) / 1_000;
    this.#beatAt = this.#host.now;
    const isFirst = this.#echo === 0;
    this.#echo += 1;
    if (hb !== this.#echo) return `that it has not the number ${this.#echo}`;
    if (!this.#toldHbs.includes(echo as number))
      return `that ${this.#toldHbs.join(' or ')} was heard`;
    if (ms > BEAT_MAX_MS || (!isFirst && ms < BEAT_MIN_MS)) return `that it comes after ${ms} ms`;
    const isOurs = ver === this.#ver && this.#ver > 0;
    if (isOurs && digest !== digestOf(this.#owned.values())) return 'its digest';
    return undefined;
  }

  #syncFlaw({ chunk, ver, sessions }: Fields): string | undefined {
    this.#hasAll = true;
    if (chunk === 0) this.#owned.clear();
    const lists = sessions as Readonly<Record<string, readonly unknown[]>>;
    const [first = []] = Array.isArray(sessions) ? [] : Object.values(lists);
    const all = Array.isArray(sessions)
      ? (sessions as readonly Owned[])
      : first.map((_, at) =>
          Object.fromEntries(
            Object.entries(lists).map(([name, list]) => [name, list[at] ?? undefined]),
          ),
        );
    for (const one of all as readonly Owned[]) this.#owned.set(one.session, one);
    this.#ver = Number(ver);
    return undefined;
  }

  /** [HP-REPL-5] */
  #deltaFlaw({ from, to, ops }: Fields): string | undefined {
    const all = ops as readonly (Owned & { readonly op: string })[];
    if (Number(to) - Number(from) !== all.length) return 'how many they are';
    // It has not asked.
    if (!this.#hasAll) return undefined;
    const known = this.#ver - Number(from);
    if (known < 0) return `that ${this.#ver} was told`;
    for (const { op, ...one } of all.slice(known))
      if (op === 'up') this.#owned.set(one.session, one);
      else if (op === 'down') this.#owned.delete(one.session);
      else {
        const former = this.#owned.get(one.session);
        if (former !== undefined)
          this.#owned.set(one.session, { ...former, status: one.status, note: one.note });
      }
    this.#ver = Math.max(this.#ver, Number(to));
    return undefined;
  }

  #answer(type: string, payload: Fields): void {
    if (this.isQuiet) return;
    if (type === 'HEARTBEAT') this.#say('HEARTBEAT_ACK', { hb: payload['hb'] });
    if (type === 'FORWARD' && this.acks) this.#say('FORWARD_ACK', { n: payload['n'] });
  }

  #beat(connection: Connection): void {
    this.#host.later(BEAT_US, () => {
      if (this.#connection !== connection || this.#isOver) return;
      this.#beat(connection);
      if (!this.#isUp || this.isQuiet) return;
      this.#hb += 1;
      const own = this.#isCaller ? this.#hello : this.#challenge;
      const { incarnation } = own;
      const has = { incarnation: this.#memory.own ?? 0, ver: this.#ver };
      const have = JSON.stringify(own['caps']).includes('synced') ? has : undefined;
      const more = { ver: 0, digest: '', echo: this.#echo, draining: this.isDraining, have };
      this.#say('HEARTBEAT', { incarnation, hb: this.#hb, ...more });
      this.#toldBeat(this.#hb);
    });
  }

  #toldBeat(hb: number): void {
    const connection = this.#connection;
    this.#hb = hb;
    this.#toldHbs = [...this.#toldHbs, hb];
    this.#host.later(SOON_US, () => {
      if (this.#connection === connection)
        this.#toldHbs = this.#toldHbs.slice(this.#toldHbs.indexOf(hb));
    });
  }

  #say(type: string, payload: object): void {
    const { seconds: timestamp } = this.#host;
    const around = { version: '1.0', type, id: 'b1', timestamp, source: 'server', payload };
    this.#said?.write(encoder.encode(`${JSON.stringify(around)}\n`), 0);
    this.#said?.pump();
  }
}

/** It comes all the time, and in no order with the rest. */
function isBeside(type: string, { data }: Fields): boolean {
  const { body } = (data ?? {}) as { body?: { say?: string } };
  return BESIDE.includes(type) || (type === 'FORWARD' && body?.say === 'seated');
}

/** It is about a room that is remembered from another meeting. */
function isOfBefore({ kind, data }: Fields, { rooms }: Memory): boolean {
  const { key = '' } = (data ?? {}) as { key?: string };
  return kind === 'room' && key !== 'all' && !rooms.includes(key);
}

/** Sessions as scripts write them. */
function ownedIn(text: string): readonly Owned[] {
  return text.split(';').map((one) => {
    const [session = '', user = '', status = '', note, lamport, since] = one.split(',');
    return {
      ...{ session, user, status, note: note === '' ? undefined : note, lamport: Number(lamport) },
      since: since === '' ? undefined : Number(since),
    };
  });
}

function payloadOf(line: string): Fields {
  return (JSON.parse(line) as { readonly payload: Fields }).payload;
}

const FIELDS = 'version,type,id,timestamp,source,payload';
const BESIDE: readonly string[] = ['HEARTBEAT', 'HEARTBEAT_ACK', 'MEMBERS', 'FORWARD_ACK'];
const NONCE_LENGTH = 43;
const BEAT_US = 1_000_000;
const SOON_US = 5_000;
const BEAT_MAX_MS = 1_070;
const BEAT_MIN_MS = 940;
