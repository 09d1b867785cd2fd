// What this node speaks to others, and which of its words an older node does not know: a node that has not said that it
// can do something is spoken to without it. Refuses to know links.
// Obeys spec/hp-peer.md, section "Versions".

import type { PeerType } from '../codecs/hp-peer/peer-messages.ts';

/** The highest first. */
export const VERSIONS: readonly string[] = ['1.1', '1.0'];

/**
 * With 1.1 came `synced`, heartbeats say what the sender has of the receiver's log, and `columns`: sessions come in them
 * when everything is told.
 */
export type Cap = 'presence' | 'interest' | 'forward' | 'synced' | 'columns';

export const CAPS: readonly Cap[] = ['presence', 'interest', 'forward', 'synced', 'columns'];

const capsOfFirst: readonly string[] = ['presence', 'interest', 'forward'];

const needed: Readonly<Partial<Record<PeerType, Cap>>> = {
  PRESENCE_DELTA: 'presence',
  PRESENCE_SYNC_REQUEST: 'presence',
  PRESENCE_SYNC: 'presence',
  SYNC_DONE: 'presence',
  INTEREST: 'interest',
  FORWARD: 'forward',
  FORWARD_ACK: 'forward',
};

/** [HP-PEER-10] What this node and one that says this can do together. */
export function capsOf(said: readonly string[]): readonly Cap[] {
  const all = said.some((cap) => capsOfFirst.includes(cap)) ? said : [...said, ...capsOfFirst];
  return CAPS.filter((cap) => all.includes(cap));
}

/** [HP-PEER-10] Whether a node that can do this much knows the word. */
export function understands(caps: readonly string[], type: PeerType): boolean {
  const cap = needed[type];
  return cap === undefined || caps.includes(cap);
}
