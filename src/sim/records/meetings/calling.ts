// Meetings of a node with those that it calls itself: whom it believes, what it makes of what they say of it, and which of two
// links stays. Written from spec/hp-peer.md, "Links", "Proof" and "Members". Refuses to know how.

import {
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
  leaves,
  links,
  listed,
  listens,
  LOG,
  meeting,
  type Meeting,
  type MeetingStep,
  member,
  notices,
  proves,
  ready,
  synced,
  tells,
  word,
} from './meeting.ts';

const KIN = 'kin:7501';

/** Hears that it is called. */
function called(by: string, life = 'own'): MeetingStep {
  const who = `node=n1 incarnation=${life} cluster=sim versions=["1.1","1.0"]`;
  return hears(by, `SERVER_HELLO ${who} caps=${listed(CAPS)} nonce=fresh key=k1 advertise=n1:7501`);
}

function challenges(by: string, node: string, more: object = {}): MeetingStep {
  return tells(
    by,
    word('SERVER_CHALLENGE', {
      ...{ cluster: 'sim', node, incarnation: 10, version: '1.1', caps: CAPS },
      ...{ nonce: '@nonce', key: 'k1', advertise: KIN, proof: '@proof', ...more },
    }),
  );
}

function isCalled(by: string, life = 'own'): readonly MeetingStep[] {
  return [listens(by, KIN), notices(CALLS, `${KIN} after=0..6700`), called(by, life)];
}

/** Is believed, and lets it in. */
function welcomes(
  by: string,
  node: string,
  others: readonly string[] = [],
  life = 'own',
): readonly MeetingStep[] {
  return [
    ...[...isCalled(by, life), challenges(by, node), hears(by, 'SERVER_AUTH proof=right')],
    tells(by, word('SERVER_WELCOME', { members: [], heartbeat_ms: 1_000 })),
    gets(
      by,
      `SERVER_READY members=${listed(others)} heartbeat_ms=1000 clients=n1.chat:7502`,
      'INTEREST whole=ended data={"add":[],"remove":[]}',
      `PRESENCE_SYNC_REQUEST node=${node} incarnation=10 have=0`,
    ),
    listens('', KIN),
  ];
}

function isWrong(by: string, code: string, more: object): readonly MeetingStep[] {
  return [...isCalled(by), challenges(by, 'liar', more), hears(by, `ERROR ${code}`, 'end')];
}

export const callingMeetings: readonly Meeting[] = [
  meeting('those-who-are-not-believed', [
    ...isWrong('lia', 'PEER_AUTH_FAILED', { proof: 'A'.repeat(43) }),
    notices(LOG, `warn cluster.refused called=${KIN} PEER_AUTH_FAILED`),
    ...isWrong('lib', 'CLUSTER_MISMATCH', { cluster: 'elsewhere' }),
    ...isWrong('lic', 'PEER_AUTH_FAILED', { version: '1.2' }),
    ...isWrong('lid', 'PEER_AUTH_FAILED', { key: 'k2' }),
    ...[
      ...isCalled('lie'),
      tells('lie', word('SERVER_WELCOME', { members: [], heartbeat_ms: 1_000 })),
    ],
    hears('lie', 'ERROR INVALID_MESSAGE', 'end'),
    ...[...isCalled('lif'), challenges('lif', 'liar'), hears('lif', 'SERVER_AUTH proof=right')],
    ...[tells('lif', ...ready().slice(0, 1)), hears('lif', 'ERROR INVALID_MESSAGE', 'end')],
    ...[...isCalled('lig'), hushes('lig', 1_900), hears('lig', 'ERROR TIMEOUT', 'end')],
    ...[listens('', KIN), counts('cluster.links=0', 'cluster.handshakes.failed=7')],
  ]),
  meeting('both-call-at-once', [
    ...welcomes('kit', 'kit'),
    tells('kit', ...ready().slice(1), ...synced('kit')),
    // Of two that stays whose caller has the smaller name.
    ...[...proves('kit2', { node: 'kit' }), hears('kit', 'ERROR DUPLICATE_LINK', 'end')],
    gets(
      'kit2',
      'SERVER_WELCOME members=["kit/10/kin:7501/up"] heartbeat_ms=1000 clients=n1.chat:7502',
      'INTEREST whole=ended data={"add":[],"remove":[]}',
      'PRESENCE_SYNC_REQUEST node=kit incarnation=10 have=0',
    ),
    ...[tells('kit2', ...ready(), ...synced('kit')), ...leaves('kit2')],
    ...welcomes('zed', 'zed', ['kit/10/kin:7501/left']),
    tells('zed', ...ready().slice(1), ...synced('zed')),
    ...[...proves('zed2', { node: 'zed' }), hears('zed2', 'ERROR DUPLICATE_LINK', 'end')],
    ...[hushes('zed', 500), ...leaves('zed')],
  ]),
  meeting('a-number-that-is-too-low', [
    ...links('ris', { node: 'ris' }),
    // Who remembers a later life of it tells so: it takes the next higher number, on new links.
    tells('ris', word('MEMBERS', { members: [member('n1', 'up', '', '@own+2')] })),
    hears('ris', 'ERROR STALE_INCARNATION', 'end'),
    notices(LOG, 'warn cluster.incarnationRisen incarnation=own+3'),
    ...[
      ...isCalled('rit', 'own+3'),
      tells(
        'rit',
        word('ERROR', {
          code: 'STALE_INCARNATION',
          message: 'No.',
          ref: null,
          fatal: true,
          known: '@own+5',
          alive: false,
        }),
      ),
    ],
    hears('rit', 'end'),
    notices(LOG, 'warn cluster.incarnationRisen incarnation=own+6'),
    ...welcomes('riu', 'riu', ['ris/10//suspect'], 'own+6'),
    tells('riu', ...ready().slice(1), ...synced('riu')),
    ...leaves('riu'),
    ...[calls('ris2'), tells('ris2', hello({ node: 'ris' })), challenged('ris2', '1.1', 'own+6')],
    ...[tells('ris2', word('SERVER_AUTH', { proof: '@proof' }))],
    ...isLetIn('ris2', { node: 'ris' }, ['ris/10//suspect', 'riu/10/kin:7501/left']),
    ...leaves('ris2'),
  ]),
];

/** Its process ends by that. */
export const lastMeetings: readonly Meeting[] = [
  meeting('another-one-has-the-name', [
    ...links('sup', { node: 'sup' }),
    ...[calls('self'), tells('self', hello({ node: 'n1' }, { incarnation: '@own+9' }))],
    ...[challenged('self'), tells('self', word('SERVER_AUTH', { proof: '@proof' }))],
    hears('self', 'ERROR SUPERSEDED known=own alive=false', 'end'),
    hears('sup', 'ERROR SUPERSEDED', 'end'),
    notices(LOG, 'error cluster.superseded node=n1'),
  ]),
];
