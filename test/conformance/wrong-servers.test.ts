// The suite's own tests: against servers that are wrong in one place it must fail there and nowhere else, and against
// one that is wrong altogether every case of every group must fail, on sockets and on simulated edges.

import { createHash } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { type NodeProcess, startNode } from '../support/node-process.ts';
import { brokerCases } from './broker/cases.ts';
import { type Case, reasonNotToRun, runCase } from './case.ts';
import { configurations, PAGE, SECRET } from './configurations.ts';
import { readSettings } from './settings.ts';
import { runSimulated, SimSite, type SimSiteOptions } from './sim-site.ts';
import { siteAt } from './socket-site.ts';
import type { Site } from './target.ts';

const groups = [...new Set(brokerCases.map(({ group }) => group))];

let node: NodeProcess;

beforeAll(async () => {
  const args = ['--threads', '1', '--deflate', '--allowed-origin', PAGE];
  node = await startNode(args, { HERMOD_AUTH_SECRET: SECRET });
});

afterAll(async () => {
  expect(await node.stop()).toBe(0);
});

// The two texts are of one length, so that the frames and bodies around them stay whole.
type Lie = readonly [
  lie: string,
  group: string,
  truth: string,
  instead: string,
  ids: readonly string[],
];

const liesInMessages: readonly Lie[] = [
  [
    'another welcome',
    'seed',
    'Connected to HERMES',
    'Connected to Hermes',
    ['BROKER-FRAME-1', 'BROKER-WS-1'],
  ],
  [
    'another blank in an ack',
    'seed',
    '"ack_unsubscribe", "topic"',
    '"ack_unsubscribe" ,"topic"',
    ['BROKER-FRAME-1', 'BROKER-SUB-1', 'BROKER-SUB-2'],
  ],
  ['numbers written anew', 'seed', '170.50', '170.5 ', ['BROKER-DATA-1', 'BROKER-PUB-1', 'JSON-3']],
  [
    'other words for a mistake',
    'requests',
    'must be valid JSON.',
    'must be valid json.',
    ['BROKER-REQ-3', 'JSON-1', 'JSON-2'],
  ],
  ['another depth', 'requests', 'at most 512 levels', 'at most 511 levels', ['JSON-2']],
  ['a wrong count', 'topics', '"subscribers":1', '"subscribers":2', ['BROKER-LIST-2']],
  [
    'other words for a name',
    'topics',
    'without control characters',
    'without control sequences ',
    ['BROKER-TOPIC-1'],
  ],
  [
    'the seventh place twice',
    'publishing',
    '"offset":7,',
    '"offset":6,',
    ['BROKER-ORD-1', 'BROKER-ORD-2'],
  ],
  [
    'duplicates that are not told',
    'publishing',
    '"duplicate":true',
    '"duplicate":null',
    ['BROKER-DUP-1', 'BROKER-DUP-2', 'BROKER-FRAME-3'],
  ],
  [
    'recovery that is denied',
    'recovery',
    '"recovered":true}',
    '"recovered":null}',
    [
      ...[
        'BROKER-FRAME-2',
        'BROKER-REC-1',
        'BROKER-REC-3',
        'BROKER-REC-4',
        'BROKER-REC-5',
        'BROKER-REC-6',
      ],
      'BROKER-SUB-3',
    ],
  ],
  [
    'recovery that is promised',
    'recovery',
    '"recovered":false',
    '"recovered":true ',
    ['BROKER-FRAME-2', 'BROKER-REC-2', 'BROKER-REC-3', 'BROKER-REC-4'],
  ],
  ['a hint with another status', 'http', 'HTTP/1.1 426', 'HTTP/1.1 400', ['BROKER-HTTP-4']],
  ['another item in a sentence', 'http', '(item 1)', '(item 0)', ['BROKER-HTTP-2']],
  [
    'an event with another name',
    'event-streams',
    'event: subscribed',
    'event: subscriber',
    ['SSE-1', 'SSE-4', 'SSE-5', 'SSE-6'],
  ],
  [
    'an event without its id',
    'event-streams',
    'id: ',
    'ix: ',
    ['BROKER-REC-3', 'BROKER-SUB-2', 'SSE-1', 'SSE-2', 'SSE-4', 'SSE-5', 'SSE-6'],
  ],
  [
    'pages that are let in',
    'browsers',
    'HTTP/1.1 403',
    'HTTP/1.1 200',
    ['BROKER-CORS-1', 'BROKER-CORS-3', 'BROKER-CORS-4', 'BROKER-DOOR-3'],
  ],
  [
    'other words for a right',
    'rights',
    'Not allowed to publish',
    'Not allowed to proclai',
    ['BROKER-AUTH-3', 'BROKER-AUTH-4'],
  ],
  [
    'a token that nobody asks for',
    'rights',
    'HTTP/1.1 401',
    'HTTP/1.1 403',
    ['BROKER-AUTH-1', 'BROKER-AUTH-2'],
  ],
  ['other words for a rate', 'limits', 'Too many messages', 'Too many requests', ['BROKER-LIM-1']],
  [
    'other words for no room',
    'limits',
    'Not published to',
    'Not proclaimed: ',
    ['BROKER-HTTP-3', 'BROKER-LIM-3', 'BROKER-PUB-6'],
  ],
  ['another sign of life', 'keep-alive', ': keep-alive', ': keep-aware', ['SSE-7']],
  [
    'gaps under another name',
    'slow-readers',
    '"type":"gap"',
    '"type":"gab"',
    ['BROKER-FRAME-5', 'BROKER-ORD-2', 'BROKER-SLOW-3', 'BROKER-SLOW-4', 'SSE-3'],
  ],
];

const liesInBytes: readonly Lie[] = [
  [
    'another blank in an ack',
    'seed',
    '"ack_subscribe", "topic"',
    '"ack_subscribe" ,"topic"',
    [
      ...['BROKER-DOOR-1', 'BROKER-FRAME-1', 'BROKER-SUB-1', 'BROKER-SUB-2', 'BROKER-SUB-3'],
      'BROKER-WS-2',
    ],
  ],
  ['another status for a version', 'handshake', 'HTTP/1.1 426', 'HTTP/1.1 400', ['WS-SHAKE-1']],
  ['a key that was not read', 'handshake', 's3pPLMBi', 'S3pPLMBi', ['WS-SHAKE-1', 'WS-SHAKE-2']],
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
    '1000 for what is too big',
    'framing',
    '\u0003\u00f1',
    '\u0003\u00e8',
    ['WS-FRAME-7', 'WS-FRAME-9'],
  ],
  [
    'a pong with another payload',
    'framing',
    '\u008a\u0004amid',
    '\u008a\u0004made',
    ['BROKER-KEEP-2', 'WS-FRAME-1', 'WS-FRAME-4'],
  ],
  [
    'a context that is kept',
    'deflate',
    'client_no_context_takeover',
    'client_my_context_takeover',
    ['WS-SHAKE-3'],
  ],
  ['another status for a body', 'http-bytes', 'HTTP/1.1 413', 'HTTP/1.1 400', ['WEB-HTTP-5']],
  [
    'other words for a token',
    'tokens',
    'has expired',
    'had expired',
    ['BROKER-CLOSE-4', 'PROC-AUTH-3'],
  ],
  ['another health', 'process', '"status":"ok"', '"status":"on"', ['PROC-ADMIN-1']],
];

describe('on simulated edges', () => {
  test.each(liesInMessages)(
    'a server with %s fails in %s',
    async (_, group, truth, instead, ids) => {
      expect(instead).toHaveLength(truth.length);
      const lie = (text: string): string => text.replaceAll(truth, instead);
      const failed = new Set<Case>();
      for (const [one, options] of simulated(group))
        await runSimulated(one, { ...options, lie }).catch(() => failed.add(one));
      expect(idsOf(failed)).toEqual(ids);
    },
  );

  test.each(groups)('nothing of %s passes where everything heard is hello', async (group) => {
    const passed: string[] = [];
    for (const [one, options] of simulated(group)) {
      await runSimulated(one, { ...options, lie: () => HELLO }, 500).then(
        () => passed.push(one.title),
        () => {},
      );
    }
    expect(passed).toEqual([]);
  });
});

describe('on sockets', () => {
  test.each(liesInBytes)('a server with %s fails in %s', async (_, group, truth, instead, ids) => {
    expect(instead).toHaveLength(truth.length);
    const broker = await liar(String(node.doors['broker']), truth, instead);
    const admin = await liar(String(node.doors['admin']), truth, instead);
    const told = { secret: SECRET, origin: PAGE, admin: `http://${admin}` };
    const site = siteAt(`ws://${broker}`, { greets: true, deflates: true }, told);
    expect(idsOf(await failures(group, site, 10_000))).toEqual(ids);
  });

  test.each(groups)(
    'nothing of %s passes against a server that says hello to everything',
    async (group) => {
      const address = await parrot(group);
      const few = [
        'topicsMax',
        'messagesPerSecondMax',
        'connectionsMax',
        'connectionsPerAddressMax',
      ];
      const settings = readSettings([
        ...few.map((name) => `${name}=20`),
        'historyBytesTotalMax=1000',
      ]);
      const told = { settings, secret: SECRET, origin: PAGE, admin: `http://${address}` };
      const site = siteAt(`ws://${address}`, { greets: false, deflates: true }, told);
      const its = brokerCases.filter((one) => one.group === group);
      const failed = new Set(await failures(group, site, 500, its));
      expect(its.filter((one) => !failed.has(one)).map(({ title }) => title)).toEqual([]);
    },
  );
});

/** The cases of a group, each with a world in which it can be run. */
function simulated(group: string): [Case, SimSiteOptions][] {
  const worlds: SimSiteOptions[] = [{ lane: 'byte', shards: 1, seed: 1 }];
  for (const { settings, isGuarded } of configurations) {
    const guard = isGuarded ? { requireToken: true, allowedOrigins: [PAGE] } : {};
    worlds.push({ lane: 'byte', shards: 1, seed: 1, settings, ...guard });
  }
  return brokerCases.flatMap((one): [Case, SimSiteOptions][] => {
    if (one.group !== group) return [];
    const world = worlds.find((each) => reasonNotToRun(one, new SimSite(each)) === undefined);
    return world === undefined ? [] : [[one, world]];
  });
}

/** Those that fail, all at once, because most of these wait until they give up. */
async function failures(
  group: string,
  site: Site,
  deadlineMs: number,
  cases: readonly Case[] = brokerCases.filter((one) => reasonNotToRun(one, site) === undefined),
): Promise<Case[]> {
  const failed: Case[] = [];
  const run = (one: Case): Promise<unknown> =>
    runCase(one, site, deadlineMs).catch(() => failed.push(one));
  await Promise.all(cases.filter((one) => one.group === group).map(run));
  return failed;
}

function idsOf(cases: Iterable<Case>): string[] {
  return [...new Set([...cases].flatMap(({ ids }) => ids))].toSorted();
}

/** Our node, but for one text that it says. */
async function liar(address: string, truth: string, instead: string): Promise<string> {
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
 * Opens whatever asks for a WebSocket, agrees to whatever it offers, says the same to every frame and request, and
 * never closes. In the group of handshakes it has not even read the key.
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
      const offers = [...said.matchAll(/^Sec-WebSocket-(?:Extensions|Protocol): .*\r\n/gim)];
      const proof = createHash('sha1').update(group === 'handshake' ? '' : key + GUID);
      if (/^[A-Z]+ .*HTTP/.test(said) && /^Upgrade: /im.test(said)) {
        client.write(
          `HTTP/1.1 101 Hello\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${offers.join('')}Sec-WebSocket-Accept: ${proof.digest('base64')}\r\n\r\n`,
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
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
