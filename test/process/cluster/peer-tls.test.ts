// Links with TLS between real processes: proofs are bound to the connection, whoever stands between two nodes is found
// out, a certificate speaks for the node that it names, and new files come into force without a restart.

import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { selfSigned, type TestPair } from '../../support/certificates.ts';
import { PeerSocket } from '../../support/peer-socket.ts';
import { until } from '../../support/until.ts';
import { greeting, peerLine } from '../../support/peer-words.ts';
import { CLUSTER_SECRET, ClusterProcesses } from '../../support/cluster-processes.ts';

vi.setConfig({ testTimeout: 60_000 });

let cluster: ClusterProcesses;
const servers: Server[] = [];

afterEach(() => {
  cluster.close();
  for (const server of servers.splice(0)) server.close();
});

function write(name: string, { cert, key }: TestPair): Record<string, string> {
  const [certFile, keyFile] = [
    join(cluster.folder, `${name}.crt`),
    join(cluster.folder, `${name}.key`),
  ];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  return { HERMOD_CLUSTER_TLS_CERT_FILE: certFile, HERMOD_CLUSTER_TLS_KEY_FILE: keyFile };
}

describe('links with TLS', () => {
  test('[PROC-TLS-3] [HP-PEER-13] a proof is good on its own connection alone, and not without TLS', async () => {
    cluster = await ClusterProcesses.open(['n1', 'n2']);
    await cluster.start('n1', write('n1', selfSigned('n1')));
    await cluster.start('n2', write('n2', selfSigned('n2')));
    await cluster.whole(['n1', 'n2']);
    const good = new PeerSocket(cluster.peers('n1'), {});
    expect((await good.enter(CLUSTER_SECRET)).type).toBe('SERVER_WELCOME');
    const unbound = new PeerSocket(cluster.peers('n1'), {});
    expect(await unbound.enter(CLUSTER_SECRET, {}, 'none')).toMatchObject({
      ...{ type: 'ERROR', payload: { code: 'PEER_AUTH_FAILED' } },
    });
    const old = new PeerSocket(cluster.peers('n1'), { maxVersion: 'TLSv1.2' });
    await old.closed();
    const plain = new PeerSocket(cluster.peers('n1'));
    plain.socket.write(peerLine('SERVER_HELLO', greeting));
    await plain.closed();
    expect([old.lines, plain.lines]).toEqual([[], []]);
    for (const { socket } of [good, unbound]) socket.destroy();
  });

  test('[HP-PEER-13] whoever stands between two nodes is found out by his certificate not being theirs', async () => {
    cluster = await ClusterProcesses.open(['n1', 'n2']);
    await cluster.start('n1', { ...write('n1', selfSigned('n1')), HERMOD_CLUSTER_PEERS: '' });
    const overheard: string[] = [];
    const [host = '', port] = cluster.peers('n1').split(':');
    const between = createServer(selfSigned('n1'), (near) => {
      const far = connect({ host, port: Number(port), rejectUnauthorized: false });
      for (const socket of [near, far]) {
        socket.on('error', () => {});
        socket.on('data', (chunk) => overheard.push(String(chunk)));
      }
      near.pipe(far);
      far.pipe(near);
    });
    servers.push(between);
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const place = `127.0.0.1:${(between.address() as AddressInfo).port}`;
    await cluster.start('n2', { ...write('n2', selfSigned('n2')), HERMOD_CLUSTER_PEERS: place });
    const isFound = (): boolean => cluster.logged('n2', 'cluster.refused').length > 0;
    await until(isFound, 10_000, 'the suspicion');
    expect(cluster.logged('n2', 'cluster.refused')[0]).toMatchObject({
      ...{ called: place, code: 'PEER_AUTH_FAILED' },
    });
    expect(overheard.join('')).toContain('SERVER_CHALLENGE');
    expect(overheard.join('')).not.toContain('SERVER_AUTH"');
    expect(await cluster.states('n2')).toBe('');
  });

  test('[PROC-TLS-3] [HP-PEER-13] where certificates are asked for, each speaks for the node that it names', async () => {
    cluster = await ClusterProcesses.open(['n1', 'n2']);
    const pairs = new Map(
      ['n1', 'n2', 'x9', 'unknown'].map((name) => [name, selfSigned(name, { names: [name] })]),
    );
    const pairOf = (name: string): TestPair => pairs.get(name) ?? { cert: '', key: '' };
    const caFile = join(cluster.folder, 'ca.pem');
    writeFileSync(caFile, ['n1', 'n2', 'x9'].map((name) => pairOf(name).cert).join(''));
    for (const name of ['n1', 'n2']) {
      const env = { ...write(name, pairOf(name)), HERMOD_CLUSTER_TLS_CA_FILE: caFile };
      await cluster.start(name, env);
    }
    await cluster.whole(['n1', 'n2']);
    const come = async (name: string | undefined, node: string) => {
      const peer = new PeerSocket(
        cluster.peers('n1'),
        name === undefined ? {} : { ...pairOf(name) },
      );
      const entered = peer.enter(CLUSTER_SECRET, { node }).catch(() => ({ type: 'nothing' }));
      const { type } = await Promise.race([
        entered,
        peer.closed().then(() => ({ type: 'closed' })),
      ]);
      peer.socket.destroy();
      return type;
    };
    expect(await come('x9', 'x9')).toBe('SERVER_WELCOME');
    expect(await come('x9', 'x8')).toBe('ERROR');
    expect(await come(undefined, 'x9')).toBe('closed');
    expect(await come('unknown', 'unknown')).toBe('closed');
    const isTold = (): boolean =>
      cluster.logged('n1', 'tls.refused').length >= 2 &&
      cluster.logged('n1', 'cluster.refused').some(({ code }) => code === 'PEER_AUTH_FAILED');
    await until(isTold, 10_000, 'what operators read of it');
    // Whom one believes may change while one runs.
    writeFileSync(caFile, [...pairs.values()].map(({ cert }) => cert).join(''));
    const isRead = (): boolean => cluster.logged('n1', 'tls.reloaded').length > 0;
    await until(isRead, 10_000, 'the new files');
    expect(await come('unknown', 'unknown')).toBe('SERVER_WELCOME');
  });

  test('[PROC-TLS-2] [PROC-TLS-3] a new certificate is shown to those who call and who are called', async () => {
    cluster = await ClusterProcesses.open(['n1', 'n2']);
    const env = write('n1', selfSigned('before'));
    await cluster.start('n1', env);
    const shown = async (): Promise<string> => {
      const peer = new PeerSocket(cluster.peers('n1'), {});
      await until(() => peer.channel !== undefined, 5_000, 'the connection').catch(() => {});
      const socket = connect({ ...placeOf(cluster.peers('n1')), rejectUnauthorized: false });
      await new Promise<void>((resolve) => socket.once('secureConnect', () => resolve()));
      const name = socket.getPeerCertificate().subject.CN;
      socket.destroy();
      peer.socket.destroy();
      return String(name);
    };
    expect(await shown()).toBe('before');
    write('n1', selfSigned('after'));
    const isRead = (): boolean => cluster.logged('n1', 'tls.reloaded').length > 0;
    await until(isRead, 10_000, 'the new files');
    expect(await shown()).toBe('after');
    writeFileSync(env['HERMOD_CLUSTER_TLS_KEY_FILE'] ?? '', 'nonsense');
    const isBroken = (): boolean => cluster.logged('n1', 'tls.broken').length > 0;
    await until(isBroken, 10_000, 'the complaint');
    expect(await shown()).toBe('after');
    await cluster.start('n2', write('n2', selfSigned('n2')));
    await cluster.whole(['n1', 'n2']);
    expect(readFileSync(join(cluster.folder, 'secret'), 'utf8')).toContain(CLUSTER_SECRET);
  });
});

function placeOf(address: string): { host: string; port: number } {
  const [host = '', port] = address.split(':');
  return { host, port: Number(port) };
}
