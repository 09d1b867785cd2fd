// The suite's own tests: against servers that are wrong in one place it must fail there and nowhere else, and against
// one that is wrong altogether every case of every group must fail.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { type NodeProcess, startNode } from '../support/node-process.ts';
import { brokerCases } from './broker/cases.ts';
import { reach, runCase, type Site } from './case.ts';
import { rowsOf, tableOf, type Result } from './report.ts';
import { unseen } from './unseen.ts';

const groups = [...new Set(brokerCases.map(({ group }) => group))];

let node: NodeProcess;
let address: string;

beforeAll(async () => {
  node = await startNode();
  address = String(node.doors['broker']);
});

afterAll(async () => {
  expect(await node.stop()).toBe(0);
});

type Lie = readonly [
  lie: string,
  group: string,
  truth: string,
  instead: string,
  ids: readonly string[],
];

// The two texts are of one length, so that the frames and bodies around them stay whole.
const lies: readonly Lie[] = [
  [
    'another welcome',
    'seed',
    'Connected to HERMES',
    'Connected to Hermes',
    ['BROKER-WS-1', 'BROKER-DOOR-1', 'BROKER-FRAME-1'],
  ],
  [
    'another blank in an ack',
    'seed',
    '"ack_subscribe", "topic"',
    '"ack_subscribe" ,"topic"',
    ['BROKER-FRAME-1', 'BROKER-SUB-1'],
  ],
  ['numbers written anew', 'seed', '170.50', '170.5 ', ['BROKER-PUB-1', 'BROKER-DATA-1', 'JSON-3']],
  [
    'other words for a mistake',
    'requests',
    'must be valid JSON.',
    'must be valid json.',
    ['JSON-1', 'BROKER-REQ-3'],
  ],
  ['a wrong count', 'requests', '"subscribers":1', '"subscribers":2', ['BROKER-LIST-2']],
  [
    'recovery that is denied',
    'recovery',
    '"recovered":true}',
    '"recovered":null}',
    ['BROKER-FRAME-2', 'BROKER-REC-1', 'BROKER-REC-5'],
  ],
  [
    'the seventh place twice',
    'recovery',
    '"offset":7,',
    '"offset":6,',
    ['BROKER-ORD-1', 'BROKER-ORD-2'],
  ],
  [
    'duplicates that are not told',
    'recovery',
    '"duplicate":true',
    '"duplicate":null',
    ['BROKER-FRAME-3', 'BROKER-DUP-1', 'BROKER-DUP-2'],
  ],
  ['a hint with another status', 'http', 'HTTP/1.1 426', 'HTTP/1.1 400', ['BROKER-HTTP-4']],
  ['another item in a sentence', 'http', '(item 1)', '(item 0)', ['BROKER-HTTP-2']],
  [
    'an event with another name',
    'event-streams',
    'event: subscribed',
    'event: subscriber',
    ['SSE-1', 'SSE-4'],
  ],
  [
    'an event without its id',
    'event-streams',
    'id: ',
    'ix: ',
    ['SSE-1', 'SSE-4', 'SSE-5', 'SSE-6'],
  ],
  ['another status for a version', 'handshake', 'HTTP/1.1 426', 'HTTP/1.1 400', ['WS-SHAKE-1']],
  ['a key that was not read', 'handshake', 's3pPLMBi', 'S3pPLMBi', ['WS-SHAKE-2']],
  [
    '1000 for what is broken',
    'framing',
    '\u0003\u00ea',
    '\u0003\u00e8',
    ['WS-FRAME-2', 'WS-FRAME-3', 'WS-FRAME-5', 'WS-FRAME-6', 'WS-FRAME-9'],
  ],
  [
    '1000 for what is no text',
    'framing',
    '\u0003\u00ef',
    '\u0003\u00e8',
    ['WS-FRAME-8', 'WS-FRAME-9'],
  ],
  [
    'a pong with another payload',
    'framing',
    '\u008a\u0004amid',
    '\u008a\u0004made',
    ['WS-FRAME-1', 'WS-FRAME-4', 'BROKER-KEEP-2'],
  ],
];

test.each(lies)('a server with %s fails in %s', async (_, group, truth, instead, ids) => {
  expect(instead).toHaveLength(truth.length);
  const site = { ...(await reach(`ws://${address}`)), url: await liar(truth, instead) };
  const failed = rowsOf(await resultsOf(group, site, 10_000)).filter((row) => row.failed > 0);
  expect(failed.map(({ id }) => id)).toEqual(ids);
});

test.each(groups)(
  'nothing of %s passes against a server that says hello to everything',
  async (group) => {
    const url = await parrot(group);
    const results = await resultsOf(group, { url, greets: false, run: 'wrong' }, 500);
    const passed = results.filter(({ failure }) => failure === undefined);
    expect(passed.map(({ one }) => one.title)).toEqual([]);
  },
);

test('the table names each requirement with its first failure, and ends in the counts', () => {
  const [one, two] = brokerCases;
  if (one === undefined || two === undefined) throw new Error('there are no cases');
  const results = [
    { one, failure: undefined },
    { one: two, failure: 'a | b\nc' },
  ];
  const lines = tableOf(results).trimEnd().split('\n');
  expect(lines).toContain(`| ${one.ids[0]} | 1 | passed |  |`);
  expect(lines.find((line) => line.startsWith(`| ${two.ids[0]} `))).toMatch(
    /failed 1 .*a \\\| b c \|$/,
  );
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
});

test('every requirement of the broker has a case, or a reason why it cannot be seen', () => {
  const spec = readFileSync('spec/broker.md', 'utf8');
  const defined = [...spec.matchAll(/\*\*\[([A-Z0-9-]+)\]\*\*/g)].flatMap(([, id]) => id ?? []);
  expect(defined.length).toBeGreaterThan(100);
  const seen = new Set(brokerCases.flatMap(({ ids }) => ids));
  const reasons = Object.keys(unseen);
  expect(defined.filter((id) => !seen.has(id) && !reasons.includes(id))).toEqual([]);
  expect(reasons.filter((id) => seen.has(id) || !defined.includes(id))).toEqual([]);
  expect([...seen].filter((id) => !defined.includes(id))).toEqual([]);
});

async function resultsOf(group: string, site: Site, deadlineMs: number): Promise<Result[]> {
  // All at once, because most of these wait until they give up.
  const its = brokerCases.filter((one) => one.group === group);
  return Promise.all(
    its.map(async (one) => ({
      one,
      failure: await runCase(one, site, deadlineMs).then(() => undefined, String),
    })),
  );
}

/** Our node, but for one text that it says. */
async function liar(truth: string, instead: string): Promise<string> {
  const [host, port] = address.split(':');
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1').replaceAll(truth, instead);
      client.write(Buffer.from(text, 'latin1'));
    });
    upstream.on('close', () => client.end());
    client.on('close', () => upstream.destroy());
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  return listening(server);
}

/**
 * Opens whatever asks for a WebSocket, says the same to every frame and request, and never closes. In the group of
 * handshakes it has not even read the key.
 */
async function parrot(group: string): Promise<string> {
  const server = createServer((client) => {
    client.on('error', () => {});
    onTestFinished(() => {
      client.destroy();
    });
    client.on('data', (chunk: Buffer) => {
      const said = chunk.toString('latin1');
      const key = /^Sec-WebSocket-Key: (.*)\r$/im.exec(said)?.[1] ?? '';
      const offer = /^Sec-WebSocket-Extensions: .*\r$/im.exec(said)?.[0] ?? 'X: y\r';
      const proof = createHash('sha1').update(group === 'handshake' ? '' : key + GUID);
      if (/^[A-Z]+ .*HTTP/.test(said) && /^Upgrade: /im.test(said)) {
        client.write(
          `HTTP/1.1 101 Hello\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${offer}\nSec-WebSocket-Accept: ${proof.digest('base64')}\r\n\r\n`,
        );
      } else if (/^[A-Z]+ .*HTTP/.test(said)) {
        client.write(`HTTP/1.1 200 Hello\r\nContent-Length: 14\r\n\r\n${HELLO}`);
      } else {
        client.write(`\u0081\u000e${HELLO}`, 'latin1');
      }
    });
  });
  return listening(server);
}

const HELLO = '{"hello":true}';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
