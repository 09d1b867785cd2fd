// Nodes of different versions: what both can do is agreed on, and nobody is told a word that it does not know.

import { describe, expect, test } from 'vitest';

import { capsOf, capsAt, understands, type Speech } from '../../../src/actors/cluster/versions.ts';
import { ClusterStage, SECRET } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';
import {
  answerTo,
  greeting,
  type Greeting,
  peerLine,
  readPeerLines,
} from '../../support/peer-words.ts';

/** A node of its own that has come in, and what it hears. */
function enter(stage: ClusterStage, said: Partial<Greeting> = {}) {
  const stranger = stage.stranger('n1');
  const all = { ...greeting, ...said };
  stranger.say(peerLine('SERVER_HELLO', all));
  const [challenge] = readPeerLines(stranger.heard);
  if (challenge === undefined) throw new Error('there was no challenge');
  if (challenge.type === 'SERVER_CHALLENGE') {
    stranger.say(answerTo(challenge, all, SECRET));
    stranger.say(peerLine('SERVER_READY', { members: [], heartbeat_ms: 1_000 }));
  }
  const heard = () => readPeerLines(stranger.heard);
  const types = () => [...new Set(heard().map(({ type }) => type))];
  return { stranger, challenge, heard, types };
}

function alone(): ClusterStage {
  return new ClusterStage({ nodes: 1, chat: {}, cluster: { peers: [] } });
}

describe('versions', () => {
  test.each([
    [['1.0'], '1.0'],
    [['1.1'], '1.1'],
    [['1.0', '1.1'], '1.1'],
    [['1.2', '1.1', '1.0'], '1.1'],
    [['2.0', '1.0'], '1.0'],
  ])('[HP-PEER-9] of %j the highest is spoken that both know', (versions, version) => {
    const { challenge, types } = enter(alone(), { versions });
    expect(challenge.payload['version']).toBe(version);
    expect(types()).toContain('SERVER_WELCOME');
  });

  test.each([[['1.2']], [['2.0']], [[]]])('[HP-PEER-9] with %j there is none', (versions) => {
    const { challenge } = enter(alone(), { versions });
    expect(challenge).toMatchObject({ type: 'ERROR', payload: { code: 'UNSUPPORTED_VERSION' } });
  });
});

describe('what a node can do', () => {
  test.each([
    [[], ['presence', 'interest', 'forward']],
    [['synced'], ['presence', 'interest', 'forward', 'synced']],
    [['presence'], ['presence']],
    [
      ['presence', 'x-new', 'synced'],
      ['presence', 'synced'],
    ],
    [
      ['forward', 'interest', 'presence', 'synced'],
      ['presence', 'interest', 'forward', 'synced'],
    ],
  ])('[HP-PEER-10] %j is %j', (said, caps) => {
    expect(capsOf(said, capsAt({ speech: 'latest', detours: true }))).toEqual(caps);
  });

  test('[HP-PEER-10] a word belongs to what it is for', () => {
    expect(understands([], 'HEARTBEAT')).toBe(true);
    expect(understands(['presence'], 'PRESENCE_SYNC')).toBe(true);
    expect(understands(['presence'], 'FORWARD')).toBe(false);
  });

  test.each([
    [['presence'], false],
    [['presence', 'columns'], true],
  ])('[HP-REPL-10] [HP-PEER-10] with %j sessions come in columns: %j', (caps, hasColumns) => {
    const stage = alone();
    const { stranger, heard } = enter(stage, { caps });
    HpClient.in(stage.at('n1'), 'alice');
    stage.pass(1_000);
    const { node, incarnation } = heard()[0]?.payload ?? {};
    stranger.say(peerLine('PRESENCE_SYNC_REQUEST', { node, incarnation, have: 0 }));
    stage.pass(1_000);
    const told = heard()
      .filter(({ type }) => type === 'PRESENCE_SYNC')
      .at(-1);
    const alice = { user: 'alice', status: 'online', lamport: 1 };
    const columns = { user: ['alice'], status: ['online'], lamport: [1] };
    expect(told?.payload['sessions']).toMatchObject(hasColumns ? columns : [alice]);
  });

  test('[HP-PEER-10] a node without presence, interest and forwarding is told nothing of them', () => {
    const stage = alone();
    const { types, heard } = enter(stage, { caps: ['presence'] });
    const client = HpClient.in(stage.at('n1'), 'alice');
    client.ask('JOIN', { room: 'general' });
    client.ask('ROOM_MESSAGE', { room: 'general', body: 'a' });
    stage.pass(3_000);
    // The home is where things can be forwarded to.
    expect(client.told()).toEqual(['JOIN_OK 0', 'ACK accepted 1']);
    expect(types()).toContain('PRESENCE_SYNC_REQUEST');
    expect(types()).toContain('PRESENCE_DELTA');
    expect(types()).not.toContain('INTEREST');
    expect(types().filter((type) => type.startsWith('FORWARD'))).toEqual([]);
    expect(heard().filter(({ payload }) => 'have' in payload && 'hb' in payload)).toEqual([]);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-PEER-10] one without presence is neither asked nor told who is where', () => {
    const stage = alone();
    const { types } = enter(stage, { caps: ['forward', 'interest'] });
    HpClient.in(stage.at('n1'), 'alice');
    stage.pass(3_000);
    expect(types().filter((type) => type.startsWith('PRESENCE'))).toEqual([]);
    expect(types()).toContain('INTEREST');
    expect(types()).toContain('FORWARD_ACK');
  });

  test('[HP-PEER-11] what is new is everybody’s when the last node has it', () => {
    const stage = new ClusterStage({ nodes: 2 });
    stage.until(() => stage.isWhole, 5_000);
    const all = ['presence', 'interest', 'forward', 'synced', 'columns', 'detour'];
    expect(stage.view('n1').caps).toEqual(all);
    const { stranger } = enter(stage);
    expect(stage.view('n1').caps).toEqual(['presence', 'interest', 'forward']);
    expect(stage.view('n1').members.map(({ version }) => version)).toEqual(['1.1', '1.0']);
    stranger.say(peerLine('LEAVE', { reason: 'upgrade', linger_ms: 0 }));
    expect(stage.view('n1').caps).toEqual(all);
  });

  test('[HP-PEER-14] nodes that are held at a version speak it, until they start without', () => {
    const first = ['presence', 'interest', 'forward'];
    const speeches: Record<string, Speech> = { n1: 'previous', n2: 'previous' };
    const stage = new ClusterStage({ nodes: 2, chat: {}, speeches });
    const seen = () => ['n1', 'n2'].map((name) => stage.view(name));
    stage.until(() => stage.isWhole, 5_000);
    expect(seen().map(({ caps }) => caps)).toEqual([first, first]);
    expect(seen().map(({ members }) => members[0]?.version)).toEqual(['1.0', '1.0']);
    for (const name of ['n1', 'n2']) {
      delete speeches[name];
      stage.kill(name);
      stage.start(name);
      stage.until(() => stage.isWhole, 20_000);
      const version = name === 'n1' ? '1.0' : '1.1';
      expect(seen().map(({ members }) => members[0]?.version)).toEqual([version, version]);
      expect(seen()[1]?.caps).toEqual(
        name === 'n1' ? first : [...first, 'synced', 'columns', 'detour'],
      );
    }
  });

  test('[HP-PEER-14] one that is held at a version has no words for those that speak only later ones', () => {
    const stage = new ClusterStage({ nodes: 1, chat: {}, speeches: { n1: 'previous' } });
    const { challenge } = enter(stage, { versions: ['1.1'] });
    expect(challenge).toMatchObject({
      type: 'ERROR',
      payload: { code: 'UNSUPPORTED_VERSION', message: 'This node speaks 1.0.' },
    });
  });

  test('[HP-BEAT-4] whoever can is told what is here of its log, and tells', () => {
    const stage = new ClusterStage({ nodes: 2, chat: {} });
    stage.until(() => stage.isWhole, 5_000);
    HpClient.in(stage.at('n1'), 'alice');
    stage.pass(3_000);
    expect(stage.view('n1').members[0]?.isSynced).toBe(true);
    stage.cut('n1', 'n2', 'there');
    HpClient.in(stage.at('n1'), 'bob');
    stage.pass(2_000);
    expect(stage.view('n1').members[0]?.isSynced).toBe(false);
    const { stranger, heard } = enter(stage, { versions: ['1.1'], caps: ['synced'] });
    const owned = { node: 'x9', incarnation: 7 };
    stranger.say(peerLine('SYNC_DONE', { ...owned, ver: 0 }));
    stage.pass(1_500);
    const beats = heard().filter(({ type }) => type === 'HEARTBEAT');
    expect(beats.at(-1)?.payload['have']).toEqual({ incarnation: 7, ver: 0 });
    expect(stage.view('n1').members.at(-1)).toMatchObject({ node: 'x9', isSynced: false });
  });
});
