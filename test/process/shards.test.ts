// Several shards in one process, with real sockets: one order for all, and a shard that dies alone.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { homeDefaults } from '../../src/actors/node.ts';
import { homeOf } from '../../src/actors/routing/topic.ts';
import { startShards } from '../../src/transports/shards.ts';
import type { Shards } from '../../src/transports/shards-contract.ts';
import { freePort } from '../support/free-port.ts';
import { WsClient } from '../support/ws-client.ts';

const THREADS = 3;
const CLIENTS = 24;
let running: Shards | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const DOOR = { host: '127.0.0.1', port: 0, tls: undefined, deflate: false };

async function start(logged: string[] = [], doors = { broker: DOOR }): Promise<Shards> {
  const started = await startShards(
    {
      threads: THREADS,
      seed: 1,
      doors,
      broker: brokerDefaults,
      home: homeDefaults,
      auth: undefined,
    },
    { log: ({ event }) => logged.push(event), failed: (reason) => logged.push(reason) },
  );
  if (!started.ok) throw new Error(started.message);
  running = started.shards;
  return started.shards;
}

test('[SHARD-1] subscribers on all shards see one order, whoever publishes', async () => {
  const shards = await start();
  const clients = await crowd(shards);
  for (const client of clients) await client.subscribe('one');
  const used = (await shards.stats()).filter(({ gauges }) => (gauges['connections'] ?? 0) > 0);
  expect(used.length).toBe(THREADS);
  for (let i = 0; i < 50; i += 1)
    for (const [index, client] of clients.entries())
      client.send({ topic: 'one', data: `${index}:${i}` });
  const orders = await Promise.all(clients.map((client) => take(client, 50 * CLIENTS)));
  for (const order of orders) expect(order).toEqual(orders[0]);
  await Promise.all(clients.map((client) => client.close()));
});

test('[SHARD-2] [SHARD-3] a shard that dies takes its own clients only, and is replaced', async () => {
  const logged: string[] = [];
  const shards = await start(logged);
  const clients = await crowd(shards);
  const topics = Array.from({ length: THREADS }, (_, shard) => topicAt(shard));
  for (const client of clients) {
    for (const topic of topics) await client.subscribe(topic, { envelope: true });
  }
  shards.crash(1);
  const closings = await Promise.race([
    Promise.all(
      clients.map((client) => Promise.race([client.closed, gapOf(client, topics[1] ?? '')])),
    ),
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('neither closed nor told')), 10_000).unref();
    }),
  ]);
  const closed = closings.filter((what) => 'code' in what);
  const told = closings.filter((what) => 'reason' in what && !('code' in what));
  expect(closed.length).toBeGreaterThan(0);
  expect(told.length).toBe(CLIENTS - closed.length);
  for (const what of closed) expect(what).toEqual({ code: 1012, reason: 'service restart' });
  for (const what of told) expect(what).toMatchObject({ type: 'gap', reason: 'restarted' });

  const survivors = clients.filter(
    (_, index) => closings[index] !== undefined && !('code' in (closings[index] ?? {})),
  );
  await expect.poll(() => logged.includes('shard.replaced'), { timeout: 10_000 }).toBe(true);
  const fresh = await crowd(shards);
  for (const client of fresh) await client.subscribe(topics[1] ?? '', { envelope: true });
  fresh[0]?.send({ topic: topics[1], data: 'after' });
  for (const client of [...survivors, ...fresh]) {
    expect(await client.nextJson()).toMatchObject({
      type: 'message',
      topic: topics[1],
      data: 'after',
      offset: 1,
    });
  }
  await Promise.all([...survivors, ...fresh].map((client) => client.close()));
});

test('[PROC-PORT-2] two doors cannot have one port, although shards share theirs', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const started = await startShards(
    {
      ...{ threads: 2, seed: 1, broker: brokerDefaults, home: homeDefaults, auth: undefined },
      doors: { broker: { ...DOOR, port }, second: { ...DOOR, port } },
    },
    { log: () => {}, failed: () => {} },
  );
  if (started.ok) running = started.shards;
  expect(started).toMatchObject({ ok: false, door: 'second', code: 'EADDRINUSE' });
});

test('a client that calls while the ports are probed, and waits for an answer, keeps no door shut', async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => freePort()));
  const held: Socket[] = [];
  let isOver = false;
  const call = (): void => {
    if (isOver || first === undefined) return;
    const socket = connect(first, '127.0.0.1', () => held.push(socket));
    // Nobody listens there yet, or not any more.
    socket.on('error', () => {});
    socket.once('close', () => setImmediate(call));
  };
  call();
  // A name is looked up while the doors before it are probed.
  const named = others.map((port) => [`at-${port}`, { ...DOOR, host: 'localhost', port }] as const);
  const broker = { ...DOOR, port: first ?? 0 };
  const shards = await start([], { broker, ...Object.fromEntries(named) });
  expect(Object.keys(shards.doors).length).toBe(8);
  isOver = true;
  for (const socket of held) socket.destroy();
});

test('[SHARD-2] one that dies again before all its doors are open is replaced again, and the node goes on', async () => {
  const logged: string[] = [];
  const shards = await start(logged, { broker: DOOR, ...{ second: DOOR, third: DOOR } });
  const isLogged = (event: string, times: number): boolean =>
    logged.filter((one) => one === event).length === times;
  shards.crash(1);
  await expect.poll(() => isLogged('shard.died', 1), { interval: 1, timeout: 10_000 }).toBe(true);
  // It has been started meanwhile, and told to open its first door.
  shards.crash(1);
  await expect.poll(() => isLogged('shard.died', 2), { timeout: 10_000 }).toBe(true);
  await expect.poll(() => logged.includes('shard.replaced'), { timeout: 10_000 }).toBe(true);
  expect(new Set(logged)).toEqual(new Set(['shard.collapsing', 'shard.died', 'shard.replaced']));
  const [client] = await crowd(shards);
  await client?.subscribe(topicAt(1));
});

async function crowd(shards: Shards): Promise<WsClient[]> {
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => WsClient.open(`ws://${shards.doors['broker']}`)),
  );
  for (const client of clients) await client.next();
  return clients;
}

async function take(client: WsClient, count: number): Promise<string[]> {
  const frames: string[] = [];
  while (frames.length < count) frames.push(await client.next());
  return frames;
}

async function gapOf(client: WsClient, topic: string): Promise<{ type: string; reason: string }> {
  try {
    const frame = (await client.nextJson()) as { type: string; topic: string; reason: string };
    expect(frame.topic).toBe(topic);
    return frame;
  } catch {
    // The connection closed instead: the race's other runner tells.
    return new Promise(() => {});
  }
}

/** A topic whose home is the given shard. */
function topicAt(shard: number): string {
  for (let i = 0; ; i += 1) if (homeOf(`broker/at-${i}`, THREADS) === shard) return `at-${i}`;
}
