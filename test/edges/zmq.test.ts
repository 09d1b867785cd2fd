// The ZeroMQ doors with real sockets on both sides, and the control actor behind them.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Dealer, Publisher, Push, Request, XPublisher } from 'zeromq';
import { decodeTnetstring, encodeTnetstring } from '../../src/actors/codecs/grip/tnetstring.ts';
import { ZmqDoors, zmqDefaults, type ZmqOptions } from '../../src/transports/zmq/zmq-doors.ts';
import { ControlStage } from '../unit/gateway/control-stage.ts';

const folders: string[] = [];
const sockets: { close(): void }[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function keep<S extends { close(): void }>(socket: S): S {
  sockets.push(socket);
  return socket;
}

function ipcSpec(): string {
  const folder = mkdtempSync(join(tmpdir(), 'zmq-doors-'));
  folders.push(folder);
  return `ipc://${join(folder, 'door')}`;
}

interface Opened {
  readonly doors: ZmqDoors;
  readonly at: Readonly<Record<string, string>>;
  readonly stage: ControlStage;
  readonly counted: Record<string, number>;
  /** While this is set, batches are not taken. */
  gate: Promise<void> | undefined;
}

const nothing: ZmqOptions = {
  ...zmqDefaults,
  pullSpec: undefined,
  subSpecs: [],
  commandSpec: undefined,
};

async function open(options: Partial<ZmqOptions>): Promise<Opened> {
  const stage = new ControlStage();
  const counted: Record<string, number> = {};
  let refs = 0;
  const doors = keep(
    new ZmqDoors(
      { ...nothing, ...options },
      {
        async takeItems(items) {
          await opened.gate;
          for (const item of items) stage.tell(item);
        },
        async obeyCommand(frame) {
          const ref = (refs += 1);
          stage.tell({ type: 'commandReceived', ref, frame });
          const isReply = (): boolean =>
            stage.answers.some((answer) => answer.type === 'commandReply' && answer.ref === ref);
          await expect.poll(isReply).toBe(true);
          const reply = stage.answers.find(
            (answer) => answer.type === 'commandReply' && answer.ref === ref,
          );
          return reply?.type === 'commandReply' ? reply.frame : undefined;
        },
        count: (counter, by) => {
          counted[counter] = (counted[counter] ?? 0) + by;
        },
      },
    ),
  );
  const opening = await doors.open();
  if (!opening.ok) throw new Error(opening.message);
  const opened: Opened = { doors, at: opening.doors, stage, counted, gate: undefined };
  return opened;
}

const anyPort = 'tcp://127.0.0.1:0';
const itemOf = (channel: string): string =>
  `J${JSON.stringify({ channel, formats: { 'ws-message': { content: 'x' } } })}`;

test('PULL takes one item a message, in order, and survives what it cannot read', async () => {
  const { at, stage } = await open({ pullSpec: anyPort });
  const push = keep(new Push({ linger: 0 }));
  push.connect(at['zmq-pull'] ?? '');
  await push.send(itemOf('a'));
  await push.send('T5:abc');
  await push.send([itemOf('x'), itemOf('y')]);
  await push.send('');
  await push.send(
    Buffer.concat([
      Buffer.from('T'),
      encodeTnetstring({ channel: 'b', formats: { 'http-stream': { content: 'x' } } }),
    ]),
  );
  await push.send(encodeTnetstring({ channel: 'c', 'http-stream': { content: 'x' } }));
  await expect.poll(() => stage.published).toEqual(['a', 'b', 'c']);
  expect(stage.system.counters.get('control.itemsDropped')).toBe(3);
  expect(stage.troubles).toEqual([]);
});

test('many publishers at once lose nothing, though batches are taken slowly', async () => {
  const opened = await open({ pullSpec: anyPort });
  let go = (): void => {};
  opened.gate = new Promise((resolve) => {
    go = resolve;
  });
  const pushers = Array.from({ length: 4 }, () => keep(new Push({ linger: 0 })));
  const sending = Promise.all(
    pushers.map(async (push, n) => {
      push.connect(opened.at['zmq-pull'] ?? '');
      for (let i = 0; i < 5_000; i += 1) await push.send(itemOf(`${n}`));
    }),
  );
  // The first message is under way, so many are gathered behind it, and one more is in the hand.
  await expect.poll(() => opened.counted['zmq.pull.received']).toBe(4_097);
  go();
  await sending;
  await expect.poll(() => opened.stage.published.length, { timeout: 10_000 }).toBe(20_000);
});

test('a publisher that connects, waits 100 ms and sends is heard, each time', async () => {
  const { doors, at, stage } = await open({ subSpecs: [anyPort] });
  doors.follow('news');
  const expected: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const publisher = new Publisher({ linger: 1_000 });
    publisher.connect(at['zmq-sub'] ?? '');
    // What such publishers do, and how long they give the node: it is what is tested here.
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    await publisher.send(['news', itemOf('ignored')]);
    await publisher.send(['other', itemOf('other')]);
    publisher.close();
    expected.push('news');
  }
  await expect.poll(() => stage.published).toEqual(expected);
});

test('publishers see what is followed on the node, whenever they connect', async () => {
  const { doors, at, stage } = await open({ subSpecs: [anyPort] });
  doors.follow('early');
  const publisher = keep(new XPublisher({ linger: 0 }));
  publisher.connect(at['zmq-sub'] ?? '');
  const heard = (): Promise<string> => heardBy(publisher);
  expect(await heard()).toBe('\x01early');
  doors.follow('late');
  expect(await heard()).toBe('\x01late');
  doors.unfollow('early');
  expect(await heard()).toBe('\x00early');
  await publisher.send(['early', itemOf('')]);
  await publisher.send(['late', itemOf('x')]);
  await publisher.send(['late', itemOf('x'), 'third']);
  await publisher.send(['late']);
  await publisher.send(['later than late', itemOf('x')]);
  await expect.poll(() => stage.published).toEqual(['late', 'later than late']);
  expect(stage.system.counters.get('control.itemsDropped')).toBe(2);
});

async function heardBy(publisher: XPublisher): Promise<string> {
  const [frame] = await publisher.receive();
  return frame?.toString('latin1') ?? '';
}

test('SUB connects to every broker where it is told to', async () => {
  const brokers = [keep(new XPublisher({ linger: 0 })), keep(new XPublisher({ linger: 0 }))];
  for (const broker of brokers) await broker.bind('tcp://127.0.0.1:*');
  const subSpecs = brokers.map(({ lastEndpoint }) => lastEndpoint ?? '');
  const { doors, at, stage } = await open({ subSpecs, isSubConnecting: true });
  expect(at).toEqual({});
  doors.follow('news');
  for (const broker of brokers) {
    expect(await heardBy(broker)).toBe('\x01news');
    await broker.send(['news', itemOf('x')]);
  }
  await expect.poll(() => stage.published).toEqual(['news', 'news']);
});

function readReply(frame: Buffer | undefined): unknown {
  const decoded = decodeTnetstring(frame ?? new Uint8Array(0));
  if (!decoded.ok) throw new Error(decoded.mistake.message);
  const { success, condition } = decoded.value as { success: boolean; condition?: Uint8Array };
  return condition === undefined ? success : Buffer.from(condition).toString();
}

test('commands are obeyed for REQ, and for DEALER with and without an empty frame', async () => {
  const { at, stage } = await open({ commandSpec: anyPort });
  const spec = at['zmq-command'] ?? '';
  const request = keep(new Request({ linger: 0 }));
  request.connect(spec);
  const items = [{ channel: 'a', formats: { 'ws-message': { content: 'x' } } }];
  await request.send(encodeTnetstring({ id: 'i', method: 'publish', args: { items } }));
  expect(readReply((await request.receive())[0])).toBe(true);
  await request.send('nonsense');
  expect(readReply((await request.receive())[0])).toBe('bad-request');
  const dealer = keep(new Dealer({ linger: 0 }));
  dealer.connect(spec);
  await dealer.send(['', encodeTnetstring({ method: 'x' })]);
  const [empty, reply] = await dealer.receive();
  expect([empty?.length, readReply(reply)]).toEqual([0, 'method-not-found']);
  await dealer.send(encodeTnetstring({ method: 'recover' }));
  expect(readReply((await dealer.receive())[0])).toBe(true);
  expect(stage.published).toEqual(['a']);
});

test('a slow command keeps no other waiting', async () => {
  const { at, stage } = await open({ commandSpec: anyPort });
  const spec = at['zmq-command'] ?? '';
  const [slow, quick] = [keep(new Request({ linger: 0 })), keep(new Request({ linger: 0 }))];
  slow.connect(spec);
  quick.connect(spec);
  await slow.send(encodeTnetstring({ method: 'conncheck', args: { ids: ['a'] } }));
  await expect.poll(() => stage.said.filter(({ to }) => to === 'door').length).toBe(2);
  await quick.send(encodeTnetstring({ method: 'recover' }));
  expect(readReply((await quick.receive())[0])).toBe(true);
  stage.tell({ type: 'connectionsChecked', ref: 1, shard: 0, found: ['a'] });
  stage.tell({ type: 'connectionsChecked', ref: 1, shard: 1, found: [] });
  expect(readReply((await slow.receive())[0])).toBe(true);
});

test('the folder of an ipc door is made when there is none', async () => {
  const spec = `${ipcSpec()}/in/a/folder/door`;
  const { at } = await open({ pullSpec: spec });
  expect(at['zmq-pull']).toBe(spec);
});

test('an ipc door has a file with the mode that was asked for', async () => {
  const spec = ipcSpec();
  const { at, stage } = await open({ pullSpec: spec, ipcFileMode: 0o640 });
  expect(at['zmq-pull']).toBe(spec);
  expect(statSync(spec.slice('ipc://'.length)).mode & 0o777).toBe(0o640);
  const push = keep(new Push({ linger: 0 }));
  push.connect(spec);
  await push.send(itemOf('a'));
  await expect.poll(() => stage.published).toEqual(['a']);
});

test('a door that cannot be had is named with its reason, and the others are closed again', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const spec = `tcp://localhost:${port}`;
  const sink = {
    takeItems: () => Promise.resolve(),
    obeyCommand: () => Promise.resolve(undefined),
    count: () => {},
  };
  const { at } = await open({ pullSpec: anyPort });
  const pullSpec = at['zmq-pull'] ?? '';
  const openings = await Promise.all([
    new ZmqDoors({ ...nothing, pullSpec }, sink).open(),
    new ZmqDoors({ ...nothing, pullSpec: anyPort, commandSpec: spec }, sink).open(),
    new ZmqDoors({ ...nothing, subSpecs: ['nonsense'] }, sink).open(),
    new ZmqDoors({ ...nothing, subSpecs: ['tcp://'], isSubConnecting: true }, sink).open(),
  ]);
  taken.close();
  expect(openings).toMatchObject([
    { ok: false, door: 'zmq-pull', spec: pullSpec, code: 'EADDRINUSE' },
    { ok: false, door: 'zmq-command', spec, code: 'EADDRINUSE' },
    { ok: false, door: 'zmq-sub', spec: 'nonsense', code: 'EINVAL' },
    { ok: false, door: 'zmq-sub', spec: 'tcp://', code: 'EINVAL' },
  ]);
});

test('an ipc file is not taken from whoever listens on it', async () => {
  const spec = ipcSpec();
  await open({ pullSpec: spec });
  await expect(open({ pullSpec: spec })).rejects.toThrow('somebody listens');
});
