// In some runs of a chat something is short that mostly is not: bytes that a client may say in a second, and on one node, where
// nobody keeps anything for others, the memory of what was said, of what waits, or the places in rooms.
// Refuses to draw any other setting.

import { type Arbitrary, constant, constantFrom } from 'fast-check';

import type { ChatOptions } from '../../../actors/chat/chat-options.ts';
import { mixed, plainRecord } from '../drawing.ts';

type Some = Partial<ChatOptions>;

export function shortages(nodes: number): Arbitrary<Some> {
  return plainRecord({ paces, places: nodes === 1 ? places : constant<Some>({}) }).map(
    ({ paces: pace, places: place }) => ({ ...pace, ...place }),
  );
}

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
