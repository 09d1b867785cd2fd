// What operators see of a node that meets others, in the words of meetings: lines of its log, and what it answers when it is
// asked. Refuses to know who compares them.

import type { Log } from '../../../actors/runtime/edges.ts';
import type { NodeWord } from '../../records/cluster-records.ts';
import { type About, wordsOf } from './peer-words.ts';

export function logWords({ level, event, fields }: Log, about: About): string {
  return wordsOf(`${level} ${event}`, fields, about);
}

/** Of those of the meeting alone: the node remembers others. */
export function toldWords({ type, members, ...told }: Told, about: About): readonly string[] {
  const { ref: _, ...whole } = { ref: 0, ...told };
  const all: readonly Seen[] = members.filter(({ node }) => about.memory.cast.includes(node));
  return [
    wordsOf(type, whole, about),
    ...all.map(({ node, incarnation, rttMs, silentMs, ...seen }) => {
      const rtt = rttMs === undefined ? 'none' : rttMs < SHORT_RTT_MS ? 'short' : 'long';
      const silence = silentMs <= SHORT_SILENCE_MS ? 'short' : 'long';
      const life = String(about.memory.life(incarnation));
      return wordsOf(`${node}/${life} rtt=${rtt} silence=${silence}`, { ...seen }, about);
    }),
  ];
}

type Told = Extract<NodeWord, { readonly type: 'clusterTold' }>;
type Seen = Told['members'][number] & { readonly rttMs?: number | undefined };

const SHORT_RTT_MS = 10;
const SHORT_SILENCE_MS = 1_100;
