// What shards send each other, over real ports on one thread: the ledger that tells who is behind, also when a shard has
// died and another one has its place.

import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { Crossings, ledgerBytes } from '../../../src/transports/crossings.ts';

const ports: MessagePort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function shardOn(ledger: SharedArrayBuffer, shard: number) {
  const heard: unknown[] = [];
  const crossings = new Crossings({
    ...{ shard, shards: 2, ledger },
    deliver: (_, message) => heard.push(message),
    ...{ schedule: () => {}, runNow: () => {} },
  });
  return { crossings, heard };
}

/** Both ends, the second of which reads nothing by itself. */
function channel(): { readonly one: MessagePort; readonly other: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  return { one: port1, other: port2 };
}

/** Posts blocks until the shard is under pressure. */
function blocksUntilPressed({ crossings }: ReturnType<typeof shardOn>, to: number): number {
  for (let blocks = 1; blocks <= BLOCKS_MAX; blocks += 1) {
    crossings.send(to, `${to}/home`, 'x'.repeat(100_000));
    crossings.flush();
    if (crossings.updatePressure()) return blocks;
  }
  return Number.POSITIVE_INFINITY;
}

const BLOCKS_MAX = 20;

test('[SHARD-4] who reads nothing is behind after 512 KiB', () => {
  const one = shardOn(new SharedArrayBuffer(ledgerBytes(2)), 0);
  one.crossings.connect(1, channel().one);
  expect(blocksUntilPressed(one, 1)).toBe(6);
  expect(one.crossings.isNodePressed).toBe(true);
});

test('[SHARD-4] what a dead shard had sent is not counted for the one that has its place', async () => {
  const ledger = new SharedArrayBuffer(ledgerBytes(2));
  const one = shardOn(ledger, 0);
  const dead = shardOn(ledger, 1);
  const before = channel();
  one.crossings.connect(1, before.one);
  dead.crossings.connect(0, before.other);
  for (let block = 0; block < 5; block += 1) dead.crossings.send(0, '0/home', 'x'.repeat(100_000));
  dead.crossings.flush();

  // It dies, and the fresh one begins before the other shard has come to what lies there.
  const fresh = shardOn(ledger, 1);
  const after = channel();
  fresh.crossings.connect(0, after.other);
  await expect.poll(() => one.heard.length).toBe(5);
  one.crossings.disconnect(1);
  one.crossings.connect(1, after.one);
  // Nothing is read any more.
  after.one.removeAllListeners('message');
  while (receiveMessageOnPort(after.one) !== undefined);
  expect(blocksUntilPressed(fresh, 0)).toBe(6);
});
