// Clients that nobody here wrote, all at once on one node with two threads: Python's `websockets`, the `eventsource`
// package, Chromium's own WebSocket and EventSource, and curl. Everyone gets every message, in one order.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { EventSource } from 'eventsource';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../support/node-process.ts';

const TOPIC = 'stock:AAPL';
const PER_PUBLISHER = 150;
const TOTAL = PER_PUBLISHER * 3;
/** Debian's interpreter: the one that sees python3-websockets. */
const PYTHON = '/usr/bin/python3';
const CHROMIUM = '/usr/bin/chromium';

let node: NodeProcess;
let browser: Browser;
const started: ChildProcess[] = [];

beforeAll(async () => {
  node = await startNode(['--threads', '2']);
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}, 60_000);

afterAll(async () => {
  for (const child of started) child.kill();
  await browser?.close();
  expect(await node.stop()).toBe(0);
});

test('the clients that this test needs are installed', () => {
  expect([PYTHON, CHROMIUM, '/usr/bin/curl'].filter((program) => !existsSync(program))).toEqual([]);
});

test('[BROKER-ORD-3] [BROKER-DATA-1] four kinds of clients get every message of their topic, in one order', async () => {
  const base = `http://${node.doors['broker']}`;
  const socketUrl = `ws://${node.doors['broker']}`;
  const page = await browser.newPage();
  await page.goto(`${base}/topics`);
  await page.evaluate(inBrowser(TOPIC));
  const readers: Readonly<Record<string, Reader>> = {
    python: lineReader(
      PYTHON,
      ['test/e2e/subscriber.py', socketUrl, TOPIC, String(TOTAL)],
      'subscribed',
      (line) => line,
    ),
    curl: lineReader(
      'curl',
      ['-sN', `${base}/sse?topic=${encodeURIComponent(TOPIC)}`],
      'event: subscribed',
      dataOfLine,
    ),
    eventsource: eventSourceReader(`${base}/sse?topic=${encodeURIComponent(TOPIC)}&topic=other`),
    'chromium WebSocket': pageReader('socket'),
    'chromium EventSource': pageReader('stream'),
  };
  await Promise.all(Object.values(readers).map((reader) => reader.ready));

  const acks = await Promise.all([
    publishWithPython(socketUrl, 'python-1'),
    publishWithPython(socketUrl, 'python-2'),
    publishOverHttp(base, 'http'),
  ]);
  expect(JSON.parse(acks[0])).toMatchObject({ type: 'ack_publish', topic: TOPIC, subscribers: 5 });

  const [python = [], ...others] = await Promise.all(
    Object.values(readers).map((reader) => reader.messages),
  );
  expect(python).toHaveLength(TOTAL);
  expect(
    python.every((text) => text.includes('"price": 170.5') || text.includes('"price":170.50')),
  ).toBe(true);
  expect(new Set(python).size).toBe(TOTAL);
  for (const messages of others) expect(messages).toEqual(python);

  function pageReader(name: 'socket' | 'stream'): Reader {
    return {
      ready: page.waitForFunction(`window.${name}.isReady`).then(() => undefined),
      messages: page
        .waitForFunction(`window.${name}.messages.length >= ${TOTAL}`, undefined, {
          timeout: 30_000,
        })
        .then(() => page.evaluate<string[]>(`window.${name}.messages`)),
    };
  }
}, 60_000);

interface Reader {
  readonly ready: Promise<void>;
  /** The messages' texts, once all have come. */
  readonly messages: Promise<readonly string[]>;
}

/** A program that prints what it receives. */
function lineReader(
  program: string,
  args: readonly string[],
  readyLine: string,
  messageOf: (line: string) => string | undefined,
): Reader {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const messages: string[] = [];
  let announce = (): void => {};
  const ready = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const all = new Promise<readonly string[]>((resolve) => {
    let isReady = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!isReady) {
        isReady = line === readyLine;
        if (isReady) announce();
        return;
      }
      const message = messageOf(line);
      if (message !== undefined) messages.push(message);
      if (messages.length === TOTAL) resolve(messages);
    });
  });
  return { ready, messages: all };
}

/** The data lines of an event stream, without the `subscribed` event's own. */
function dataOfLine(line: string): string | undefined {
  const data = line.startsWith('data: ') ? line.slice('data: '.length) : undefined;
  return data?.startsWith('{"topic"') === true ? undefined : data;
}

function eventSourceReader(url: string): Reader {
  const messages: string[] = [];
  const source = new EventSource(url);
  const ready = new Promise<void>((resolve) => {
    let topics = 0;
    source.addEventListener('subscribed', () => {
      topics += 1;
      if (topics === 2) resolve();
    });
  });
  const all = new Promise<readonly string[]>((resolve) => {
    source.addEventListener('message', (event) => {
      messages.push(String(event.data));
      if (messages.length < TOTAL) return;
      source.close();
      resolve(messages);
    });
  });
  return { ready, messages: all };
}

/** Runs in the page, which sees no module: a text. */
function inBrowser(topic: string): string {
  return `
    window.socket = { isReady: false, messages: [] };
    const ws = new WebSocket('ws://' + location.host);
    ws.onopen = () => ws.send(JSON.stringify({ type: 'subscribe', topic: ${JSON.stringify(topic)} }));
    ws.onmessage = ({ data }) => {
      const { type } = JSON.parse(data);
      if (type === 'ack_subscribe') window.socket.isReady = true;
      else if (type === undefined) window.socket.messages.push(data);
    };
    window.stream = { isReady: false, messages: [] };
    const source = new EventSource('/sse?topic=' + encodeURIComponent(${JSON.stringify(topic)}));
    source.addEventListener('subscribed', () => { window.stream.isReady = true; });
    source.onmessage = ({ data }) => { window.stream.messages.push(data); };
  `;
}

function publishWithPython(url: string, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ['test/e2e/publisher.py', url, TOPIC, name, String(PER_PUBLISHER)];
    const child = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`the publisher ended with ${code}`));
    });
  });
}

async function publishOverHttp(base: string, name: string): Promise<string> {
  let last = '';
  for (let number = 0; number < PER_PUBLISHER; number += 1) {
    const body = `{"topic":"${TOPIC}","data":{"from":"${name}","number":${number},"price":170.50}}`;
    const response = await fetch(`${base}/publish`, { method: 'POST', body });
    expect(response.status).toBe(200);
    last = await response.text();
  }
  return last;
}
