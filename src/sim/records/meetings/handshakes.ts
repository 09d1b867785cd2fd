// Meetings about who is let in at the door for nodes, and what those are told who are not. Written from spec/hp-peer.md,
// "Links", "Proof" and "Versions". Refuses to know how a node finds out.

import {
  awaits,
  calls,
  challenged,
  counts,
  hears,
  hello,
  hushes,
  isLetIn,
  leaves,
  links,
  LOG,
  meeting,
  type Meeting,
  type MeetingStep,
  notices,
  proves,
  ready,
  tells,
  word,
} from './meeting.ts';

function refused(by: string, code: string, ...said: readonly string[]): readonly MeetingStep[] {
  return [calls(by), tells(by, ...said), hears(by, `ERROR ${code}`, 'end')];
}

const wrong = word('SERVER_AUTH', { proof: 'A'.repeat(43) });
const right = word('SERVER_AUTH', { proof: '@proof' });
/** A session in columns. */
function column(more: object): string {
  const one = { session: ['s1'], user: ['afar.z'], status: ['online'], lamport: [1] };
  const sync = { node: 'bad', incarnation: 10, ver: 1, chunk: 0, chunks: 1 };
  return word('PRESENCE_SYNC', { ...sync, sessions: { ...one, ...more } });
}

/** Each ends the link over which it is said. */
const broken: readonly string[] = [
  ...[column({ lamport: [-1] }), column({ lamport: ['1'] }), column({ user: ['a b'] })],
  ...[column({ since: ['x'] }), column({ status: ['gone'] }), column({ session: [] })],
  word('PRESENCE_DELTA', { node: 'bad', incarnation: 10, from: 0, to: 2, ops: [] }),
  word('FORWARD', { n: 1, kind: 'word', own_id: false, ttl: 0, data: { key: 'x', body: {} } }),
  word('INTEREST', { whole: 'no', data: { add: [7], remove: [] } }),
];

const beat = { incarnation: 10, ver: 0, digest: '', hb: 1, echo: 0, draining: false };

export const handshakeMeetings: readonly Meeting[] = [
  meeting('a-node-comes-and-goes', [
    ...links('comer', { node: 'comer' }),
    notices('comer', 'FORWARD_ACK n=0'),
    ...[notices(LOG, 'info cluster.linkUp node=comer incarnation=10 role=responder version=1.1')],
    ...leaves('comer'),
    ...[counts('cluster.links=1', 'cluster.linked=0', 'cluster.handshakes.failed=0')],
  ]),
  meeting('those-who-are-not-let-in', [
    ...[calls('none'), tells('none', hello({ node: 'none' })), challenged('none')],
    ...[tells('none', wrong), hears('none', 'ERROR PEER_AUTH_FAILED', 'end')],
    notices(LOG, 'warn cluster.refused remote=10.2.0.1 PEER_AUTH_FAILED'),
    ...refused('none', 'CLUSTER_MISMATCH', hello({ node: 'none' }, { cluster: 'elsewhere' })),
    notices(LOG, 'warn cluster.refused remote=10.2.0.1 CLUSTER_MISMATCH'),
    ...refused('none', 'UNSUPPORTED_VERSION', hello({ node: 'none', versions: ['1.2', '2.0'] })),
    ...refused('none', 'UNSUPPORTED_VERSION', hello({ node: 'none', versions: [] })),
    ...refused('none', 'PEER_AUTH_FAILED', hello({ node: 'none' }, { key: 'k2' })),
    ...refused('none', 'PEER_AUTH_FAILED', hello({ node: 'none' }, { key: '' })),
    ...refused('none', 'INVALID_MESSAGE', right),
    ...refused('none', 'INVALID_MESSAGE', word('HEARTBEAT', beat)),
    ...refused('none', 'INVALID_MESSAGE', word('FORWARD_ACK', { n: 0 })),
    ...refused('none', 'INVALID_MESSAGE', ...ready()),
    ...refused('none', 'UNKNOWN_TYPE', word('NEWER_WORD', {})),
    ...refused('none', 'LINE_TOO_LONG', hello({ node: 'none' }, { more: 'x'.repeat(8_000) })),
    ...[calls('none'), tells('none', 'GET / HTTP/1.1\r\nHost: n1\r\n\r\n'), hears('none', 'end')],
    // Out of turn behind the first word.
    ...[calls('none'), tells('none', hello({ node: 'none' })), challenged('none')],
    ...[tells('none', hello({ node: 'none' })), hears('none', 'ERROR INVALID_MESSAGE', 'end')],
    ...[calls('none'), tells('none', hello({ node: 'none' })), challenged('none')],
    ...[tells('none', word('MEMBERS', { members: [] }))],
    hears('none', 'ERROR INVALID_MESSAGE', 'end'),
    // What proves one role does not prove the other.
    ...[calls('none'), tells('none', hello({ node: 'none' })), challenged('none')],
    ...[tells('none', word('SERVER_AUTH', { proof: '' }))],
    hears('none', 'ERROR PEER_AUTH_FAILED', 'end'),
    ...[counts('cluster.handshakes.failed=16', 'cluster.proofs.wrong=4', 'cluster.links=0')],
  ]),
  meeting('those-who-take-too-long', [
    ...[calls('slow'), hushes('slow', 1_900), hears('slow', 'ERROR TIMEOUT', 'end')],
    ...[calls('slow'), hushes('slow', 1_000), tells('slow', hello({ node: 'slow' }))],
    ...[challenged('slow'), hushes('slow', 900), hears('slow', 'ERROR TIMEOUT', 'end')],
    notices(LOG, 'warn cluster.refused remote=10.2.0.1 TIMEOUT'),
    counts('cluster.handshakes.failed=2'),
  ]),
  meeting('strangers-make-room', [
    ...links('first', { node: 'first' }),
    ...[calls('ida'), calls('ivo'), tells('ivo', hello({ node: 'ivo' })), challenged('ivo')],
    ...[
      hushes('ida', 100),
      calls('ila'),
      hears('ida', 'ERROR UNAVAILABLE', 'end'),
      hushes('ivo', 100),
    ],
    // Whoever has proved himself makes no room.
    ...[tells('ivo', right), ...isLetIn('ivo', { node: 'ivo' }, ['first/10//up'])],
    ...[calls('ina'), hushes('ila', 100), calls('isa'), hears('ila', 'ERROR UNAVAILABLE', 'end')],
    ...[hushes('ina', 100), hushes('first', 100), hushes('ivo', 100)],
    counts('cluster.strangers.crowdedOut=2'),
    ...[hears('ina', 'ERROR TIMEOUT', 'end'), hears('isa', 'ERROR TIMEOUT', 'end')],
    ...[...leaves('first'), ...leaves('ivo')],
  ]),
  meeting('nodes-of-other-versions', [
    ...proves('old', { node: 'old', versions: ['1.0'], caps: [] }, '1.0'),
    ...isLetIn('old', { node: 'old', caps: ['presence', 'interest', 'forward'] }),
    awaits(
      'old',
      'HEARTBEAT incarnation=own digest=0000000000000000 hb=1..9 echo=0..9 links=["old"] draining=false',
    ),
    ...proves('mute', { node: 'mute', versions: ['0.9', '1.0', '1.1'], caps: ['presence'] }),
    ...isLetIn('mute', { node: 'mute', caps: ['presence'] }, ['old/10//up']),
    awaits(
      'mute',
      'HEARTBEAT incarnation=own digest=0000000000000000 hb=1..9 echo=0..9 links=["mute","old"] draining=false',
    ),
    ...[...leaves('old'), ...leaves('mute')],
  ]),
  meeting('one-link-for-each-pair', [
    ...links('ann', { node: 'ann' }),
    ...proves('ann2', { node: 'ann' }),
    hears('ann', 'ERROR DUPLICATE_LINK', 'end'),
    ...isLetIn('ann2', { node: 'ann' }, ['ann/10//up']),
    ...leaves('ann2'),
  ]),
  meeting('a-later-life', [
    ...links('liz', { node: 'liz', incarnation: 5 }),
    ...proves('liz4', { node: 'liz', incarnation: 4 }),
    hears('liz4', 'ERROR STALE_INCARNATION known=5 alive=true', 'end'),
    ...proves('liz6', { node: 'liz', incarnation: 6 }),
    hears('liz', 'ERROR SUPERSEDED known=6 alive=true', 'end'),
    ...isLetIn('liz6', { node: 'liz', incarnation: 6 }, ['liz/5//up']),
    ...leaves('liz6'),
    ...proves('liz5', { node: 'liz', incarnation: 5 }),
    hears('liz5', 'ERROR STALE_INCARNATION known=6 alive=false', 'end'),
    counts('cluster.links.refused.STALE_INCARNATION=2', 'cluster.linked=0'),
  ]),
  meeting('the-name-of-the-node', [
    ...links('her', { node: 'her' }),
    ...refused('self', 'SELF_CONNECT', hello({ node: 'n1' }, { incarnation: '@own' })),
    ...proves('self', { node: 'n1', incarnation: 3 }),
    hears('self', 'ERROR SUPERSEDED known=own alive=false', 'end'),
    ...leaves('her'),
  ]),
  meeting('words-that-break-a-link', [
    ...broken.flatMap((line, at): MeetingStep[] => [
      ...links(`bad${at}`, { node: 'bad' }, at === 0 ? [] : ['bad/10//suspect']),
      ...[tells(`bad${at}`, line), hears(`bad${at}`, 'ERROR INVALID_PAYLOAD', 'end')],
      notices(LOG, 'info cluster.linkDown node=bad INVALID_PAYLOAD'),
    ]),
    // What is longer than a first line may be, and what a newer node may say, break none.
    ...links('good', { node: 'bad' }, ['bad/10//suspect']),
    tells('good', word('NEWER_WORD', { more: 'x'.repeat(9_000) })),
    ...[hushes('good', 100), counts('cluster.messages.unknown=1'), ...leaves('good')],
  ]),
];
