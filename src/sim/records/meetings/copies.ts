// Meetings about who is where: what a node tells of its clients, and what its clients are told of those of others. Written from
// spec/hp-peer.md, "Owners and copies" and "Members". Refuses to know how it is kept.

import { BYE, enters, line, says, type Step, waits } from '../plays/play.ts';
import {
  counts,
  gets,
  hears,
  hushes,
  isLetIn,
  leaves,
  links,
  LOG,
  meeting,
  type Meeting,
  meetingHouse,
  type MeetingStep,
  notices,
  proves,
  ready,
  synced,
  tells,
  word,
} from './meeting.ts';

const house = { shards: 1, ...meetingHouse };

export function up(session: string, user: string, more: object = {}): object {
  return { op: 'up', session, user, status: 'online', lamport: 1, since: '@now', ...more };
}

export function owns(node: string, from: number, ops: readonly object[], incarnation = 10): string {
  return word('PRESENCE_DELTA', { node, incarnation, from, to: from + ops.length, ops });
}

/** All that it owns; in as many pieces as there are lists. */
function whole(
  node: string,
  ver: number,
  ...lists: readonly (readonly object[])[]
): readonly string[] {
  const own = { node, incarnation: 10, ver };
  return [
    ...lists.map((sessions, chunk) =>
      word('PRESENCE_SYNC', { ...own, chunk, chunks: lists.length, sessions }),
    ),
    word('SYNC_DONE', own),
  ];
}

function row(session: string, user: string, more: object = {}): object {
  return { session, user, status: 'online', lamport: 1, ...more };
}

function state(user: string, status: string, sessions: number): string {
  return `{"user":"${user}","status":"${status}","sessions":${sessions}}`;
}

function watches(by: string, ...users: readonly string[]): MeetingStep {
  return says(by, line('PRESENCE_SUBSCRIBE', { users }));
}

export function quits(...all: readonly string[]): readonly Step[] {
  return all.flatMap((by) => [says(by, line('BYE')), { does: 'hears', by, lines: BYE } as const]);
}

/** Longer than changes of one user are told of once. */
const later = waits(1_100);

function event(user: string, status: string): string {
  return `PRESENCE_EVENT user=${user} status=${status}`;
}

function beats(ver: number, digest: string): string {
  const beat = { incarnation: 10, hb: 500, echo: 0, draining: false };
  return word('HEARTBEAT', { ...beat, ver, digest });
}

/** What is told of one session of the node, to those that take it in columns. */
function columns(
  ...all: readonly (readonly [session: string, user: string, status: string, note?: string])[]
): string {
  const column = (at: number): string => JSON.stringify(all.map((one) => one[at] ?? null));
  const notes = all.some(([, , , note]) => note !== undefined) ? `,"note":${column(3)}` : '';
  const times = JSON.stringify(all.map(() => 'now'));
  return `{"session":${column(0)},"user":${column(1)},"status":${column(2)}${notes},"since":${times}}`;
}

function asked(by: string, have: number | string, life = '@own'): MeetingStep {
  return tells(by, word('PRESENCE_SYNC_REQUEST', { node: 'n1', incarnation: life, have }));
}

function told(ops: string): string {
  return `PRESENCE_DELTA node=n1 incarnation=own ops=${ops}`;
}

const DONE = 'SYNC_DONE node=n1 incarnation=own';

export const copyMeetings: readonly Meeting[] = [
  meeting('who-is-here', [
    ...enters(house, 'w', 'native'),
    ...links('pre', { node: 'pre' }),
    asked('pre', 0),
    hears(
      'pre',
      `PRESENCE_SYNC node=n1 incarnation=own chunk=0 chunks=1 sessions=${columns(['#1', 'native', 'online'])}`,
      DONE,
    ),
    waits(1_100),
    ...[
      says('w', line('PRESENCE_SET', { status: 'away', note: 'at sea' })),
      { does: 'hears', by: 'w', lines: ['ACK'] } as const,
    ],
    hears(
      'pre',
      told(
        '[{"op":"up","session":"#1","user":"native","status":"away","note":"at_sea","since":"now"}]',
      ),
    ),
    ...enters(house, 'v', 'native', { sessions: 2 }),
    hears(
      'pre',
      told('[{"op":"up","session":"#2","user":"native","status":"online","since":"now"}]'),
    ),
    // What is known already is not told again, nor anything to a former life.
    ...[asked('pre', '@ver'), hears('pre', DONE), asked('pre', 0, '@own-1'), hushes('pre', 300)],
    asked('pre', '@ver-1'),
    hears(
      'pre',
      told('[{"op":"up","session":"#2","user":"native","status":"online","since":"now"}]'),
      DONE,
    ),
    asked('pre', 1_000_000),
    hears(
      'pre',
      `PRESENCE_SYNC node=n1 incarnation=own chunk=0 chunks=1 sessions=${columns(['#1', 'native', 'away', 'at_sea'], ['#2', 'native', 'online'])}`,
      DONE,
    ),
    ...proves('row', { node: 'row', versions: ['1.0'], caps: ['presence'] }, '1.0'),
    ...isLetIn('row', { node: 'row', caps: ['presence'] }, ['pre/10//up']),
    asked('row', 0),
    hears(
      'row',
      'PRESENCE_SYNC node=n1 incarnation=own chunk=0 chunks=1 sessions=[{"session":"#1","user":"native","status":"away","note":"at_sea","since":"now"},{"session":"#2","user":"native","status":"online","since":"now"}]',
      DONE,
    ),
    // Its digests are looked at by all who hear them.
    ...[waits(2_200), ...quits('v')],
    ...['pre', 'row'].map((by) => hears(by, told('[{"op":"down","session":"#2"}]'))),
    ...quits('w'),
    ...['pre', 'row'].map((by) => hears(by, told('[{"op":"down","session":"#1"}]'))),
    ...[waits(1_200), ...leaves('pre'), ...leaves('row')],
  ]),
  meeting('who-is-there', [
    ...enters(house, 'w', 'gazer'),
    watches('w', 'afar.a', 'afar.b'),
    hears(
      'w',
      `PRESENCE_STATE users=[${state('afar.a', 'offline', 0)},${state('afar.b', 'offline', 0)}]`,
    ),
    ...proves('far', { node: 'far' }),
    ...isLetIn('far', { node: 'far' }).slice(0, 1),
    // Nothing is shown of a life that has not told everything.
    tells('far', ...ready(), owns('far', 0, [up('s1', 'afar.a')])),
    hushes('w', 1_200),
    tells('far', ...synced('far', 10, 1)),
    hears('w', event('afar.a', 'online')),
    later,
    tells(
      'far',
      owns('far', 1, [{ op: 'set', session: 's1', status: 'busy' }, up('s2', 'afar.b')]),
    ),
    gets('w', event('afar.a', 'busy'), event('afar.b', 'online')),
    later,
    // What has come before changes nothing, and what is new in it does.
    tells(
      'far',
      owns('far', 1, [{ op: 'set', session: 's1', status: 'away' }, up('s2', 'afar.b')]),
    ),
    hushes('w', 500),
    tells(
      'far',
      owns('far', 2, [up('s2', 'afar.b'), { op: 'set', session: 's2', status: 'away' }]),
    ),
    hears('w', event('afar.b', 'away')),
    later,
    // Something is missing: nothing of it is taken, and it is asked for.
    tells('far', owns('far', 7, [{ op: 'down', session: 's2' }])),
    hears('far', 'PRESENCE_SYNC_REQUEST node=far incarnation=10 have=4'),
    hushes('w', 500),
    counts('cluster.presence.gaps=1'),
    // Everything, in pieces: what is not in it is gone with the last.
    tells(
      'far',
      whole(
        'far',
        8,
        [row('s1', 'afar.a', { status: 'busy' })],
        [row('s3', 'afar.a', { status: 'away' })],
      )[0] ?? '',
    ),
    hushes('w', 1_100),
    tells(
      'far',
      ...whole(
        'far',
        8,
        [row('s1', 'afar.a', { status: 'busy' })],
        [row('s3', 'afar.a', { status: 'away' })],
      ).slice(1),
    ),
    hears('w', event('afar.b', 'offline')),
    ...[says('w', line('PRESENCE_QUERY', { users: ['afar.a', 'afar.b'] }))],
    hears(
      'w',
      `PRESENCE_STATE users=[${state('afar.a', 'busy', 2)},${state('afar.b', 'offline', 0)}]`,
    ),
    ...leaves('far', 2_000),
    hushes('w', 1_900),
    hears('w', event('afar.a', 'offline')),
    ...quits('w'),
  ]),
  meeting('another-life-of-a-node', [
    ...enters(house, 'w', 'gazer.b'),
    watches('w', 'afar.c', 'afar.d'),
    hears(
      'w',
      `PRESENCE_STATE users=[${state('afar.c', 'offline', 0)},${state('afar.d', 'offline', 0)}]`,
    ),
    ...links('lif', { node: 'lif' }),
    tells('lif', owns('lif', 0, [up('s1', 'afar.c'), up('s2', 'afar.d')])),
    gets('w', event('afar.c', 'online'), event('afar.d', 'online')),
    ...proves('lif2', { node: 'lif', incarnation: 11 }),
    hears('lif', 'ERROR SUPERSEDED known=11 alive=true', 'end'),
    ...isLetIn('lif2', { node: 'lif', incarnation: 11 }, ['lif/10//up']).slice(0, 1),
    tells('lif2', ...ready()),
    hushes('w', 1_500),
    tells(
      'lif2',
      owns('lif', 0, [up('s5', 'afar.d')], 11),
      word('SYNC_DONE', { node: 'lif', incarnation: 11, ver: 1 }),
    ),
    hears('w', event('afar.c', 'offline')),
    hushes('w', 1_100),
    // What is said of a former life, or of another node, is nothing.
    tells(
      'lif2',
      owns('lif', 1, [{ op: 'down', session: 's5' }], 10),
      owns('n1', 1, [{ op: 'down', session: 's5' }], 11),
    ),
    hushes('w', 1_100),
    ...leaves('lif2', 0),
    hears('w', event('afar.d', 'offline')),
    ...quits('w'),
  ]),
  meeting('digests', [
    ...links('dig', { node: 'dig' }),
    tells(
      'dig',
      owns('dig', 0, [
        { ...up('s1', 'afar.e'), since: 1_700_000_000 },
        { ...up('s2', 'afar.f', { note: 'n', lamport: 7, since: undefined }) },
      ]),
    ),
    waits(950),
    tells('dig', beats(2, '@digest(s1,afar.e,online,,1,1700000000;s2,afar.f,online,n,7,)')),
    hushes('dig', 1_500),
    counts('cluster.presence.digestsDiffer=0'),
    tells('dig', beats(3, '0123456789abcdef')),
    hears('dig', 'PRESENCE_SYNC_REQUEST node=dig incarnation=10 have=2'),
    waits(950),
    tells('dig', beats(2, '0123456789abcdef')),
    hears('dig', 'PRESENCE_SYNC_REQUEST node=dig incarnation=10 have=0'),
    notices(LOG, 'error cluster.digestsDiffer node=dig'),
    counts('cluster.presence.digestsDiffer=1'),
    ...leaves('dig'),
  ]),
];
