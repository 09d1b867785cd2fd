// In some runs few users have many clients each, which come and go, on a node that is alone: of that one everybody knows who has
// to make way when a user has too many sessions. Mostly nothing else happens there.
// Refuses to draw anything of a single talker.

import type { ChatOptions } from '../../../actors/chat/chat-options.ts';
import { chance, drawn } from '../drawing.ts';

interface Crowd {
  readonly users: number;
  readonly options: ChatOptions;
}

export function isOfCrowds(seed: number, { sessionPolicy }: ChatOptions): boolean {
  return sessionPolicy === 'multi' && drawn(chance(1, 2), seed, 'few sessions');
}

export function areCrowdsAlone(seed: number): boolean {
  return drawn(chance(2, 3), seed, 'crowd is all');
}

export function inCrowds<Some extends Crowd>(some: Some): Some {
  // Whose session is over because too much waits for it has made way for nobody.
  const options = { ...some.options, resumeMessagesMax: ENOUGH };
  return { ...some, options, users: Math.min(some.users, CROWDS_MAX) };
}

/** As many sessions as a user has clients, or not so many: whoever leaves one behind comes to the limit. */
export function sessionsMax(
  { users, options: { sessionPolicy } }: Crowd,
  talkers: number,
  isCluster: boolean,
  many: number,
): number {
  if (sessionPolicy !== 'multi') return many;
  // In a cluster somebody stays outside: what nodes that died had stands in the way anyhow.
  return Math.max(1, Math.ceil(talkers / users) - (isCluster ? 1 : 0));
}

const CROWDS_MAX = 3;
const ENOUGH = 1_000;
