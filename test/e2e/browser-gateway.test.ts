// Chromium on a page of another site, through a node: EventSource, fetch and WebSocket, while the app behind it is
// killed and started again.

import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import { HttpStreamFormat, Publisher } from '@fanoutio/grip';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import {
  type Folder,
  type GatewayNode,
  newFolder,
  type Program,
  startGateway,
  startProgram,
} from './gateway-node.ts';

const CHROMIUM = '/usr/bin/chromium';
const PATIENCE = { timeout: 20_000 };

let node: GatewayNode;
let folder: Folder;
let app: Program;
let site: Server;
let browser: Browser;
let page: Page;
let startApp: () => Promise<Program>;
let publisher: Publisher;

beforeAll(async () => {
  const [port] = await freePorts(1);
  folder = newFolder();
  folder.write('routes', `* 127.0.0.1:${port},over_http\n`);
  const conf = folder.write(
    'pushpin.conf',
    '[runner]\nhttp_port=0\n[proxy]\nsig_key=changeme\nauto_cross_origin=true\n[handler]\npush_in_http_port=0\n',
  );
  node = await startGateway([`--pushpin-conf=${conf}`], folder.path);
  const gripUrl = `${node.control}/?verify-iss=pushpin&verify-key=changeme`;
  publisher = new Publisher(gripUrl);
  const env = { PORT: String(port), GRIP_URL: gripUrl };
  startApp = () => startProgram(process.execPath, ['test/e2e/apps/express-app.js'], env);
  app = await startApp();
  site = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>another site</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  site?.close();
  await app?.kill();
  expect(await node.stop()).toBe(0);
  folder.remove();
});

/** Waits until the page's expression is true. */
function shows(expression: string): Promise<unknown> {
  return page.waitForFunction(expression, undefined, PATIENCE);
}

test('EventSource of another site gets events, outlives its app, and comes back when it is closed', async () => {
  await page.evaluate(`
    window.stream = { hellos: 0, messages: [] };
    const source = new EventSource('${node.url}/events', { withCredentials: true });
    source.addEventListener('hello', () => { window.stream.hellos += 1; });
    source.onmessage = ({ data }) => { window.stream.messages.push(data); };
  `);
  await shows('window.stream.hellos === 1');
  await publisher.publishHttpStream('events', 'data: 1\n\n');
  await shows('window.stream.messages.length === 1');
  await app.kill();
  await publisher.publishHttpStream('events', 'data: 2\n\n');
  await shows('window.stream.messages.length === 2');
  app = await startApp();
  await publisher.publishHttpStream('events', new HttpStreamFormat(null, true));
  await shows('window.stream.hellos === 2');
  await publisher.publishHttpStream('events', 'data: 3\n\n');
  await shows('window.stream.messages.length === 3');
  expect(await page.evaluate('window.stream')).toEqual({ hellos: 2, messages: ['1', '2', '3'] });
});

test('a WebSocket outlives its app: what is said meanwhile is answered afterwards', async () => {
  await page.evaluate(`
    window.socket = { isOpen: false, messages: [], closes: [] };
    const ws = new WebSocket('${node.url.replace('http', 'ws')}/socket');
    ws.onopen = () => { window.socket.isOpen = true; };
    ws.onmessage = ({ data }) => { if (data !== 'still here') window.socket.messages.push(data); };
    ws.onclose = ({ code, reason }) => { window.socket.closes.push(code); };
    window.say = (text) => ws.send(text);
  `);
  await shows('window.socket.isOpen');
  await page.evaluate(`window.say('before')`);
  await shows('window.socket.messages.length === 1');
  await app.kill();
  await page.evaluate(`window.say('meanwhile'); window.say('too');`);
  app = await startApp();
  await shows('window.socket.messages.length === 3');
  await page.evaluate(`window.say('after')`);
  await shows('window.socket.messages.length === 4');
  await page.evaluate(`window.say('bye')`);
  await shows('window.socket.closes.length === 1');
  expect(await page.evaluate('window.socket')).toEqual({
    isOpen: true,
    messages: ['1: before', '2: meanwhile', '3: too', '4: after', '5: bye'],
    closes: [4002],
  });
});

test('fetch of another site may ask with headers of its own, and read those of the app', async () => {
  const polled = page.evaluate(`
    fetch('${node.url}/poll', { credentials: 'include', headers: { 'X-Of-The-Page': 'yes' } }).then(
      async (answer) => [answer.status, answer.headers.get('x-told'), await answer.text()],
    )
  `);
  let isAnswered = false;
  void polled.then(() => {
    isAnswered = true;
  });
  // Nobody can see when it is held: the page tells until it is answered.
  await expect
    .poll(async () => {
      await page.evaluate(
        `fetch('${node.url}/news', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'hi' }).then((answer) => answer.text())`,
      );
      return isAnswered;
    }, PATIENCE)
    .toBe(true);
  expect(await polled).toEqual([201, 'yes', 'hi\n']);
});
