// Meetings about what two nodes say to each other that a third one carries. Written from spec/hp-peer.md, "Detours". Refuses to
// know how.

import {
  CAPS,
  counts,
  hears,
  hushes,
  leaves,
  links,
  meeting,
  type Meeting,
  type MeetingStep,
  proves,
  isLetIn,
  tells,
  word,
} from './meeting.ts';

/** Whom it hears. */
function hearing(by: string, ...others: readonly string[]): MeetingStep {
  const beat = { incarnation: 10, ver: 0, digest: '', hb: 100, echo: 0, draining: false };
  return tells(by, word('HEARTBEAT', { ...beat, links: others }));
}

function detour(
  by: string,
  from: string,
  to: string,
  caller: string,
  call: number,
  more: object,
): MeetingStep {
  return tells(by, word('DETOUR', { from, to, caller, call, ...more }));
}

function opened(call: number): readonly string[] {
  const about = `DETOUR from=n1 to=db caller=n1 call=${call}`;
  return [`${about} say=open`, `${about} say=text data={"text":"SERVER_HELLO"}`];
}

export const detourMeetings: readonly Meeting[] = [
  meeting('carried-for-others', [
    ...links('ca', { node: 'ca' }),
    ...links('cb', { node: 'cb' }, ['ca/10//up']),
    ...proves('cc', { node: 'cc', versions: ['1.0'], caps: [] }, '1.0'),
    ...isLetIn('cc', { node: 'cc', caps: CAPS.slice(0, 3) }, ['ca/10//up', 'cb/10//up']),
    detour('ca', 'ca', 'cb', 'ca', 7, { say: 'open' }),
    hears('cb', 'DETOUR from=ca to=cb caller=ca call=7 say=open'),
    detour('cb', 'cb', 'ca', 'ca', 7, { say: 'text', data: { text: 'x y' } }),
    hears('ca', 'DETOUR from=cb to=ca caller=ca call=7 say=text data={"text":"x_y"}'),
    detour('ca', 'ca', 'cb', 'ca', 7, { say: 'taken' }),
    hears('cb', 'DETOUR from=ca to=cb caller=ca call=7 say=taken'),
    // Nobody speaks for another one; and where there is no link, or nobody who can, that is said.
    detour('ca', 'cb', 'ca', 'cb', 8, { say: 'open' }),
    hushes('ca', 100),
    detour('ca', 'ca', 'nowhere', 'ca', 9, { say: 'open' }),
    hears('ca', 'DETOUR from=nowhere to=ca caller=ca call=9 say=end'),
    detour('ca', 'ca', 'cc', 'ca', 10, { say: 'open' }),
    hears('ca', 'DETOUR from=cc to=ca caller=ca call=10 say=end'),
    detour('ca', 'ca', 'nowhere', 'ca', 11, { say: 'end' }),
    detour('cc', 'cc', 'ca', 'cc', 12, { say: 'open' }),
    ...[hushes('ca', 100), hushes('cc', 0), counts('cluster.detours.carried=3')],
    ...[...leaves('cc'), ...leaves('cb'), ...leaves('ca')],
  ]),
  meeting('reached-through-others', [
    ...links('da', { node: 'da' }),
    hearing('da', 'n1', 'db'),
    hushes('da', 390),
    hears('da', ...opened(1)),
    detour('da', 'db', 'n1', 'n1', 1, { say: 'end' }),
    // Every two seconds, as long as somebody hears it.
    ...[hushes('da', 1_900), hears('da', ...opened(2)), hearing('da', 'n1')],
    detour('da', 'db', 'n1', 'n1', 2, { say: 'end' }),
    ...[hushes('da', 3_000), counts('cluster.detours.opened=2')],
    // One of which nobody knows anything is over; nor is anybody let in who does not open it himself.
    detour('da', 'db', 'n1', 'db', 5, { say: 'text', data: { text: 'x' } }),
    hears('da', 'DETOUR from=n1 to=db caller=db call=5 say=end'),
    ...leaves('da'),
  ]),
];
