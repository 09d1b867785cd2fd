// Readers that do not read, on real sockets: the others notice nothing, memory stays bounded, and whoever loses
// something is told. With one thread all share everything; with two, publications cross.

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../support/node-process.ts';
import { WsClient } from '../support/ws-client.ts';

const MESSAGES = 1_000;
const PAYLOAD = 'x'.repeat(100_000 - 2);

test.each([1, 2])(
  '[BROKER-SLOW-1] [BROKER-SLOW-2] [BROKER-PACE-1] one stalled reader, 1,000 messages of 100 kB, %i threads: the healthy one gets all',
  async (threads) => {
    const node = await startNode(['--threads', String(threads)]);
    const url = `ws://${node.doors['broker']}`;
    const stalled = await stalledReader(node, 'flood');
    const [healthy, producer] = await Promise.all([WsClient.open(url), WsClient.open(url)]);
    await healthy.next();
    await producer.next();
    await healthy.subscribe('flood');
    const before = residentBytes(node);
    let most = before;
    for (let sent = 0; sent < MESSAGES; sent += 1) {
      producer.send(`{"topic":"flood","data":"${PAYLOAD}"}`);
      // A producer that respects its own socket: what is not sent yet is not the node's burden.
      while (producer.socket.bufferedAmount > 1_000_000) await once(producer);
      if (sent % 100 === 0) most = Math.max(most, residentBytes(node));
    }
    for (let received = 0; received < MESSAGES; received += 1)
      expect(await healthy.next()).toHaveLength(PAYLOAD.length + 2);
    most = Math.max(most, residentBytes(node));
    expect((most - before) / 1_048_576).toBeLessThan(150);
    producer.send({ type: 'topic_info', topic: 'flood' });
    await producer.next();
    const metrics = await (await fetch(`http://${node.doors['admin']}/metrics`)).text();
    expect(metrics).toMatch(/hermod_streams_closed_overflow_total\{[^}]*\} 1/);
    stalled.destroy();
    await Promise.all([healthy.close(), producer.close()]);
    expect(await node.stop()).toBe(0);
  },
  60_000,
);

test.each(['drop-oldest', 'latest-per-topic'])(
  '[BROKER-SLOW-3] [BROKER-SLOW-4] under %s a slow reader is told exactly what it lost',
  async (policy) => {
    const node = await startNode(['--threads', '1', '--slow-policy', policy]);
    const url = `ws://${node.doors['broker']}`;
    const slow = await WsClient.open(url);
    await slow.next();
    const producer = await WsClient.open(url);
    await producer.next();
    await slow.subscribe('flood', { envelope: true });
    slow.socket.pause();
    const total = 400;
    for (let sent = 1; sent < total; sent += 1)
      producer.send(`{"topic":"flood","data":"${PAYLOAD}"}`);
    expect(await producer.publish('flood', 'last')).toMatchObject({ offset: total });
    slow.socket.resume();
    const seen = new Set<number>();
    let lost = 0;
    let last = 0;
    while (last < total) {
      const frame = (await slow.nextJson()) as {
        type: string;
        offset: number;
        from: number;
        to: number;
      };
      if (frame.type === 'gap') {
        expect(frame.from).toBe(last + 1);
        lost += frame.to - frame.from + 1;
        last = frame.to;
      } else {
        expect(frame.offset).toBe(last + 1);
        last = frame.offset;
        seen.add(last);
      }
    }
    expect(lost).toBeGreaterThan(0);
    expect(seen.size + lost).toBe(total);
    await Promise.all([slow.close(), producer.close()]);
    expect(await node.stop()).toBe(0);
  },
  60_000,
);

/** A client that subscribes and then never reads again. */
function stalledReader(node: NodeProcess, topic: string): Promise<Socket> {
  const [host = '', port] = (node.doors['broker'] ?? '').split(':');
  const socket = connect(Number(port), host);
  const key = Buffer.from('0123456789abcdef').toString('base64');
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const text = Buffer.from(JSON.stringify({ type: 'subscribe', topic }));
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  return new Promise((resolve) => {
    socket.on('data', function hear(chunk: Buffer) {
      if (!chunk.includes('ack_subscribe')) return;
      socket.off('data', hear);
      socket.pause();
      socket.on('error', () => {
        // The node gives it up while it sleeps: that is the point.
      });
      resolve(socket);
    });
  });
}

function residentBytes(node: NodeProcess): number {
  const status = readFileSync(`/proc/${node.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

function once(client: WsClient): Promise<void> {
  return new Promise((resolve) => {
    client.socket.ping('', true, () => resolve());
  });
}
