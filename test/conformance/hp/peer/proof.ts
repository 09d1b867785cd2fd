// What a peer has to calculate: proofs, and digests of what a node owns. By the words of spec/hp-peer.md and of node:crypto
// alone, so that the server's own are held to them.

import { createHmac, randomBytes } from 'node:crypto';

/** What both sides have said in their first message. */
export interface Said {
  readonly node: string;
  readonly incarnation: number;
  readonly nonce: string;
  readonly caps?: readonly string[];
}

export function proofOf(
  role: 'initiator' | 'responder',
  secret: string,
  cluster: string,
  caller: Said,
  called: Said,
  version = '1.0',
): string {
  const both = [caller, called].flatMap(({ node, incarnation, nonce }) => [
    ...[node, String(incarnation), nonce],
  ]);
  const lines = [`hp1-${role}`, 'HP-PEER-1', cluster, ...both, version, '-'];
  return createHmac('sha256', secret).update(lines.join('\n')).digest('base64url');
}

/** [HP-RELAY-11] of spec/hp-peer.md: what a client shows when it comes back. */
export function ticketOf(
  secret: string,
  cluster: string,
  { user, session, own, caps = '' }: Ticket,
): string {
  const lines = ['hp1-resume', cluster, user, session, own, caps];
  const proof = createHmac('sha256', secret).update(lines.join('\n')).digest('base64url');
  return [user, session, own, caps, proof].join('~');
}

interface Ticket {
  readonly user: string;
  readonly session: string;
  /** The session's own secret. */
  readonly own: string;
  readonly caps?: string;
}

export function freshNonce(): string {
  return randomBytes(32).toString('base64url');
}

export interface Session {
  readonly session: string;
  readonly user: string;
  readonly status: string;
  readonly note?: string;
  readonly lamport: number;
  readonly since?: number;
}

/** [HP-REPL-2] of spec/hp-peer.md. */
export function digestOf(sessions: Iterable<Session>): string {
  let [high, low] = [0, 0];
  for (const { session, user, status, note, lamport, since } of sessions) {
    const texts = [session, user, status, ...(note === undefined ? [] : [note])];
    const blocks = [
      ...texts.flatMap((text) => [...blocksOf(text), text.length]),
      ...[lamport, ...(since === undefined ? [] : [since])],
    ];
    high ^= finish(blocks.reduce(mix, 0x5bd1_e995));
    low ^= finish(blocks.reduce(mix, 0x9e37_79b9));
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** [HP-HOME-1] of spec/hp-peer.md: the node with the highest has the room. */
export function weightOf(room: string, node: string): number {
  return finish(mix(hash(room, HOME_SEED), hash(node, HOME_SEED))) >>> 0;
}

const HOME_SEED = 7;

/** MurmurHash3 (x86, 32 bits); each UTF-16 unit is a block, and their number the length. */
function hash(text: string, seed: number): number {
  return finish(blocksOf(text).reduce(mix, seed) ^ text.length);
}

function blocksOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

function mix(running: number, word: number): number {
  const block = rotated(Math.imul(word, 0xcc9e_2d51), 15);
  const next = rotated(running ^ Math.imul(block, 0x1b87_3593), 13);
  return (Math.imul(next, 5) + 0xe654_6b64) | 0;
}

function finish(running: number): number {
  let last = Math.imul(running ^ (running >>> 16), 0x85eb_ca6b);
  last = Math.imul(last ^ (last >>> 13), 0xc2b2_ae35);
  return last ^ (last >>> 16);
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
