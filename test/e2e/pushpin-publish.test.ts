// Publishers that were made for each other's gateway: Debian's `pushpin-publish` to a node, and `hermod publish` to the
// real Pushpin, over HTTP and over ZeroMQ.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { start } from '../conformance/grip/start.ts';
import { ask, newFolder, portOf, type Reading, startGateway } from './gateway-node.ts';

const run = promisify(execFile);
const hermod = (...args: string[]): Promise<{ readonly stdout: string }> =>
  run(process.execPath, ['src/main.ts', 'publish', ...args], { timeout: 15_000 });
const pushpin = (...args: string[]): Promise<{ readonly stdout: string }> =>
  run('pushpin-publish', args, { timeout: 15_000 });

test('the programs that this test needs are installed', () => {
  const programs = ['/usr/bin/pushpin', '/usr/bin/pushpin-publish', '/usr/bin/zurl'];
  expect(programs.filter((program) => !existsSync(program))).toEqual([]);
});

/** Publishes by every way to the built-in origin's channel, and closes the stream at last. */
async function publishEverywhere(
  publish: typeof hermod,
  specs: readonly string[],
  stream: Reading,
): Promise<void> {
  await stream.until('opened]\n');
  for (const [at, spec] of specs.entries()) {
    expect((await publish('--spec', spec, 'test', `item ${at}`)).stdout.trim()).toBe('Published');
    await stream.until(`item ${at}\n`);
    await publish('--spec', spec, '--no-eol', '--id', `id-${at}`, 'test', `bare ${at}`);
    // A second item of the same id is none.
    await publish('--spec', spec, '--no-eol', '--id', `id-${at}`, 'test', 'again');
    await stream.until(`bare ${at}`);
  }
  await publish('--spec', specs[0] ?? '', '--close', 'test');
  await stream.whole();
  expect(stream.text).toBe(
    `[stream opened]\n${specs.map((_, at) => `item ${at}\nbare ${at}`).join('')}`,
  );
  expect(stream.end).toBe('whole');
}

test('pushpin-publish publishes to a node', async () => {
  const folder = newFolder();
  folder.write('routes', '* test\n');
  const shipped = readFileSync('packaging/pushpin.conf', 'utf8');
  const conf = folder.write('pushpin.conf', shipped.replaceAll(/\b(?:7999|556\d)\b/g, '0'));
  const node = await startGateway([`--pushpin-conf=${conf}`], folder.path);
  const pull = `tcp://127.0.0.1:${portOf(node.doors['zmq-pull'])}`;
  const stream = await ask(`${node.url}/stream`);
  await publishEverywhere(pushpin, [node.control, pull], stream);

  const polled = ask(`${node.url}/response`);
  let isAnswered = false;
  void polled.then(() => {
    isAnswered = true;
  });
  const words = ['--code', '404', '-H', 'X-A: b', '--no-eol', 'test', 'not here'];
  // Nobody can see when it is held.
  await expect
    .poll(async () => {
      if (!isAnswered) await pushpin('--spec', node.control, ...words);
      return isAnswered;
    })
    .toBe(true);
  const poll = await polled;
  expect([poll.status, poll.header('x-a'), await poll.whole()]).toEqual([404, 'b', 'not here']);
  expect(await node.stop()).toBe(0);
  folder.remove();
});

test('hermod publish publishes to the real Pushpin', async () => {
  const real = await start('pushpin', 'plain');
  const { site } = real;
  try {
    const stream = await ask(`http://127.0.0.1:${site.target.port}/stream`, {
      headers: { Host: 'built-in.test' },
    });
    const control = `http://127.0.0.1:${site.control.port}`;
    await publishEverywhere(hermod, [control, site.zmqPull ?? ''], stream);
  } finally {
    await real.stop();
  }
});
