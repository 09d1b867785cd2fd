// In some runs of a chat of one node somebody makes calls at its door, when faults are over. Which, and when, is drawn.

import { Prng } from '../../../actors/runtime/prng.ts';
import { callOptions, calls } from '../../records/calls/calls.ts';
import type { ChatPlan } from '../chat-plan.ts';

export function withCalls(seed: number, chat: ChatPlan): ChatPlan {
  const chance = new Prng(seed, 'calls');
  if (chat.cluster !== undefined || !chance.chance(1, 2)) return chat;
  const made = calls
    .filter(() => chance.chance(2, 3))
    .map(({ name }) => ({ name, atMs: chance.below(WITHIN_MS) }));
  const admins = [...chat.options.admins, ...callOptions.admins];
  return { ...chat, options: { ...chat.options, ...callOptions, admins }, calls: made };
}

const WITHIN_MS = 4_000;
