// A node that is typed by hand: its lines, and the proof that it is one of the cluster. For stages and for real sockets.

import { proofOf, type Transcript } from '../../src/actors/codecs/hp-peer/proof.ts';

export type Words = Readonly<Record<string, unknown>>;

export interface PeerLine {
  readonly version: string;
  readonly type: string;
  readonly id: string;
  readonly timestamp: number;
  readonly source: string;
  readonly payload: Words;
}

export function peerLine(type: string, payload: Words, timestamp = 1_700_000_000): string {
  const around = { version: '1.0', type, id: 'x1', timestamp, source: 'server' };
  return `${JSON.stringify({ ...around, payload })}\n`;
}

export function readPeerLines(heard: readonly string[]): PeerLine[] {
  return heard
    .join('')
    .split('\n')
    .slice(0, -1)
    .map((text) => JSON.parse(text) as PeerLine);
}

export interface Greeting extends Words {
  readonly cluster: string;
  readonly node: string;
  readonly incarnation: number;
  readonly versions: readonly string[];
  readonly caps: readonly string[];
  readonly nonce: string;
  readonly key: string;
  readonly advertise: string;
}

export const greeting: Greeting = {
  ...{ cluster: 'test', node: 'x9', incarnation: 7, versions: ['1.0'], caps: [] },
  ...{ nonce: 'A'.repeat(43), key: 'k1', advertise: '' },
};

/** The third line of a handshake that whoever said `greeting` has to say to this challenge. */
export function answerTo(
  { payload }: PeerLine,
  said: Greeting,
  secret: Uint8Array,
  channel?: string,
): string {
  const transcript: Transcript = {
    ...{ cluster: said.cluster, version: String(payload['version']), channel },
    ...{ nodeA: said.node, incarnationA: said.incarnation, nonceA: said.nonce },
    ...{ nodeB: String(payload['node']), incarnationB: Number(payload['incarnation']) },
    nonceB: String(payload['nonce']),
  };
  const proof = proofOf('initiator', transcript, { id: said.key, secret });
  return peerLine('SERVER_AUTH', { proof });
}
