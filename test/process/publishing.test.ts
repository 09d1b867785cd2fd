// What publishers and operators reach on a node of several shards, with real threads and sockets.

import { afterEach, expect, test } from 'vitest';
import { Push, Request, Subscriber, XPublisher } from 'zeromq';
import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { decodeTnetstring, encodeTnetstring } from '../../src/actors/codecs/grip/tnetstring.ts';
import { gatewayDefaults } from '../../src/actors/gateway/gateway-options.ts';
import { homeDefaults } from '../../src/actors/node.ts';
import { controlDefaults } from '../../src/transports/control.edge.ts';
import {
  Operations,
  type OperationsOptions,
  urisOf,
  wishesOf,
} from '../../src/transports/operator/operations.ts';
import { send } from '../../src/transports/publishing/sending.ts';
import { statsDefaults } from '../../src/transports/operator/statistics.ts';
import { Metrics } from '../../src/transports/process/metrics.ts';
import { startShards } from '../../src/transports/shards.ts';
import type { Shards } from '../../src/transports/shards-contract.ts';
import { zmqDefaults } from '../../src/transports/zmq/zmq-doors.ts';
import { launch } from '../support/node-process.ts';

const anyPort = 'tcp://127.0.0.1:0';
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Node {
  readonly shards: Shards;
  readonly operations: Operations;
  readonly doors: Readonly<Record<string, string>>;
  readonly logged: string[];
}

async function start(changed: Partial<OperationsOptions> = {}): Promise<Node> {
  const options: OperationsOptions = {
    zmq: { ...zmqDefaults, pullSpec: anyPort, subSpecs: [anyPort], commandSpec: anyPort },
    stats: { ...statsDefaults, spec: anyPort, format: 'json', reportIntervalSeconds: 1 },
    prometheus: { host: '127.0.0.1', port: 0, prefix: 'pp_' },
    ...changed,
  };
  let shards: Shards | undefined = undefined as Shards | undefined;
  const logged: string[] = [];
  const attention = new Int32Array(new SharedArrayBuffer(4));
  const operations = new Operations(options, attention, {
    takeItems: async (items) => shards?.takeItems(items),
    obeyCommand: async (frame) => shards?.obeyCommand(frame),
  });
  const started = await startShards(
    {
      threads: 2,
      seed: 1,
      doors: {},
      broker: brokerDefaults,
      home: homeDefaults,
      auth: undefined,
      gateway: {
        options: gatewayDefaults,
        routes: '',
        zmqUris: urisOf(options.zmq),
        directory: '',
      },
      operations: {
        control: { ...controlDefaults, port: 0 },
        notices: wishesOf(options, attention),
      },
    },
    {
      log: ({ event }) => logged.push(event),
      failed: (reason) => logged.push(reason),
      noticed: (shard, notices) => operations.noticed(shard, notices),
      died: (shard) => operations.shardDied(shard),
    },
  );
  if (!started.ok) throw new Error(started.message);
  ({ shards } = started);
  closing.push(() => started.shards.stop());
  closing.push(() => operations.close());
  const opening = await operations.open();
  if (!opening.ok) throw new Error(`${opening.door} at ${opening.where}: ${opening.message}`);
  return { shards, operations, doors: { ...started.shards.doors, ...opening.doors }, logged };
}

function keep<S extends { close(): void }>(socket: S): S {
  closing.push(() => socket.close());
  return socket;
}

const itemOf = (channel: string): object => ({
  channel,
  formats: { 'http-stream': { content: 'x' } },
});

async function publish({ doors }: Node, ...channels: string[]): Promise<string> {
  const response = await fetch(`http://${doors['control']}/publish/`, {
    method: 'POST',
    body: JSON.stringify({ items: channels.map(itemOf) }),
  });
  return response.text();
}

/** Items that reached the keepers of channels, over all shards. */
async function reached({ shards }: Node): Promise<number> {
  const stats = await shards.stats();
  return stats.reduce((sum, { counters }) => sum + (counters['gateway.items'] ?? 0), 0);
}

test('items reach the keepers of their channels by every door', async () => {
  const node = await start();
  expect(await publish(node, 'news', 'weather', 'rooms/12')).toBe('Published\n');
  const push = keep(new Push({ linger: 0 }));
  push.connect(node.doors['zmq-pull'] ?? '');
  for (let i = 0; i < 1_000; i += 1) await push.send(`J${JSON.stringify(itemOf(`c${i}`))}`);
  const request = keep(new Request({ linger: 0 }));
  request.connect(node.doors['zmq-command'] ?? '');
  const args = { items: [itemOf('a'), itemOf('b')] };
  await request.send(encodeTnetstring({ id: 'i', method: 'publish', args }));
  const [reply] = await request.receive();
  expect(decodeTnetstring(reply ?? new Uint8Array(0))).toMatchObject({ value: { success: true } });
  await expect.poll(() => reached(node), { timeout: 10_000 }).toBe(1_005);

  const scraped = await new Metrics('1').scrape(node.shards, node.operations);
  expect(scraped).toContain('hermod_zmq_pull_received_total 1000');
  expect(scraped).toContain('hermod_gateway_channels_followed 0');
  expect(scraped).toMatch(/hermod_control_items_published_total\{shard="0"\} 1005/);
  const prometheus = () => fetch(`http://${node.doors['prometheus']}/any/path`);
  expect((await prometheus()).headers.get('content-type')).toBe('text/plain');
  // What shards tell of items is on its way behind what keepers count.
  const text = async () => (await prometheus()).text();
  await expect.poll(text, { timeout: 10_000 }).toContain('\npp_message_received 1005\n');
});

test('addresses of IPv6 are bound and connected to', async () => {
  const pub = keep(new XPublisher({ ipv6: true, linger: 0 }));
  await pub.bind('tcp://[::1]:*');
  const zmq = { ...zmqDefaults, pullSpec: 'tcp://[::1]:0', commandSpec: 'tcp://[::1]:*' };
  const subSpecs = [pub.lastEndpoint ?? ''];
  const node = await start({
    zmq: { ...zmq, subSpecs, isSubConnecting: true },
    stats: { ...statsDefaults, spec: 'tcp://[::1]:0' },
  });
  const spec = node.doors['zmq-pull'] ?? '';
  expect(spec).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
  expect(await send({ ...itemOf('news') }, spec, undefined)).toBeUndefined();
  await expect.poll(() => reached(node), { timeout: 10_000 }).toBe(1);
  node.operations.follow(['weather']);
  await pub.receive();
  await pub.send(['weather', encodeTnetstring(itemOf('weather'))]);
  await expect.poll(() => reached(node), { timeout: 10_000 }).toBe(2);
});

test('a connection is looked for on every shard', async () => {
  const node = await start();
  const request = keep(new Request({ linger: 0 }));
  request.connect(node.doors['zmq-command'] ?? '');
  await request.send(encodeTnetstring({ method: 'conncheck', args: { ids: ['a'] } }));
  const [checked] = await request.receive();
  expect(Buffer.from(checked ?? '').toString()).toBe('28:7:success,4:true!5:value,0:]}');
  await request.send(encodeTnetstring({ method: 'refresh', args: { cid: 'a' } }));
  const [refreshed] = await request.receive();
  expect(Buffer.from(refreshed ?? '').toString()).toContain('item-not-found');
});

test('what was published is told on the statistics socket', async () => {
  const node = await start();
  const subscriber = keep(new Subscriber({ linger: 0 }));
  subscriber.connect(node.doors['stats'] ?? '');
  subscriber.subscribe('report ');
  // A report a second: the first may be from before.
  const received = async (): Promise<number> => {
    const [frame] = await subscriber.receive();
    const text = frame?.toString() ?? '';
    expect(text.slice(0, 8)).toBe('report J');
    return (JSON.parse(text.slice(8)) as { received: number }).received;
  };
  await received();
  await publish(node, 'news', 'weather');
  let sum = 0;
  while (sum < 2) sum += await received();
  expect(sum).toBe(2);
});

test('when shard 0 dies, publishers are heard again by the one that takes its place', async () => {
  const node = await start();
  const push = keep(new Push({ linger: 0 }));
  push.connect(node.doors['zmq-pull'] ?? '');
  node.shards.crash(0);
  await expect.poll(() => node.logged.includes('shard.replaced'), { timeout: 10_000 }).toBe(true);
  expect(await publish(node, 'news')).toBe('Published\n');
  await push.send(`J${JSON.stringify(itemOf('weather'))}`);
  await expect.poll(() => reached(node)).toBe(2);
});

test('a door that is taken keeps none of the others open', async () => {
  const { doors } = await start();
  const stats = { ...statsDefaults, spec: doors['stats'] };
  await expect(start({ stats })).rejects.toThrow(`stats at ${doors['stats']}: `);
  const [host = '', port] = doors['prometheus']?.split(':') ?? [];
  const prometheus = { host, port: Number(port), prefix: '' };
  await expect(start({ prometheus })).rejects.toThrow(`prometheus at ${doors['prometheus']}: `);
});

test('a node says which of its ZeroMQ doors it cannot open, and what to set', async () => {
  const { doors } = await start();
  const pull = doors['zmq-pull'] ?? '';
  const launched = launch(['--port', '0', '--admin-port', '0', '--route', '* 127.0.0.1:9'], {
    HERMOD_GATEWAY_PORT: '0',
    HERMOD_GATEWAY_CONTROL_PORT: '0',
    HERMOD_GATEWAY_ZMQ_PULL: pull,
    HERMOD_GATEWAY_ZMQ_SUB: 'off',
    HERMOD_GATEWAY_ZMQ_COMMAND: 'off',
  });
  expect(await launched.exited).toBe(1);
  expect(launched.errors()).toBe(
    `hermod: The zmq-pull door cannot open at ${pull}: the port is in use already (EADDRINUSE). ` +
      'Set gateway.zmq.pull to another address, or stop what is there.\n',
  );
});
