// What this node speaks to others, and which of its words an older node does not know: a node that has not said that it
// can do something is spoken to without it. Refuses to know links.
// Obeys spec/hp-peer.md, section "Versions".

import type { PeerType } from '../codecs/hp-peer/peer-messages.ts';

/** What a node speaks to others: all that it knows, or nothing that came with the last version. */
export type Speech = 'latest' | 'previous';

/** The highest first. */
const VERSIONS: readonly string[] = ['1.1', '1.0'];

/**
 * With 1.1 came `synced`, heartbeats say what the sender has of the receiver's log, and `columns`: sessions come in them
 * when everything is told.
 */
export type Cap = 'presence' | 'interest' | 'forward' | 'synced' | 'columns';

const capsOfFirst: readonly Cap[] = ['presence', 'interest', 'forward'];
const CAPS: readonly Cap[] = [...capsOfFirst, 'synced', 'columns'];

/** [HP-PEER-14] The highest first. */
export function versionsOf(speech: Speech): readonly string[] {
  return speech === 'latest' ? VERSIONS : VERSIONS.slice(1);
}

/** [HP-PEER-14] And what a node can do that speaks them. */
export function capsAt(speech: Speech): readonly Cap[] {
  return speech === 'latest' ? CAPS : capsOfFirst;
}

const needed: Readonly<Partial<Record<PeerType, Cap>>> = {
  PRESENCE_DELTA: 'presence',
  PRESENCE_SYNC_REQUEST: 'presence',
  PRESENCE_SYNC: 'presence',
  SYNC_DONE: 'presence',
  INTEREST: 'interest',
  FORWARD: 'forward',
  FORWARD_ACK: 'forward',
};

/** [HP-PEER-10] What a node that can do this much and one that says that can do together. */
export function capsOf(said: readonly string[], own: readonly Cap[]): readonly Cap[] {
  const isOfFirst = !capsOfFirst.some((cap) => said.includes(cap));
  return own.filter((cap) => said.includes(cap) || (isOfFirst && capsOfFirst.includes(cap)));
}

/** [HP-PEER-10] Whether a node that can do this much knows the word. */
export function understands(caps: readonly string[], type: PeerType): boolean {
  const cap = needed[type];
  return cap === undefined || caps.includes(cap);
}
