// All cases of the broker dialect, in the order in which they run.

import type { Case } from '../case.ts';
import { browsers } from './browsers.ts';
import { deflate } from './deflate.ts';
import { eventStreams } from './event-streams.ts';
import { framing } from './framing.ts';
import { handshakes } from './handshake.ts';
import { http } from './http.ts';
import { httpBytes } from './http-bytes.ts';
import { keepAlive } from './keep-alive.ts';
import { limits } from './limits.ts';
import { processCases } from './process.ts';
import { publishing } from './publishing.ts';
import { recovery } from './recovery.ts';
import { requests } from './requests.ts';
import { rights } from './rights.ts';
import { seed } from './seed.ts';
import { slowReaders } from './slow-readers.ts';
import { tokens } from './tokens.ts';
import { topics } from './topics.ts';

export const brokerCases: readonly Case[] = [
  ...seed,
  ...requests,
  ...topics,
  ...publishing,
  ...recovery,
  ...http,
  ...eventStreams,
  ...browsers,
  ...rights,
  ...handshakes,
  ...framing,
  ...deflate,
  ...httpBytes,
  ...tokens,
  ...processCases,
  ...limits,
  ...keepAlive,
  ...slowReaders,
];
