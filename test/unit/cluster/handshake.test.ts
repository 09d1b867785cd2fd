// Strangers at the peers' door: nothing of the cluster is told to anybody who has not proved that he knows its secret.

import { describe, expect, test } from 'vitest';

import { proofOf, type Transcript } from '../../../src/actors/codecs/hp-peer/proof.ts';
import { ClusterStage, SECRET } from '../../support/cluster-stage.ts';

type Words = Readonly<Record<string, unknown>>;

function line(type: string, payload: Words): string {
  return `${JSON.stringify({
    ...{ version: '1.0', type, id: 'x1', timestamp: 1_700_000_000, source: 'server', payload },
  })}\n`;
}

const hello = {
  ...{ cluster: 'test', node: 'x9', incarnation: 7, versions: ['1.0'], caps: [] },
  ...{ nonce: 'A'.repeat(43), key: 'k1', advertise: '' },
};

function alone(): ClusterStage {
  const stage = new ClusterStage({ nodes: 2 });
  stage.until(() => stage.isWhole, 5_000);
  return stage;
}

function read(heard: readonly string[]): { type: string; payload: Record<string, unknown> }[] {
  return heard
    .join('')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as { type: string; payload: Record<string, unknown> });
}

/** Says HELLO, and proves what the node asks for. */
function enter(stage: ClusterStage, words: Partial<typeof hello> = {}, secret = SECRET) {
  const stranger = stage.stranger('n1');
  const said = { ...hello, ...words };
  stranger.say(line('SERVER_HELLO', said));
  const [challenge] = read(stranger.heard);
  const transcript: Transcript = {
    ...{ cluster: 'test', version: '1.0', nodeA: said.node, incarnationA: said.incarnation },
    ...{ nonceA: said.nonce, nodeB: 'n1', incarnationB: Number(challenge?.payload['incarnation']) },
    nonceB: String(challenge?.payload['nonce']),
  };
  stranger.say(
    line('SERVER_AUTH', { proof: proofOf('initiator', transcript, { id: 'k1', secret }) }),
  );
  return { stranger, transcript, challenge };
}

describe('the peers’ door', () => {
  test('[HP-PEER-2] [HP-PEER-4] whoever proves the secret is welcome, and is told who is here', () => {
    const { stranger, transcript, challenge } = enter(alone());
    expect(challenge?.payload['proof']).toBe(
      proofOf('responder', transcript, { id: 'k1', secret: SECRET }),
    );
    const [, welcome] = read(stranger.heard);
    expect(welcome?.type).toBe('SERVER_WELCOME');
    expect(welcome?.payload['members']).toMatchObject([{ node: 'n2', state: 'up' }]);
    expect(stranger.isClosed()).toBe(false);
  });

  test('[HP-PEER-1] [HP-PEER-2] whoever is welcome is told of however many nodes there are, and were', () => {
    const stage = new ClusterStage({ nodes: 2, cluster: { peers: ['n1:7501'], advertise: '' } });
    stage.until(() => stage.isWhole, 5_000);
    for (let at = 0; at < 120; at += 1) enter(stage, { node: `guest-of-a-while-ago-${at}` });
    stage.kill('n2');
    stage.pass(15_000);
    expect(stage.view('n1').members).toHaveLength(121);
    stage.start('n2');
    stage.until(() => stage.isWhole, 5_000);
  });

  test('[HP-PEER-3] nothing is told before the proof', () => {
    const stage = alone();
    const stranger = stage.stranger('n1');
    stage.pass(2_000);
    expect(stranger.heard).toEqual([]);
    stranger.say(line('SERVER_HELLO', hello));
    const text = stranger.heard.join('');
    expect(text).toContain('SERVER_CHALLENGE');
    expect(text).not.toContain('n2');
    stage.pass(10_000);
    expect(read(stranger.heard).map(({ type }) => type)).toEqual(['SERVER_CHALLENGE', 'ERROR']);
    expect(stranger.isClosed()).toBe(true);
  });

  test.each<
    [string, (stage: ClusterStage) => { heard: readonly string[]; isClosed: () => boolean }, string]
  >([
    [
      'a wrong secret',
      (stage) => enter(stage, {}, new TextEncoder().encode('guess')).stranger,
      'PEER_AUTH_FAILED',
    ],
    [
      'a key that nobody knows',
      (stage) => enter(stage, { key: 'k2' }).stranger,
      'PEER_AUTH_FAILED',
    ],
    ['another cluster', (stage) => enter(stage, { cluster: 'other' }).stranger, 'CLUSTER_MISMATCH'],
    [
      'another version',
      (stage) => enter(stage, { versions: ['2.0'] }).stranger,
      'UNSUPPORTED_VERSION',
    ],
    [
      'itself',
      (stage) => enter(stage, { node: 'n1', incarnation: 1_000 }).stranger,
      'SELF_CONNECT',
    ],
    [
      'the proof of the node, sent back',
      (stage) => {
        const stranger = stage.stranger('n1');
        stranger.say(line('SERVER_HELLO', hello));
        const proof = read(stranger.heard)[0]?.payload['proof'];
        stranger.say(line('SERVER_AUTH', { proof }));
        return stranger;
      },
      'PEER_AUTH_FAILED',
    ],
    [
      'a message before the proof',
      (stage) => {
        const stranger = stage.stranger('n1');
        stranger.say(line('MEMBERS', { members: [] }));
        return stranger;
      },
      'INVALID_MESSAGE',
    ],
    [
      'a client',
      (stage) => {
        const stranger = stage.stranger('n1');
        stranger.say(line('LOGIN', { user: 'a' }));
        return stranger;
      },
      'UNKNOWN_TYPE',
    ],
    [
      'a line that is too long',
      (stage) => {
        const stranger = stage.stranger('n1');
        stranger.say('x'.repeat(9_000));
        return stranger;
      },
      'LINE_TOO_LONG',
    ],
  ])('[HP-PEER-5] refuses %s', (_, come, code) => {
    const stage = alone();
    const { heard, isClosed } = come(stage);
    stage.pass(100);
    const words = read(heard);
    expect(words.at(-1)).toMatchObject({ type: 'ERROR', payload: { code, fatal: true } });
    expect(isClosed()).toBe(true);
    expect(heard.join('')).not.toContain('n2');
    expect(stage.isWhole).toBe(true);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-PEER-4] a proof is good for one connection alone', () => {
    const stage = alone();
    const { transcript } = enter(stage);
    const proof = proofOf('initiator', transcript, { id: 'k1', secret: SECRET });
    const second = stage.stranger('n1');
    second.say(line('SERVER_HELLO', hello));
    second.say(line('SERVER_AUTH', { proof }));
    expect(read(second.heard).at(-1)?.payload['code']).toBe('PEER_AUTH_FAILED');
  });

  test('[HP-MEMBER-4] an earlier life than the known one is told so', () => {
    const stage = alone();
    enter(stage, { incarnation: 9 });
    const { stranger } = enter(stage, { incarnation: 8 });
    expect(read(stranger.heard).at(-1)?.payload).toMatchObject({
      code: 'STALE_INCARNATION',
      known: 9,
    });
  });

  test('[HP-PEER-6] a node that calls itself does not call again', () => {
    const stage = new ClusterStage({ nodes: 1, cluster: { peers: ['n1:7501'] } });
    stage.pass(60_000);
    const calls = stage.said.filter(({ text }) => text.includes('SERVER_HELLO'));
    expect(calls).toHaveLength(1);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-PEER-8] a word of a newer node is passed over', () => {
    const stage = alone();
    const { stranger } = enter(stage);
    stranger.say(line('SERVER_READY', { members: [], heartbeat_ms: 1_000 }));
    stranger.say(line('X_NEWER', { a: 1 }));
    expect(stranger.isClosed()).toBe(false);
    expect(stage.counted('n1', 'cluster.messages.unknown')).toBe(1);
  });

  test('[HP-PEER-1] a node that speaks badly loses its link, and nobody else does', () => {
    const stage = alone();
    for (const text of [
      '{"a":\n',
      'x'.repeat(2_000_000),
      line('HEARTBEAT', { hb: -1 }),
      line('SERVER_AUTH', { proof: 'a' }),
    ]) {
      const { stranger } = enter(stage);
      stranger.say(text);
      stage.pass(50);
      expect(stranger.isClosed()).toBe(true);
    }
    expect(stage.seen('n1')).toContain('n2:up');
    expect(stage.failures).toEqual([]);
  });
});
