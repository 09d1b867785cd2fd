// A page in Chromium and a person with nc in one room, on a node of two threads; beside them an event stream in curl and
// a publisher over HTTP. The page is the one that README.md shows, opened from the disk.

import { type ChildProcess, spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../support/node-process.ts';

const CHROMIUM = '/usr/bin/chromium';
const PATIENCE = { timeout: 20_000 };

let node: NodeProcess;
let browser: Browser;
let page: Page;
let person: Program;
let stream: Program;

interface Program {
  readonly child: ChildProcess;
  readonly output: () => string;
}

function run(program: string, args: readonly string[]): Program {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { child, output: () => output };
}

function type(text: string): void {
  person.child.stdin?.write(`${text}\n`);
}

beforeAll(async () => {
  node = await startNode([
    ...['--threads', '2', '--chat-port', '0', '--chat-envelope', 'lenient'],
    ...['--bridge', 'chat/general=broker/general'],
  ]);
  const [host = '', port = ''] = node.doors['chat']?.split(':') ?? [];
  person = run('nc', [host, port]);
  stream = run('curl', ['-sN', `http://${node.doors['broker']}/sse?topic=general`]);
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  page = await browser.newPage();
  const door = `ws://${node.doors['broker']}`;
  await page.goto(`${pathToFileURL('spec/bridge-page.html').href}?door=${door}`);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  for (const program of [person, stream]) program?.child.kill();
  expect(await node.stop()).toBe(0);
});

function shown(): Promise<string[]> {
  return page.locator('#said li').allTextContents();
}

test('[BRIDGE-5] [BRIDGE-6] [BRIDGE-13] page, person, stream and publisher hear each other, once', async () => {
  type('{"version":"1.0","type":"LOGIN","payload":{"user":"alice"}}');
  type('{"version":"1.0","type":"JOIN","payload":{"room":"general"}}');
  await expect.poll(() => person.output(), PATIENCE).toContain('JOIN_OK');
  await expect.poll(() => stream.output(), PATIENCE).toContain('event: subscribed');
  await page.waitForFunction('since !== undefined', undefined, PATIENCE);

  type(
    '{"version":"1.0","type":"ROOM_MESSAGE","payload":{"room":"general","body":"<b>hello</b>"}}',
  );
  await expect.poll(shown, PATIENCE).toEqual(['alice: <b>hello</b>']);

  await page.fill('#name', 'bob');
  await page.fill('#body', 'hello, alice');
  await page.click('button');
  await expect
    .poll(() => person.output(), PATIENCE)
    .toContain('"from":"bob@broker","body":"hello, alice"');

  const data = { from: 'build', body: 'done' };
  const answer = await fetch(`http://${node.doors['broker']}/publish`, {
    method: 'POST',
    body: JSON.stringify({ topic: 'general', data }),
  });
  expect(await answer.json()).toMatchObject({ topic: 'general', subscribers: 2, offset: 3 });
  await expect.poll(() => person.output(), PATIENCE).toContain('"from":"build@broker"');

  const all = ['alice: <b>hello</b>', 'bob: hello, alice', 'build: done'];
  await expect.poll(shown, PATIENCE).toEqual(all);
  await expect.poll(() => stream.output(), PATIENCE).toContain('"done"');
  const bodies = [...stream.output().matchAll(/^data: .*"body":"([^"]*)"/gm)].map(
    ([, body]) => body,
  );
  expect(bodies).toEqual(['<b>hello</b>', 'hello, alice', 'done']);
  const heard = person
    .output()
    .split('\n')
    .filter((line) => line.includes('"ROOM_MESSAGE"'));
  expect(heard).toHaveLength(2);
});

test('[BRIDGE-2] a page whose connection broke comes back and has missed nothing', async () => {
  const before = (await shown()).length;
  await page.evaluate('socket.onclose = () => {}; socket.close();');
  type(
    '{"version":"1.0","type":"ROOM_MESSAGE","payload":{"room":"general","body":"are you there?"}}',
  );
  await expect.poll(() => stream.output(), PATIENCE).toContain('are you there?');
  expect(await shown()).toHaveLength(before);
  await page.evaluate('connect()');
  await expect.poll(shown, PATIENCE).toContain('alice: are you there?');
  expect(await shown()).toHaveLength(before + 1);
});
