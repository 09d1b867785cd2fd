// Bridges in some runs of a chat: topics of the broker that are joined with each other and with a room, and who speaks over
// them: by a name that the door has proved, by one that nobody has, or by none.
// Refuses to act.

import { type Arbitrary, boolean, constant, constantFrom } from 'fast-check';

import type { BridgeRule } from '../../../actors/bridge/bridge.ts';
import type { CrosserPlan, TalkerPlan } from '../chat-plan.ts';
import { chance, drawn, mixed, plainRecord } from '../drawing.ts';

export interface Bridging {
  readonly bridges: readonly BridgeRule[];
  /** The broker's doors ask for tokens. */
  readonly isProved: boolean;
}

/** What is said on the first topic is heard on the second, and not in the room behind that. */
const bridges: readonly BridgeRule[] = [
  { one: 'broker/cross/a', other: 'broker/cross/b' },
  { one: 'chat/room/bridged', other: 'broker/cross/b' },
];
const BRIDGED_ROOM = 'bridged';

export const bridgings: Arbitrary<Bridging | undefined> = mixed<Bridging | undefined>(
  [2, constant(undefined)],
  [1, plainRecord<Bridging>({ bridges: constant(bridges), isProved: boolean() })],
);

export function withVoices(
  crossers: readonly CrosserPlan[],
  { isProved }: Bridging,
  seed: number,
): readonly CrosserPlan[] {
  return crossers.map((crosser) => {
    const { token, isAtRoom, ...voice } = drawn(voices, seed, `voice ${crosser.client}`);
    const { topic } = isAtRoom ? AT_ROOM : crosser;
    return { ...crosser, ...voice, topic, ...(isProved ? { token } : {}) };
  });
}

/** Most of them sit in the room, too. */
export function withBridgedRoom(talkers: readonly TalkerPlan[], seed: number): TalkerPlan[] {
  return talkers.map((talker) =>
    drawn(chance(2, 3), seed, `bridged ${talker.client}`)
      ? { ...talker, rooms: [...talker.rooms, BRIDGED_ROOM] }
      : talker,
  );
}

/** The topic that is joined to the room. */
const AT_ROOM = { topic: 'cross/b' } as const;

interface Voice extends Required<Pick<CrosserPlan, 'claims' | 'token' | 'isNameless'>> {
  readonly isAtRoom: boolean;
}

/** Names that are none are nobody's. */
const voices = plainRecord<Voice>({
  isAtRoom: boolean(),
  claims: constantFrom(undefined, 'page', 'page', 'Page.2', 'no name'),
  token: plainRecord({ subject: constantFrom(undefined, undefined, 'proved', 'not a name') }),
  isNameless: boolean(),
});
