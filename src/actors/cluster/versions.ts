// What this node speaks to others, and which of its words an older node does not know: a node that has not said that it
// can do something is spoken to without it. Refuses to know links.
// Obeys spec/hp-peer.md, section "Versions".

import type { PeerType } from '../codecs/hp-peer/peer-messages.ts';

/** What a node speaks to others: all that it knows, or nothing that came with the last version. */
export type Speech = 'latest' | 'previous';

interface Spoken {
  readonly speech: Speech;
  readonly detours: boolean;
}

/** The highest first. */
const VERSIONS: readonly string[] = ['1.1', '1.0'];

/**
 * With 1.1 came `synced`, heartbeats say what the sender has of the receiver's log; `columns`: sessions come in them
 * when everything is told; and `detour`: what two nodes say that cannot reach each other is carried by a third one.
 */
export type Cap = 'presence' | 'interest' | 'forward' | 'synced' | 'columns' | 'detour';

const capsOfFirst: readonly Cap[] = ['presence', 'interest', 'forward'];
const CAPS: readonly Cap[] = [...capsOfFirst, 'synced', 'columns', 'detour'];

/** [HP-PEER-14] The highest first. */
export function versionsOf(speech: Speech): readonly string[] {
  return speech === 'latest' ? VERSIONS : VERSIONS.slice(1);
}

/** [HP-PEER-14] And what a node can do that speaks them. [HP-DETOUR-5] Detours may be switched off. */
export function capsAt({ speech, detours }: Spoken): readonly Cap[] {
  const caps = speech === 'latest' ? CAPS : capsOfFirst;
  return detours ? caps : caps.filter((cap) => cap !== 'detour');
}

const needed: Readonly<Partial<Record<PeerType, Cap>>> = {
  PRESENCE_DELTA: 'presence',
  PRESENCE_SYNC_REQUEST: 'presence',
  PRESENCE_SYNC: 'presence',
  SYNC_DONE: 'presence',
  INTEREST: 'interest',
  FORWARD: 'forward',
  FORWARD_ACK: 'forward',
  DETOUR: 'detour',
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
