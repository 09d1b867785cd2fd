// The HP suite's own tests: our node passes it, a server that is wrong does not, and what it shows exists in the spec.

import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../support/node-process.ts';
import { allHpCases, readHpArguments, runHpCases } from './hp/main.ts';

let node: NodeProcess;
let echo: Server;

beforeAll(async () => {
  node = await startNode([
    ...['--chat-port', '0', '--threads', '2'],
    ...['--bridge', 'chat/lounge=broker/lounge'],
  ]);
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => {
    echo.listen(0, '127.0.0.1', resolve);
  });
});

afterAll(async () => {
  echo.close();
  await node.stop();
});

test('this node passes every case', { timeout: 120_000 }, async () => {
  const port = Number(node.doors['chat']?.split(':').at(-1));
  const bridge = { room: 'lounge', topic: 'lounge', broker: node.doors['broker'] ?? '' };
  const place = { host: '127.0.0.1', port, isPatient: false, bridge };
  const results = await runHpCases(allHpCases, place);
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  expect(failed.map(({ one, why }) => `${one.title}: ${why}`)).toEqual([]);
  expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(120);
});

test('a server that says what it hears fails all but few', { timeout: 60_000 }, async () => {
  const { port } = echo.address() as AddressInfo;
  const cases = allHpCases.filter(({ group, isSlow }) => group !== 'vectors' && !isSlow);
  const results = await runHpCases(cases.slice(3, 9), {
    host: '127.0.0.1',
    port,
    isPatient: false,
  });
  expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeLessThan(2);
});

describe('the command line', () => {
  test.each([
    [['--dialect', 'hp'], /--target must be/],
    [['--dialect', 'hp', '--target', 'here'], /--target must be/],
    [['--dialect', 'hp', '--target', 'a:1', '--only', 'nothing'], /no such group/],
    [['--dialect', 'hp', '--target', 'a:1', '--bridge', 'a=b'], /--bridge must be/],
  ])('%s', (args, sentence) => {
    expect(readHpArguments(args)).toMatch(sentence);
  });

  test('an address and a group', () => {
    expect(
      readHpArguments(['--dialect', 'hp', '--target', '[::1]:7500', '--only', 'chat']),
    ).toMatchObject({
      place: { host: '::1', port: 7_500 },
    });
  });
});

test('no case shows a requirement that does not exist, and each shows one', () => {
  const defined = [
    ...readFileSync('spec/hp.md', 'utf8').matchAll(/\*\*\[(HP-[A-Z]+-\d+)\]\*\*/g),
    ...readFileSync('spec/bridge.md', 'utf8').matchAll(/\*\*\[(BRIDGE-\d+)\]\*\*/g),
  ].map(([, id]) => id);
  for (const { ids, title } of allHpCases) {
    expect([title, ids.length > 0]).toEqual([title, true]);
    for (const id of ids) expect(defined).toContain(id);
  }
  const titles = allHpCases.map(({ title }) => title);
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
});
