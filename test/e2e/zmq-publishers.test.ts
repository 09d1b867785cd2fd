// ZeroMQ publishers written in Python, with Debian's python3-zmq, against the node's ZeroMQ doors and control actor.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { ZmqDoors, zmqDefaults } from '../../src/transports/zmq/zmq-doors.ts';
import { ControlStage } from '../unit/gateway/control-stage.ts';

/** Debian's interpreter: the one that sees python3-zmq. */
const PYTHON = '/usr/bin/python3';
const run = promisify(execFile);
let doors: ZmqDoors | undefined;

afterEach(() => doors?.close());

async function open(stage: ControlStage): Promise<Readonly<Record<string, string>>> {
  const anyPort = 'tcp://127.0.0.1:0';
  let refs = 0;
  doors = new ZmqDoors(
    { ...zmqDefaults, pullSpec: anyPort, subSpecs: [anyPort], commandSpec: anyPort },
    {
      takeItems(items) {
        for (const item of items) stage.tell(item);
        return Promise.resolve();
      },
      obeyCommand(frame) {
        const ref = (refs += 1);
        stage.tell({ type: 'commandReceived', ref, frame });
        const reply = stage.answers.at(-1);
        return Promise.resolve(reply?.type === 'commandReply' ? reply.frame : undefined);
      },
      count: () => {},
    },
  );
  const opening = await doors.open();
  if (!opening.ok) throw new Error(opening.message);
  return opening.doors;
}

async function publish(way: string, spec = '', count = 0): Promise<string> {
  const args = ['test/e2e/zmq-publisher.py', way, spec, 'rooms/12', String(count)];
  return (await run(PYTHON, args, { timeout: 30_000 })).stdout;
}

/** What the items say, in the order in which keepers got them. */
function heard(stage: ControlStage): string[] {
  return stage.said.flatMap((said) => {
    if (said.to !== 'keeper' || said.message.type !== 'publishItem') return [];
    const { channel, ws } = said.message.item;
    return [`${channel} ${Buffer.from(ws?.content ?? []).toString()}`];
  });
}

const expected = (count: number): string[] =>
  Array.from({ length: count }, (_, number) => `rooms/12 ${number}`);

test('a new PUB socket for each message: connect, wait 100 ms, send', async () => {
  const stage = new ControlStage();
  const { 'zmq-sub': spec } = await open(stage);
  doors?.follow('rooms/12');
  await publish('sub', spec, 20);
  await expect.poll(() => heard(stage)).toEqual(expected(20));
});

test('a PUSH socket that sends as fast as it can', async () => {
  const stage = new ControlStage();
  const { 'zmq-pull': spec } = await open(stage);
  await publish('pull', spec, 5_000);
  await expect.poll(() => heard(stage).length, { timeout: 10_000 }).toBe(5_000);
  expect(heard(stage)).toEqual(expected(5_000));
});

test('commands, each with its reply', async () => {
  const stage = new ControlStage();
  const { 'zmq-command': spec } = await open(stage);
  const replies = await publish('command', spec, 3);
  expect(replies.trim().split('\n')).toEqual(
    [0, 1, 2].map((n) => `37:2:id,1:${n},7:success,4:true!5:value,0:~}`),
  );
  expect(heard(stage)).toEqual(expected(3));
});
