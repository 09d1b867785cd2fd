// Every invariant that a run of the chat is judged by beside those of all runs.

import type { Invariant } from '../invariant.ts';
import { hpAnswers, hpWords } from './answers.ts';
import { callsAnswered } from './sessions/calls.ts';
import { copies, detours, livePeers, mesh, versions } from './cluster.ts';
import { directs } from './directs.ts';
import { bridged } from './crossing/bridged.ts';
import { crossing } from './crossing/crossing.ts';
import { forwarding } from './forwarding.ts';
import { hpLiveness } from './liveness.ts';
import { pages } from './looking/pages.ts';
import { partial } from './looking/partial.ts';
import { copied } from './rooms/copied.ts';
import { carriedOff } from './rooms/carried-off.ts';
import { kept } from './rooms/kept.ts';
import { silence, timelyDeaths } from './peers/deaths.ts';
import { goneWithNode } from './peers/gone.ts';
import { joining } from './peers/joining.ts';
import { clocks } from './peers/clocks.ts';
import { cutOff } from './peers/cut-off.ts';
import { healed } from './peers/healed.ts';
import { lagging } from './peers/lagging.ts';
import { elsewhere } from './peers/elsewhere.ts';
import { misspoken } from './peers/misspoken.ts';
import { membersTold } from './peers/told.ts';
import { promised } from './peers/promised.ts';
import { unproved } from './peers/strangers.ts';
import { minority } from './sessions/minority.ts';
import { hpPatience } from './patience.ts';
import { statuses } from './presence/statuses.ts';
import { timely } from './presence/timely.ts';
import { watching } from './presence/watching.ts';
import { draining } from './rooms/draining.ts';
import { fresh } from './rooms/fresh.ts';
import { heardInTime } from './rooms/in-time.ts';
import { gaps } from './rooms/gaps.ts';
import { roomEvents } from './rooms/room-events.ts';
import { roomMemory } from './rooms/room-memory.ts';
import { roomReach } from './rooms/room-reach.ts';
import { roomOrder } from './rooms/room-order.ts';
import { roomWhole } from './rooms/room-whole.ts';
import { rates } from './rates.ts';
import { away } from './sessions/away.ts';
import { acknowledged } from './sessions/acknowledged.ts';
import { comesBack } from './sessions/coming-back.ts';
import { lastWords, oneSession } from './sessions/endings.ts';
import { hpLimits } from './sessions/limits.ts';
import { self } from './sessions/self.ts';
import { taken } from './sessions/taken.ts';
import { tokens } from './sessions/tokens.ts';
import { welcome } from './sessions/welcome.ts';
import { signs } from './signs.ts';
import { plays } from './plays/plays.ts';
import { ghosts, views } from './views.ts';
import { wanted } from './wanted.ts';

export const chatInvariants: readonly Invariant[] = [
  hpWords,
  callsAnswered,
  plays,
  hpAnswers,
  hpPatience,
  roomOrder,
  roomWhole,
  roomMemory,
  gaps,
  fresh,
  roomReach,
  heardInTime,
  directs,
  views,
  ghosts,
  statuses,
  watching,
  timely,
  signs,
  pages,
  partial,
  hpLimits,
  lastWords,
  oneSession,
  comesBack,
  away,
  taken,
  acknowledged,
  welcome,
  self,
  rates,
  roomEvents,
  kept,
  carriedOff,
  goneWithNode,
  copied,
  draining,
  hpLiveness,
  livePeers,
  timelyDeaths,
  silence,
  detours,
  copies,
  mesh,
  unproved,
  membersTold,
  misspoken,
  clocks,
  elsewhere,
  lagging,
  promised,
  cutOff,
  healed,
  joining,
  versions,
  forwarding,
  crossing,
  bridged,
  wanted,
  minority,
  tokens,
];
