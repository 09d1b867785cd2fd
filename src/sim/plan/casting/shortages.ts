// In some runs of a chat something is short that mostly is not: bytes that a client may say in a second, and on one node, where
// nobody keeps anything for others, the memory of what was said, of what waits, the places in rooms, or rooms themselves.
// Refuses to draw any other setting.

import { type Arbitrary, constant, constantFrom } from 'fast-check';

import type { ChatOptions } from '../../../actors/chat/chat-options.ts';
import type { TalkerPlan } from '../chat-plan.ts';
import { mixed, plainRecord } from '../drawing.ts';

type Some = Partial<ChatOptions>;

export function shortages(nodes: number): Arbitrary<Some> {
  return plainRecord({ paces, places: nodes === 1 ? places : constant<Some>({}) }).map(
    ({ paces: pace, places: place }) => ({ ...pace, ...place }),
  );
}

/** In a few more there is no place for all rooms that somebody wants, or what waits for somebody is soon forgotten. */
export function forgetfulness(nodes: number): Arbitrary<Some> {
  return nodes === 1 ? memories : constant<Some>({});
}

/** Where there is no place for all rooms everybody wants one of his own, and leaves it now and then. */
export function inOwnRooms(
  talkers: readonly TalkerPlan[],
  { roomsMax = Number.POSITIVE_INFINITY }: Some,
): readonly TalkerPlan[] {
  if (roomsMax > FEW_ROOMS) return talkers;
  return talkers.map((talker, rank) => ({
    ...talker,
    rooms: [...talker.rooms.slice(0, 1), `own-${rank}`],
  }));
}

const FEW_ROOMS = 7;

const memories = mixed<Some>(
  [8, constant({})],
  [1, plainRecord({ roomsMax: constantFrom(FEW_ROOMS, 5) })],
  [1, plainRecord({ offlineAgeMaxMs: constantFrom(3_000, 1_500) })],
);

const paces = mixed<Some>(
  [5, constant({})],
  [
    1,
    plainRecord({
      bytesPerSecondMax: constantFrom(32_768, 16_384),
      bytesBurstMax: constantFrom(16_384, 8_192),
    }),
  ],
);

const places = mixed<Some>(
  [5, constant({})],
  [1, plainRecord({ historyBytesTotalMax: constantFrom(40_000, 12_000, 4_000) })],
  [1, plainRecord({ offlineBytesTotalMax: constantFrom(16_000, 4_000) })],
  [1, plainRecord({ resumeBytesMax: constantFrom(4_000, 300) })],
  [1, plainRecord({ roomMembersMax: constantFrom(4, 2) })],
);
