// Somebody at a node's door for peers who is no peer: says nothing, or HTTP, or nonsense, or begins a handshake that it cannot
// end. What it hears is written down. Refuses to judge whether it should have heard it.

import { Prng } from '../../../actors/runtime/prng.ts';
import { newLink } from '../../edges/link.ts';
import { Connection, isWord, type NetworkClock, type Pipe } from '../../edges/network.ts';
import type { StrangerPlan } from '../../plan/chat-plan.ts';
import type { Trace } from '../../trace.ts';
import { encoder } from './hp-lines.ts';

const WAY = { latencyUs: 800, jitterUs: 200, windowBytes: 65_536, cutPercent: 20, joinPercent: 20 };

export interface StrangerHost extends NetworkClock {
  readonly trace: Trace;
  addPipe(pipe: Pipe): void;
  acceptPeer(node: number, connection: Connection): boolean;
  later(delayUs: number, act: () => void): void;
}

export class Stranger {
  readonly #plan: StrangerPlan;
  readonly #host: StrangerHost;
  readonly #connection: Connection;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(plan: StrangerPlan, number: number, seed: number, host: StrangerHost) {
    this.#plan = plan;
    this.#host = host;
    const link = newLink(WAY, new Prng(seed, `stranger ${number}`));
    const met = { shard: 0, remote: '198.51.100.7', askedAt: host.now };
    this.#connection = new Connection(FIRST_ID + number, link, host, met);
    const { up, down } = this.#connection;
    host.addPipe(up);
    host.addPipe(down);
    down.receiver = { readable: () => this.#read(), taken: () => {} };
    if (!host.acceptPeer(plan.node, this.#connection)) return;
    for (const line of wordsOf(plan)) this.#say(line);
    host.later(STAYS_US, () => this.#connection.reset());
  }

  #say(text: string): void {
    this.#connection.say(encoder.encode(text));
  }

  #read(): void {
    const { down } = this.#connection;
    for (let unit = down.read(); unit !== undefined; unit = down.read()) {
      if (isWord(unit)) {
        if (unit.word !== 'fin') continue;
        this.#connection.say({ word: 'fin' });
      } else this.#rest += this.#decoder.decode(unit as Uint8Array, { stream: true });
    }
    down.drained();
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#hear(line);
  }

  #hear(line: string): void {
    const { node, what } = this.#plan;
    const { id: connection } = this.#connection;
    const { type } = JSON.parse(line) as { type: string };
    // Users, rooms and sessions have names that a stranger must not read anywhere, and so have other nodes' addresses.
    const isTelling = /"(?:members|user|session|room|ops|sessions|topic|add)":/.test(line);
    this.#host.trace.add({ kind: 'strangerHeard', node, connection, what, type, isTelling });
    if (type !== 'SERVER_CHALLENGE') return;
    if (what === 'wrongProof') this.#say(peerLine('SERVER_AUTH', { proof: 'A'.repeat(43) }));
    // As one that has been let in would go on.
    if (what === 'wrongProof' || what === 'unproved') for (const more of claims) this.#say(more);
  }
}

function wordsOf({ what }: StrangerPlan): readonly string[] {
  const hello = (cluster: string): string =>
    peerLine('SERVER_HELLO', {
      ...{ cluster, node: 'n99', incarnation: 9_999_999_999_999, versions: ['1.0'], caps: [] },
      ...{ nonce: 'B'.repeat(43), key: 'k1', advertise: '' },
    });
  switch (what) {
    case 'silent':
      return [];
    case 'http':
      return ['GET / HTTP/1.1\r\nHost: n1\r\n\r\n'];
    case 'garbage':
      return ['}{ nonsense\n', '\u0000\u0001\n'];
    case 'otherCluster':
      return [hello('elsewhere')];
    case 'eager':
      return claims;
    default:
      return [hello(CLUSTER)];
  }
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

const CLUSTER = 'sim';
const FIRST_ID = 2_000_000;
const STAYS_US = 12_000_000;
