// All cases of the chat dialect, in the order in which they are run.

import { bridgeCases } from './bridge-cases.ts';
import { chatCases } from './chat-cases.ts';
import { closedCases } from './closed-cases.ts';
import { framingCases } from './framing-cases.ts';
import { handshakeCases } from './peer/handshake-cases.ts';
import { lineCases } from './peer/line-cases.ts';
import { linkCases } from './peer/link-cases.ts';
import { memberCases } from './peer/member-cases.ts';
import { detourCases } from './peer/detour-cases.ts';
import { minorityCases } from './peer/minority-cases.ts';
import { presenceCases } from './peer/presence-cases.ts';
import { relayCases } from './peer/relay-cases.ts';
import { quickCases } from './quick-cases.ts';
import { roomCases } from './room-cases.ts';
import { sessionCases } from './session-cases.ts';
import type { HpCase } from './site.ts';

export const allHpCases: readonly HpCase[] = [
  ...framingCases,
  ...sessionCases,
  ...chatCases,
  ...roomCases,
  ...bridgeCases,
  ...quickCases,
  ...closedCases,
  ...handshakeCases,
  ...lineCases,
  ...linkCases,
  ...memberCases,
  ...presenceCases,
  ...relayCases,
  ...detourCases,
  ...minorityCases,
];
