// All cases of the broker dialect, in the order in which they run.

import type { Case } from '../case.ts';
import { eventStreams } from './event-streams.ts';
import { framing } from './framing.ts';
import { handshakes } from './handshake.ts';
import { http } from './http.ts';
import { recovery } from './recovery.ts';
import { requests } from './requests.ts';
import { seed } from './seed.ts';

export const brokerCases: readonly Case[] = [
  ...seed,
  ...requests,
  ...recovery,
  ...http,
  ...eventStreams,
  ...handshakes,
  ...framing,
];
