// How two nodes prove to each other that they know the cluster's secret: an HMAC over everything that both have said,
// with the role in it, so that a proof that is sent back proves nothing.
// Refuses to know where secrets come from. Obeys spec/hp-peer.md, section "Proof".

import { encodeText } from '../utf8-text.ts';
import { base64Url, hmacSha256, isSameText } from './sha256.ts';

export type Role = 'initiator' | 'responder';

/** What both sides have said in the first two messages. */
export interface Transcript {
  readonly cluster: string;
  /** The initiator's. */
  readonly nodeA: string;
  readonly incarnationA: number;
  readonly nonceA: string;
  /** The responder's. */
  readonly nodeB: string;
  readonly incarnationB: number;
  readonly nonceB: string;
  readonly version: string;
  /** What binds the proof to one connection with TLS; without it a dash stands there. */
  readonly channel?: string | undefined;
}

/** A secret and the name under which both sides know it. */
export interface Key {
  readonly id: string;
  readonly secret: Uint8Array;
}

/** [HP-PEER-4] */
export function proofOf(role: Role, said: Transcript, { secret }: Key): string {
  const lines = [
    `hp1-${role}`,
    'HP-PEER-1',
    ...[said.cluster, said.nodeA, String(said.incarnationA), said.nonceA],
    ...[said.nodeB, String(said.incarnationB), said.nonceB],
    ...[said.version, said.channel ?? '-'],
  ];
  return base64Url(hmacSha256(secret, encodeText(lines.join('\n'))));
}

export function isProved(proof: string, role: Role, said: Transcript, key: Key): boolean {
  return isSameText(proofOf(role, said, key), proof);
}
