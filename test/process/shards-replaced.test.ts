// A shard that takes a dead one's place knows what has changed since the node started, from its first connection on.

import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { gatewayDefaults } from '../../src/actors/gateway/gateway-options.ts';
import { homeDefaults } from '../../src/actors/node.ts';
import { startShards } from '../../src/transports/shards.ts';
import type { DoorSettings, Shards } from '../../src/transports/shards-contract.ts';
import { selfSigned } from '../support/certificates.ts';

let running: Shards | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const DOOR = { host: '127.0.0.1', port: 0, tls: undefined, deflate: false };
/** They open one after the other, and the first one is knocked at while the last ones are still to come. */
const OTHERS = Array.from({ length: 60 }, (_, at) => [`other-${at}`, DOOR] as const);

async function start(first: DoorSettings): Promise<Shards> {
  const noUris = { command: undefined, publishPull: undefined, publishSub: undefined };
  const started = await startShards(
    {
      ...{ threads: 1, seed: 1, broker: brokerDefaults, home: homeDefaults, auth: undefined },
      doors: { first, ...Object.fromEntries(OTHERS) },
      gateway: { options: gatewayDefaults, routes: '', directory: '', zmqUris: noUris },
    },
    { log: () => {}, failed: () => {} },
  );
  if (!started.ok) throw new Error(started.message);
  running = started.shards;
  return started.shards;
}

/** What the first door says as soon as it says anything. */
async function firstFrom<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      // It is not open yet.
    }
  }
}

/** Why nobody can connect there; undefined where one can. */
function codeAt(address: string): Promise<string | undefined> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port: Number(port) }, () => {
      resolve(undefined);
      socket.destroy();
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
}

function certificateAt(address: string): Promise<string> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.toString() ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('[PROC-DRAIN-1] [SHARD-2] it opens no door when the node has begun to leave', async () => {
  const shards = await start(DOOR);
  shards.crash(0);
  await expect.poll(() => shards.restarts, { interval: 1 }).toBe(1);
  await shards.drain(0);
  // Whatever it was still told to do is done.
  for (let asked = 0; asked < 2 * OTHERS.length; asked += 1) await shards.stats();
  const codes = await Promise.all(Object.values(shards.doors).map((at) => codeAt(at)));
  expect(codes.filter((code) => code !== 'ECONNREFUSED')).toEqual([]);
});

test('[PROC-TLS-2] [SHARD-2] it shows the certificate of today', async () => {
  const [old, fresh] = [selfSigned(), selfSigned()];
  const shards = await start({ ...DOOR, tls: old });
  const { first = '' } = shards.doors;
  shards.reloadTls('first', fresh);
  await expect.poll(() => certificateAt(first)).toBe(fresh.cert);
  shards.crash(0);
  await expect.poll(() => shards.restarts, { interval: 1 }).toBe(1);
  expect(await firstFrom(() => certificateAt(first))).toBe(fresh.cert);
});

test('[PROC-GATE-3] [SHARD-2] it goes by the routes of today', async () => {
  const shards = await start({ ...DOOR, dialect: 'gateway' });
  const answerOf = async (): Promise<number> =>
    (await fetch(`http://${shards.doors['first']}/`)).status;
  expect(await answerOf()).not.toBe(200);
  shards.changeRoutes('* test');
  await expect.poll(answerOf).toBe(200);
  shards.crash(0);
  await expect.poll(() => shards.restarts, { interval: 1 }).toBe(1);
  expect(await firstFrom(answerOf)).toBe(200);
});
