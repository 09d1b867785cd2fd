// Meetings about who is taken for alive, and how soon he is not; whom a node calls, and when; what operators and clients are
// told of it. Written from spec/hp-peer.md, "Links", "Members", "Heartbeats", "Detours" and "Clocks". Refuses to know how.

import { BYE, enters, line, says, waits } from '../plays/play.ts';
import {
  asks,
  awaits,
  CALLS,
  calls,
  CAPS,
  challenged,
  counts,
  gets,
  hears,
  hello,
  hushes,
  isLetIn,
  keepsQuiet,
  leaves,
  links,
  listed,
  listens,
  LOG,
  meeting,
  type Meeting,
  meetingHouse,
  type MeetingStep,
  member,
  notices,
  OPERATOR,
  proves,
  speaksAgain,
  tells,
  word,
} from './meeting.ts';

const house = { shards: 1, ...meetingHouse };

/** An operator asks, and is told of these, others that the node remembers not counted. */
function sees(
  cutOff: readonly string[],
  caps: readonly string[],
  ...all: readonly string[]
): readonly MeetingStep[] {
  const whole = `node=n1 cluster=sim incarnation=own isServing=true cutOff=${listed(cutOff)}`;
  return [asks, hears(OPERATOR, `clusterTold ${whole} caps=${listed(caps)}`, ...all)];
}

function seen(node: string, more: object = {}, life = 10, version = '1.1'): string {
  const all = { rtt: 'short', silence: 'short', addr: '', state: 'up', hasLink: true, version };
  const whole = { ...all, isDraining: false, skewSeconds: 0, isSynced: false, ...more };
  const words = Object.entries(whole).filter(([, value]) => value !== undefined);
  return `${node}/${life} ${words.map(([name, value]) => `${name}=${String(value)}`).join(' ')}`;
}

/** Its links as it tells them itself, beside what it says all the time. */
function hearing(node: string, ...others: readonly string[]): MeetingStep {
  const beat = { incarnation: 10, ver: 0, digest: '', hb: 100, echo: 0, draining: false };
  return tells(node, word('HEARTBEAT', { ...beat, links: others }));
}

/** A connection is lost, and its node is not. */
const breaks = (by: string): MeetingStep => ({ does: 'goes', by });

/** Whose process is gone is soon found out: his machine says so twice. */
function dies(by: string): readonly MeetingStep[] {
  return [
    breaks(by),
    notices(LOG, `info cluster.suspect node=${by} from=up silentMs=0..1100`),
    notices(LOG, `warn cluster.down node=${by} from=suspect silentMs=1000..3500`),
  ];
}

const gone = { rtt: 'none', hasLink: false, isSynced: undefined };

export const memberMeetings: readonly Meeting[] = [
  meeting('what-an-operator-sees', [
    ...links('op', { node: 'op', advertise: 'op:7501' }),
    ...proves('elder', { node: 'elder', versions: ['1.0'], caps: [] }, '1.0'),
    ...isLetIn('elder', { node: 'elder', caps: CAPS.slice(0, 3) }, ['op/10/op:7501/up']),
    waits(1_500),
    ...sees(
      [],
      CAPS.slice(0, 3),
      seen('elder', { isSynced: undefined }, 10, '1.0'),
      seen('op', { addr: 'op:7501' }),
    ),
    tells('op', word('PRESENCE_SYNC_REQUEST', { node: 'n1', incarnation: '@own', have: 0 })),
    hears(
      'op',
      'PRESENCE_SYNC node=n1 incarnation=own chunk=0 chunks=1 sessions={"session":[],"user":[],"status":[]}',
      'SYNC_DONE node=n1 incarnation=own',
    ),
    waits(1_200),
    ...leaves('elder'),
    tells('op', word('DRAIN', { grace_ms: 5_000 })),
    notices(LOG, 'info cluster.draining node=op'),
    ...sees(
      [],
      CAPS,
      seen('elder', { ...gone, state: 'left', silence: 'short' }, 10, '1.0'),
      seen('op', { addr: 'op:7501', isDraining: true, isSynced: true }),
    ),
    ...leaves('op', 100),
  ]),
  meeting('suspect-and-back', [
    ...links('sus', { node: 'sus' }),
    ...[waits(1_500), keepsQuiet('sus'), hushes('sus', 1_400)],
    notices(LOG, 'info cluster.suspect node=sus from=up silentMs=2500..3100'),
    ...sees([], CAPS, seen('sus', { state: 'suspect', silence: 'long' })),
    speaksAgain('sus'),
    notices(LOG, 'info cluster.up node=sus from=suspect silentMs=0'),
    waits(1_000),
    ...sees([], CAPS, seen('sus')),
    ...leaves('sus'),
    counts('cluster.members.suspect=1', 'cluster.members.up=1', 'cluster.members.down=0'),
  ]),
  meeting('silent-for-too-long', [
    ...[...enters(house, 'c', 'witness'), ...enters(house, 'w', 'warden')],
    ...links('sil', { node: 'sil' }),
    ...[waits(1_500), keepsQuiet('sil')],
    notices(LOG, 'info cluster.suspect node=sil from=up silentMs=2500..3100'),
    ...[hushes('sil', 4_500), hushes('c', 400)],
    notices(LOG, 'warn cluster.down node=sil from=suspect silentMs=8000..8600'),
    ...[hears('sil', 'ERROR TIMEOUT', 'end'), hears('c', 'NOTICE code=PARTITION')],
    hears('w', 'NOTICE code=PARTITION'),
    notices(LOG, 'warn cluster.partition nodes=sil isServing=yes'),
    ...sees(['sil'], CAPS, seen('sil', { ...gone, state: 'down', silence: 'long' })),
    counts('cluster.cutOff=1'),
    speaksAgain('sil2'),
    ...links('sil2', { node: 'sil' }, ['sil/10//down']),
    hears('c', 'NOTICE code=PARTITION_HEALED'),
    hears('w', 'NOTICE code=PARTITION_HEALED'),
    counts('cluster.cutOff=0', 'cluster.members.down=1'),
    ...leaves('sil2'),
    ...[says('c', line('BYE')), hears('c', ...BYE), says('w', line('BYE')), hears('w', ...BYE)],
  ]),
  meeting('certainly-dead', [
    listens('', 'dead:7501'),
    ...links('dead', { node: 'dead', advertise: 'dead:7501' }),
    waits(500),
    ...dies('dead'),
    notices(CALLS, 'dead:7501 after=0'),
    notices(CALLS, 'dead:7501 after=900..1600'),
    ...sees([], CAPS, seen('dead', { ...gone, state: 'down', silence: 'long', addr: 'dead:7501' })),
    counts('cluster.cutOff=0', 'cluster.linked=0'),
  ]),
  meeting('down-again-and-again', [
    ...[1, 2, 3].flatMap((time) => [
      ...links(
        `t${time}`,
        { node: 'tim', advertise: 'tim:7501' },
        time === 1 ? [] : ['tim/10/tim:7501/down'],
      ),
      breaks(`t${time}`),
      notices(LOG, 'warn cluster.down node=tim from=suspect silentMs=1000..3500'),
    ]),
    ...links('t4', { node: 'tim', advertise: 'tim:7501' }, ['tim/10/tim:7501/down']),
    listens('-', 'tim:7501'),
    keepsQuiet('t4'),
    awaits(LOG, 'warn cluster.down node=tim from=suspect silentMs=16000..16600'),
    hears('t4', 'ERROR TIMEOUT', 'end'),
    listens('', 'tim:7501'),
  ]),
  meeting('lost-to-all', [
    ...links('lost', { node: 'lost' }),
    ...links('oner', { node: 'oner' }, ['lost/10//up']),
    ...links('twoer', { node: 'twoer' }, ['lost/10//up', 'oner/10//up']),
    ...[hearing('oner', 'n1', 'twoer'), hearing('twoer', 'n1', 'oner')],
    ...[waits(1_500), keepsQuiet('lost')],
    notices(LOG, 'info cluster.suspect node=lost from=up silentMs=2500..3100'),
    notices(LOG, 'warn cluster.down node=lost from=suspect silentMs=6000..6600'),
    ...[hears('lost', 'ERROR TIMEOUT', 'end'), ...leaves('oner'), ...leaves('twoer')],
    ...[
      ...links('lost2', { node: 'lost' }, ['lost/10//down', 'oner/10//left', 'twoer/10//left']),
      ...leaves('lost2'),
    ],
  ]),
  meeting('heartbeats', [
    ...links('hea', { node: 'hea' }),
    awaits(
      'hea',
      'HEARTBEAT incarnation=own digest=0000000000000000 hb=1 echo=0..9 links=["hea"] draining=false have={"incarnation":10,"ver":0}',
    ),
    awaits(
      'hea',
      'HEARTBEAT incarnation=own digest=0000000000000000 hb=2 echo=0..9 draining=false have={"incarnation":10,"ver":0}',
    ),
    ...links('hea2', { node: 'heb' }, ['hea/10//up']),
    awaits(
      'hea',
      'HEARTBEAT incarnation=own digest=0000000000000000 hb=3 echo=0..9 links=["hea","heb"] draining=false have={"incarnation":10,"ver":0}',
    ),
    tells(
      'hea',
      word('HEARTBEAT', { incarnation: 10, ver: 0, digest: '', hb: 777, echo: 0, draining: false }),
    ),
    notices('hea', 'HEARTBEAT_ACK hb=777'),
    ...[...leaves('hea2'), ...leaves('hea')],
  ]),
  meeting('told-of-others', [
    ...links('gos', { node: 'gos' }),
    tells(
      'gos',
      word('MEMBERS', {
        members: [member('newer', 'up', 'new:7501'), member('bye', 'left', 'bye:7501')],
      }),
    ),
    notices(CALLS, 'new:7501 after=0'),
    notices(CALLS, 'new:7501 after=200..1100'),
    notices(CALLS, 'new:7501 after=200..1600'),
    notices(CALLS, 'new:7501 after=200..2600'),
    notices(CALLS, 'new:7501 after=200..4600'),
    listens('newer', 'new:7501'),
    hears(
      'newer',
      `SERVER_HELLO node=n1 incarnation=own cluster=sim versions=["1.1","1.0"] caps=${listed(CAPS)} nonce=fresh key=k1 advertise=n1:7501`,
    ),
    tells(
      'newer',
      word('SERVER_CHALLENGE', {
        ...{ cluster: 'sim', node: 'newer', incarnation: 10, version: '1.1', caps: CAPS },
        ...{ nonce: '@nonce', key: 'k1', advertise: 'new:7501', proof: '@proof' },
      }),
    ),
    hears('newer', 'SERVER_AUTH proof=right'),
    tells('newer', word('SERVER_WELCOME', { members: [], heartbeat_ms: 1_000 })),
    gets(
      'newer',
      'SERVER_READY members=["gos/10//up"] heartbeat_ms=1000 clients=n1.chat:7502',
      'INTEREST whole=ended data={"add":[],"remove":[]}',
      'PRESENCE_SYNC_REQUEST node=newer incarnation=10 have=0',
    ),
    notices(LOG, 'info cluster.linkUp node=newer incarnation=10 role=initiator version=1.1'),
    ...[...leaves('newer'), listens('', 'new:7501')],
    ...leaves('gos'),
  ]),
  meeting('gossip', [
    ...links('tat', { node: 'tat', advertise: 'tat:7501' }),
    awaits('tat', 'MEMBERS members=["n1/own/n1:7501/up","tat/10/tat:7501/up"]'),
    ...leaves('tat'),
  ]),
  meeting('clocks-that-are-off', [
    ...[...enters(house, 'c', 'punctual'), ...enters(house, 'w', 'warden')],
    calls('clo'),
    tells('clo', hello({ node: 'clo' })),
    challenged('clo'),
    tells('clo', word('SERVER_AUTH', { proof: '@proof' }, { timestamp: '@now+31' })),
    ...isLetIn('clo', { node: 'clo' }),
    hears('w', 'NOTICE code=CLOCK_SKEW'),
    notices(LOG, 'warn cluster.clockSkew node=clo seconds=31'),
    waits(600),
    counts('cluster.clocks.skewed=1'),
    ...leaves('clo'),
    calls('cla'),
    tells('cla', hello({ node: 'cla' })),
    challenged('cla'),
    tells('cla', word('SERVER_AUTH', { proof: '@proof' }, { timestamp: '@now-301' })),
    ...isLetIn('cla', { node: 'cla' }, ['clo/10//left']),
    hears('c', 'NOTICE code=CLOCK_SKEW'),
    hears('w', 'NOTICE code=CLOCK_SKEW'),
    notices(LOG, 'error cluster.clockSkew node=cla seconds=-301'),
    ...leaves('cla'),
    calls('cle'),
    tells('cle', hello({ node: 'cle' })),
    challenged('cle'),
    tells('cle', word('SERVER_AUTH', { proof: '@proof' }, { timestamp: '@now-30' })),
    ...isLetIn('cle', { node: 'cle' }, ['cla/10//left', 'clo/10//left']),
    waits(600),
    counts('cluster.clocks.skewed=0'),
    ...leaves('cle'),
    ...[says('c', line('BYE')), hears('c', ...BYE), says('w', line('BYE')), hears('w', ...BYE)],
  ]),
  meeting('forgotten', [
    ...links('for', { node: 'for' }),
    ...leaves('for'),
    waits(19_000),
    ...sees([], CAPS, seen('for', { ...gone, state: 'left', silence: 'long' })),
    waits(2_000),
    ...sees([], CAPS),
  ]),
];
