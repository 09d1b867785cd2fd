// All meetings. Refuses to know who plays them, and when.

import { callingMeetings, lastMeetings } from './calling.ts';
import { copyMeetings } from './copies.ts';
import { detourMeetings } from './detours.ts';
import { handshakeMeetings } from './handshakes.ts';
import { journeyMeetings } from './journeys.ts';
import { letterMeetings } from './letters.ts';
import { memberMeetings } from './members.ts';
import { elsewhereMeetings } from './rooms/elsewhere.ts';
import { hereMeetings } from './rooms/here.ts';
import { holdingMeetings } from './holding.ts';
import { homeMeetings } from './rooms/homes.ts';
import type { Meeting } from './meeting.ts';

export const meetings: readonly Meeting[] = [
  ...handshakeMeetings,
  ...callingMeetings,
  ...detourMeetings,
  ...copyMeetings,
  ...letterMeetings,
  ...holdingMeetings,
  ...journeyMeetings,
  ...elsewhereMeetings,
  ...hereMeetings,
  ...homeMeetings,
  ...memberMeetings,
  ...lastMeetings,
];

export function meetingNamed(name: string): Meeting | undefined {
  return byName.get(name);
}

const byName: ReadonlyMap<string, Meeting> = new Map(meetings.map((one) => [one.name, one]));
