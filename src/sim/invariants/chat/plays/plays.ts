// Whoever plays hears what the play says that he hears, in its order, and nothing else. Nothing goes wrong where plays are
// played but what belongs to them, so nothing is excused.

import type { House } from '../../../records/plays/house.ts';
import { meetingNamed } from '../../../records/meetings/meetings.ts';
import { matched } from '../../../records/plays/matching.ts';
import { playNamed } from '../../../records/plays/plays.ts';
import type { Invariant } from '../../invariant.ts';

/** Of meetings. */
const ofMeetings: readonly string[] = [
  'HP-PEER-1',
  'HP-PEER-2',
  'HP-PEER-3',
  'HP-PEER-4',
  'HP-PEER-5',
  'HP-PEER-7',
  'HP-PEER-9',
  'HP-PEER-10',
  'HP-PEER-12',
  'HP-MEMBER-2',
  'HP-MEMBER-3',
  'HP-MEMBER-4',
  'HP-MEMBER-5',
  'HP-MEMBER-6',
  'HP-MEMBER-7',
  'HP-MEMBER-9',
  'HP-MEMBER-10',
  'HP-MEMBER-11',
  'HP-BEAT-1',
  'HP-BEAT-3',
  'HP-BEAT-4',
  'HP-CLOCK-1',
  'HP-PART-4',
  'HP-REPL-1',
  'HP-REPL-2',
  'HP-REPL-3',
  'HP-REPL-4',
  'HP-REPL-5',
  'HP-REPL-6',
  'HP-REPL-7',
  'HP-REPL-8',
  'HP-REPL-9',
  'HP-REPL-10',
  'HP-RELAY-4',
  'HP-RELAY-5',
  'HP-RELAY-8',
  'HP-RELAY-11',
  'HP-RELAY-12',
  'HP-HOME-2',
  'HP-HOME-3',
  'HP-HOME-4',
  'HP-HOME-5',
  'HP-HOME-7',
  'HP-HOME-9',
  'HP-STORE-2',
  'HP-STORE-3',
  'HP-STORE-6',
  'HP-STORE-7',
  'HP-RELAY-10',
  'HP-RELAY-13',
  'HP-PEER-8',
  'HP-DETOUR-1',
  'HP-DETOUR-2',
  'HP-STORE-8',
];

type Steps = readonly { readonly does: string; readonly lines?: readonly string[] }[];

/** Of a play or a meeting. */
function stepsOf(name: string, house: House | undefined): Steps | undefined {
  const met: Steps | undefined = meetingNamed(name)?.steps;
  return met ?? (house && playNamed(name)?.steps(house));
}

export const plays: Invariant = {
  property: 'plays',
  requirements: [
    'HP-CONN-1',
    'HP-CONN-2',
    'HP-CONN-3',
    'HP-FRAME-2',
    'HP-FRAME-3',
    'HP-FRAME-4',
    'HP-FRAME-5',
    'HP-FRAME-6',
    'HP-FRAME-7',
    'HP-JSON-5',
    'HP-JSON-6',
    'HP-JSON-8',
    'HP-ENV-1',
    'HP-ENV-2',
    'HP-ENV-3',
    'HP-ENV-4',
    'HP-ENV-5',
    'HP-ENV-6',
    'HP-ENV-7',
    'HP-ENV-8',
    'HP-ENV-9',
    'HP-ENV-10',
    'HP-SESS-2',
    'HP-SESS-3',
    'HP-SESS-4',
    'HP-SESS-6',
    'HP-PAY-1',
    'HP-LOGIN-2',
    'HP-LOGIN-3',
    'HP-LOGIN-5',
    'HP-LOGIN-6',
    'HP-LOGIN-7',
    'HP-LOGIN-8',
    'HP-RES-1',
    'HP-RES-2',
    'HP-RES-3',
    'HP-RES-6',
    'HP-RES-7',
    'HP-RES-8',
    'HP-NAME-1',
    'HP-NAME-2',
    'HP-ROOM-5',
    'HP-ROOM-6',
    'HP-MSG-2',
    'HP-MSG-3',
    'HP-MSG-5',
    'HP-MSG-6',
    'HP-ACK-2',
    'HP-ACK-3',
    'HP-ACK-4',
    'HP-DM-1',
    'HP-DM-2',
    'HP-DM-4',
    'HP-DM-5',
    'HP-DM-6',
    'HP-DM-10',
    'HP-TYPE-1',
    'HP-TYPE-2',
    'HP-PRES-2',
    'HP-PRES-3',
    'HP-PRES-6',
    'HP-HIST-1',
    'HP-HIST-2',
    'HP-HIST-3',
    'HP-HIST-4',
    'HP-LIVE-1',
    'HP-LIVE-3',
    'HP-LIVE-4',
    'HP-ERR-1',
    'HP-ERR-2',
    'HP-ERR-3',
    'HP-LIM-1',
    'HP-LIM-2',
    'HP-LIM-3',
    'HP-LIM-4',
    'HP-DRAIN-1',
    'HP-DRAIN-2',
    'HP-OUT-2',
    'HP-LIM-6',
    'HP-ROOM-9',
    'HP-LOGIN-4',
    'BRIDGE-6',
    'BRIDGE-7',
    'BRIDGE-8',
    'BRIDGE-10',
    'HP-RES-4',
    'HP-RES-9',
    'HP-SESS-1',
    'HP-STATS-1',
    'HP-STATS-2',
    'HP-ROOM-1',
    'HP-ROOM-2',
    'HP-ROOM-3',
    'HP-ROOM-4',
    'HP-ROOM-7',
    'HP-ROOM-8',
    'HP-MSG-1',
    'HP-MSG-4',
    'HP-MSG-7',
    'HP-ACK-1',
    'HP-DM-3',
    'HP-DM-8',
    'HP-DM-9',
    'HP-RCPT-1',
    'HP-PRES-1',
    'HP-HOME-1',
    'HP-HOME-2',
    'HP-HOME-7',
    ...ofMeetings,
  ],
  judge(report) {
    let house: House | undefined;
    let on: string | undefined;
    return {
      houseOpened: (event) => (house = event.house),
      playBegan: ({ play }) => (on = play),
      playHeard(event) {
        const { play, step, by, heard } = event;
        const expected = stepsOf(play, house)?.[step];
        const { lines } = expected ?? {};
        if (lines === undefined) return;
        if (matched(lines, heard) === heard.length) return;
        const words = `and not '${lines.join(', ')}'`;
        report(event, `${by} in '${play}' hears '${heard.join(', ')}' in step ${step}, ${words}`);
      },
      playOver(event) {
        on = undefined;
        const { play, rest } = event;
        if (rest.length > 0) report(event, `in '${play}' is heard besides: ${rest.join(', ')}`);
      },
      quiet(event) {
        if (on !== undefined) report(event, `the play '${on}' is never over`);
      },
    };
  },
};
