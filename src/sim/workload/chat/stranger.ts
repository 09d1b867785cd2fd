// Somebody between nodes who is no peer: comes to a node's door and says nothing, or HTTP, or nonsense, or begins a handshake that
// it cannot end; or is called by nodes, at an address that is not what they were told. What it hears is written down, and
// that it was let stand. Refuses to judge whether it should have heard it.

import { Prng } from '../../../actors/runtime/prng.ts';
import { newLink } from '../../edges/link.ts';
import { Connection, isWord, type NetworkClock, type Pipe } from '../../edges/network.ts';
import { type WrongWord, wrongWords } from '../../faults/wrong-words.ts';
import type { ImpostorPlan, StrangerPlan } from '../../plan/chat-plan.ts';
import type { Trace } from '../../trace.ts';
import { encoder } from './hp-lines.ts';

const WAY = { latencyUs: 800, jitterUs: 200, windowBytes: 65_536, cutPercent: 20, joinPercent: 20 };

export interface StrangerHost extends NetworkClock {
  readonly trace: Trace;
  addPipe(pipe: Pipe): void;
  acceptPeer(node: number, connection: Connection): boolean;
  later(delayUs: number, act: () => void): void;
}

/** Whom it is strange to, and how. */
interface At {
  readonly node: number;
  readonly what: StrangerPlan['what'] | ImpostorPlan['what'];
}

/** Comes to the door of a node; nothing happens where nobody listens. */
export function knock(plan: StrangerPlan, number: number, seed: number, host: StrangerHost): void {
  const met = { shard: 0, remote: '198.51.100.7', askedAt: host.now };
  const connection = connectionOf(FIRST_ID + number, met, `stranger ${number}`, seed, host);
  const stranger = new Stranger(plan, connection, true, host);
  if (!host.acceptPeer(plan.node, connection)) return;
  const word = wrongWordOf(plan.what);
  if (word !== undefined && plan.what.startsWith(FIRST)) stranger.write(word.bytes);
  else for (const line of wordsOf(plan)) stranger.say(line);
}

/** Is called by a node. */
export function answer(at: At, number: number, seed: number, host: StrangerHost): Connection {
  const met = { shard: 0, remote: '198.51.100.8', askedAt: host.now };
  const connection = connectionOf(CALLED_ID + number, met, `impostor ${number}`, seed, host);
  void new Stranger(at, connection, false, host);
  return connection;
}

function connectionOf(
  id: number,
  met: Connection['met'],
  label: string,
  seed: number,
  host: StrangerHost,
): Connection {
  const connection = new Connection(id, newLink(WAY, new Prng(seed, label)), host, met);
  host.addPipe(connection.up);
  host.addPipe(connection.down);
  return connection;
}

class Stranger {
  readonly #at: At;
  readonly #host: StrangerHost;
  readonly #connection: Connection;
  readonly #heard: Pipe;
  readonly #said: Pipe;
  readonly #decoder = new TextDecoder();
  #rest = '';
  #isOver = false;
  #hasHeardWhy = false;

  constructor(at: At, connection: Connection, isCaller: boolean, host: StrangerHost) {
    this.#at = at;
    this.#host = host;
    this.#connection = connection;
    const { up, down } = connection;
    this.#heard = isCaller ? down : up;
    this.#said = isCaller ? up : down;
    this.#heard.receiver = { readable: () => this.#read(), taken: () => {} };
    host.later(STAYS_US, () => this.#leave());
  }

  say(text: string): void {
    this.write(encoder.encode(text));
  }

  write(unit: Parameters<Pipe['write']>[0]): void {
    this.#said.write(unit, 0);
    this.#said.pump();
  }

  #leave(): void {
    const { node, what } = this.#at;
    const { id: connection } = this.#connection;
    if (!this.#isOver) this.#host.trace.add({ kind: 'strangerStands', node, connection, what });
    this.#connection.reset();
  }

  #read(): void {
    let isSentAway = false;
    for (let unit = this.#heard.read(); unit !== undefined; unit = this.#heard.read())
      if (isWord(unit)) {
        this.#isOver = true;
        isSentAway ||= unit.word === 'fin';
      } else this.#rest += this.#decoder.decode(unit as Uint8Array, { stream: true });
    this.#heard.drained();
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#hear(line);
    if (isSentAway) this.#sentAway();
  }

  #sentAway(): void {
    const { node, what } = this.#at;
    const expected = wrongWordOf(what)?.first;
    const isTold = this.#hasHeardWhy;
    this.#host.trace.add({ kind: 'strangerSentAway', node, what, expected, isTold });
    this.write({ word: 'fin' });
  }

  #hear(line: string): void {
    const { node, what } = this.#at;
    const { id: connection } = this.#connection;
    const { type, payload } = JSON.parse(line) as { type: string; payload: { code?: string } };
    const { code } = payload;
    this.#hasHeardWhy ||= type === 'ERROR';
    // Users, rooms and sessions have names that a stranger must not read anywhere, and so have other nodes' addresses.
    const isTelling = /"(?:members|user|session|room|ops|sessions|topic|add)":/.test(line);
    const word = wrongWordOf(what);
    this.#host.trace.add({
      ...{ kind: 'strangerHeard', node, connection, what, type, code, isTelling },
      expected: word?.first,
    });
    if (type === 'SERVER_HELLO') this.#hailed(line);
    if (type !== 'SERVER_CHALLENGE') return;
    if (word !== undefined && what.startsWith(THEN)) this.write(word.bytes);
    if (what === 'wrongProof') this.say(peerLine('SERVER_AUTH', { proof: WRONG_PROOF }));
    // As one that has been let in would go on.
    if (what === 'wrongProof' || what === 'unproved') for (const more of claims) this.say(more);
  }

  #hailed(line: string): void {
    const { what } = this.#at;
    if (what === 'calledMirror') this.say(`${line}\n`);
    else if (what === 'calledOther') this.say(challenge('elsewhere'));
    else if (what === 'calledWrong')
      for (const word of [challenge(CLUSTER), ...claims]) this.say(word);
  }
}

function wordsOf({ what }: StrangerPlan): readonly string[] {
  switch (what) {
    case 'silent':
      return [];
    case 'http':
      return ['GET / HTTP/1.1\r\nHost: n1\r\n\r\n'];
    case 'garbage':
      return ['}{ nonsense\n', '\u0000\u0001\n'];
    case 'long':
      return [peerLine('SERVER_HELLO', { ...helloOf(CLUSTER), more: 'x'.repeat(LONG) })];
    case 'otherCluster':
      return [peerLine('SERVER_HELLO', helloOf('elsewhere'))];
    case 'otherVersion':
      return [peerLine('SERVER_HELLO', { ...helloOf(CLUSTER), versions: ['7.0'] })];
    case 'otherKey':
      return [peerLine('SERVER_HELLO', { ...helloOf(CLUSTER), key: 'k7' })];
    case 'eager':
      return claims;
    default:
      return [peerLine('SERVER_HELLO', helloOf(CLUSTER))];
  }
}

function helloOf(cluster: string) {
  return {
    ...{ cluster, node: 'n99', incarnation: 9_999_999_999_999, versions: ['1.0'], caps: [] },
    ...{ nonce: 'B'.repeat(43), key: 'k1', advertise: '' },
  };
}

function challenge(cluster: string): string {
  const { versions: _, ...hello } = helloOf(cluster);
  return peerLine('SERVER_CHALLENGE', { ...hello, version: '1.0', proof: WRONG_PROOF });
}

function peerLine(type: string, payload: object): string {
  const around = { version: '1.0', type, id: 's1', timestamp: 1_700_000_000, source: 'server' };
  return `${JSON.stringify({ ...around, payload })}\n`;
}

/** What only a peer may say: who believes it shows it to everybody. */
const claims: readonly string[] = [
  peerLine('SERVER_READY', { members: [], heartbeat_ms: 1_000 }),
  peerLine('PRESENCE_SYNC_REQUEST', { node: 'n1', incarnation: 1, have: 0 }),
  peerLine('INTEREST', { whole: 'ended', data: { add: ['chat/room/general'], remove: [] } }),
  peerLine('PRESENCE_DELTA', {
    ...{ node: 'n99', incarnation: 9_999_999_999_999, from: 0, to: 1 },
    ops: [{ op: 'up', session: 'n99-ghost', user: 'ghost', status: 'online', lamport: 1 }],
  }),
];

/** Of one who says such a word, at once or when it is challenged. */
function wrongWordOf(what: string): WrongWord | undefined {
  const [, name] = /^(?:first|then): (.*)$/.exec(what) ?? [];
  return name === undefined ? undefined : wrongWords.find((one) => one.name === name);
}

const FIRST = 'first: ';
const THEN = 'then: ';
const CLUSTER = 'sim';
const WRONG_PROOF = 'A'.repeat(43);
/** More than a first line may have. */
const LONG = 9_000;
const FIRST_ID = 2_000_000;
const CALLED_ID = 3_000_000;
const STAYS_US = 12_000_000;
