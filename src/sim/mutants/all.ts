// Every planted bug, by area. Refuses to know how they are run: search/mutate.ts does that.

import { bridging } from './bridges/crossing.ts';
import { meetingMutants } from './plays/meetings.ts';
import { narrowMutants } from './plays/narrow.ts';
import { playMutants } from './plays/plays.ts';
import { tourMutants } from './plays/tours.ts';
import { again } from './chat/again.ts';
import { bounding } from './chat/bounds.ts';
import { chatting } from './chat/chat.ts';
import { callMutants } from './chat/calls.ts';
import { clustering } from './chat/cluster.ts';
import { deaths } from './chat/deaths.ts';
import { detouring } from './chat/detours.ts';
import { keeping } from './chat/keeping.ts';
import { memberMutants } from './chat/members.ts';
import { quiet } from './chat/quiet.ts';
import { returning } from './chat/sessions.ts';
import { signing } from './chat/signs.ts';
import { codecs } from './codecs.ts';
import { doors } from './doors.ts';
import { lettingIn } from './doors/letting-in.ts';
import { holding } from './gateway.ts';
import { errandMutants } from './gateway/errands.ts';
import { sockJsMutants } from './gateway/sockjs.ts';
import { abroadMutants } from './gateway/abroad.ts';
import { dyingMutants } from './gateway/dying.ts';
import { patienceMutants } from './gateway/patience.ts';
import { forgetfulMutants } from './gateway/remembering.ts';
import { runningMutants } from './gateway/running.ts';
import { sceneMutants } from './gateway/scenes.ts';
import { tellingMutants } from './gateway/telling.ts';
import type { Mutant } from './mutant.ts';
import { ordering } from './ordering.ts';
import { recovering } from './recovery.ts';
import { runtime } from './runtime.ts';
import { threads } from './shards.ts';
import { lagging } from './slow-readers.ts';
import { following } from './subscriptions.ts';

export const mutants: readonly Mutant[] = [
  ...ordering,
  ...recovering,
  ...following,
  ...lagging,
  ...threads,
  ...codecs,
  ...runtime,
  ...doors,
  ...lettingIn,
  ...holding,
  ...sceneMutants,
  ...forgetfulMutants,
  ...errandMutants,
  ...patienceMutants,
  ...abroadMutants,
  ...dyingMutants,
  ...sockJsMutants,
  ...runningMutants,
  ...tellingMutants,
  ...callMutants,
  ...playMutants,
  ...meetingMutants,
  ...narrowMutants,
  ...tourMutants,
  ...chatting,
  ...signing,
  ...bounding,
  ...keeping,
  ...quiet,
  ...returning,
  ...clustering,
  ...detouring,
  ...deaths,
  ...memberMutants,
  ...again,
  ...bridging,
];
