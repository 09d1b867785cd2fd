// The HP suite's own proof: servers that are wrong in one place fail where that is looked at, and one that answers
// everything with the same words passes nothing of any group. Each lie stands between the suite and a node of ours.

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allHpCases } from './hp/cases.ts';
import { resultOf, runHpCases } from './hp/run.ts';
import type { HpCase, HpPlace } from './hp/site.ts';
import { type StartedHp, startHp } from './hp/start.ts';

let node: StartedHp;
/** How everything is given up in the end. */
const opened: (() => void)[] = [];

beforeAll(async () => {
  node = await startHp('plain');
}, 30_000);

afterAll(async () => {
  for (const close of opened) close();
  await node.stop();
});

/** What the server says, put otherwise; nothing where it is not said at all. */
type Lie = (line: string) => string | undefined;

const swap =
  (truth: string | RegExp, instead: string): Lie =>
  (line) =>
    line.replace(truth, instead);
const without =
  (part: string): Lie =>
  (line) =>
    line.includes(part) ? undefined : line;

/** [what is wrong, in which words, what must fail of the peers’ cases: a part of a title]. */
const peerLies: readonly (readonly [what: string, lie: Lie, titles: readonly string[]])[] = [
  ['a proof of the wrong role', swap(/"proof":"[^"]*"/, '"proof":"AAAA"'), ['the five messages']],
  [
    'one nonce for all',
    swap(/"nonce":"[^"]*"/, `"nonce":"${'A'.repeat(43)}"`),
    ['no two challenges', 'the five messages'],
  ],
  [
    'members before the proof',
    (line) => line.replace('"SERVER_CHALLENGE"', '"SERVER_CHALLENGE","members":[]'),
    ['who has another secret'],
  ],
  [
    'another name for a wrong proof',
    swap('PEER_AUTH_FAILED', 'AUTH_FAILED'),
    ['who has another secret', 'sent back'],
  ],
  [
    'another name for another cluster',
    swap('CLUSTER_MISMATCH', 'WRONG'),
    ['another cluster, a key'],
  ],
  ['no answer to heartbeats', without('"HEARTBEAT_ACK"'), ['heartbeats come every second']],
  [
    'heartbeats that are not counted',
    swap(/"hb":\d+,"echo"/, '"hb":1,"echo"'),
    ['heartbeats come every second'],
  ],
  ['no heartbeats', without('"type":"HEARTBEAT",'), ['heartbeats come every second', 'names whom']],
  [
    'a wrong digest',
    swap(/"digest":"[^"]{16}"/, '"digest":"0123456789abcdef"'),
    ['the version and the digest'],
  ],
  ['steps that are missing', without('"PRESENCE_DELTA"'), ['who logs in, changes and leaves']],
  ['no end of a sync', without('"SYNC_DONE"'), ['the owner answers']],
  [
    'no question after a gap',
    without('"PRESENCE_SYNC_REQUEST"'),
    ['where something is missing', 'pieces out of their order'],
  ],
  ['interest that is not told', without('"whole":"no"'), ['what is followed is told']],
  [
    'publications twice',
    (line) => (line.includes('"publication"') ? `${line}\n${line}` : line),
    ['a publication goes once'],
  ],
  ['a forward that may be forwarded', swap('"ttl":0', '"ttl":1'), ['a publication goes once']],
  ['nothing acknowledged', without('"FORWARD_ACK"'), ['acknowledged at once']],
  [
    'an outcome that is no outcome',
    swap('noSession', 'delivered'),
    ['is given to each session once'],
  ],
  [
    'an earlier life that is not told the later',
    swap(/,"known":\d+/, ''),
    ['an earlier life', 'an earlier process'],
  ],
  [
    'links that are never doubled',
    swap('DUPLICATE_LINK', 'TIMEOUT'),
    ['of two links that one node has made'],
  ],
];

const clientLies: readonly (readonly [what: string, lie: Lie, titles: readonly string[]])[] = [
  ['places that stand still', swap(/"seq":2,/, '"seq":1,'), ['history is paged']],
  [
    'a message that comes twice',
    (line) => (line.includes('"ROOM_MESSAGE"') ? `${line}\n${line}` : line),
    ['one ACK to who speaks'],
  ],
  ['duplicates that are not told', swap(',"duplicate":true', ''), ['the same id again']],
  ['somebody else’s name', swap('"from":"', '"from":"x'), ['one ACK to who speaks']],
  ['a session that was not kept', swap('"RESUME_OK"', '"LOGIN_OK"'), ['after a reset']],
  [
    'unknown fields that are passed on',
    swap('"ROOM_MESSAGE","id"', '"ROOM_MESSAGE","trace":1,"id"'),
    ['are not passed on'],
  ],
  [
    'errors that are never fatal',
    swap('"fatal":true', '"fatal":false'),
    ['the third line of garbage'],
  ],
  [
    'errors without their request',
    swap(/"ref":"[^"]*","fatal"/, '"ref":null,"fatal"'),
    ['an error names the request'],
  ],
  ['ids that are no UUIDs', swap(/"id":"[\da-f]{8}-/, '"id":"'), ['six fields in their order']],
  ['a status that lies', swap('"status":"offline"', '"status":"online"'), ['one offline']],
];

describe.concurrent('between nodes', () => {
  test.each(peerLies)('a server with %s', { timeout: 60_000 }, async (_, lie, titles) => {
    const place = await besidePeers(lie);
    const results = await Promise.all(named(titles, true).map((one) => resultOf(one, place)));
    expect(results.map(({ outcome }) => outcome)).toEqual(titles.map(() => 'failed'));
  });
});

describe.concurrent('for clients', () => {
  test.each(clientLies)('a server with %s', { timeout: 60_000 }, async (_, lie, titles) => {
    const place = { ...node.place, ...(await between(node.place, lie)) };
    const results = await Promise.all(named(titles, false).map((one) => resultOf(one, place)));
    expect(results.map(({ outcome }) => outcome)).toEqual(titles.map(() => 'failed'));
  });
});

test('told the truth by the same way, all of these pass', { timeout: 120_000 }, async () => {
  const place = await besidePeers((line) => line);
  const all = [
    ...named(
      peerLies.flatMap(([, , titles]) => titles),
      true,
    ),
    ...named(
      clientLies.flatMap(([, , titles]) => titles),
      false,
    ),
  ];
  const truth = { ...place, ...(await between(node.place, (line) => line)) };
  const results = await runHpCases([...new Set(all)], truth);
  expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
});

describe.concurrent('a server that answers everything alike', () => {
  test.each([...new Set(allHpCases.map(({ group }) => group))])(
    'passes nothing of %s',
    { timeout: 60_000 },
    async (group) => {
      const parrot = await listening(
        createServer((socket) => {
          socket.on('data', () => socket.write(HELLO));
          guard(socket);
        }),
      );
      const its = allHpCases.filter((one) => one.group === group && !one.isSlow);
      const broker = `${parrot.host}:${parrot.port}`;
      const bridge = { room: 'r', topic: 't', broker };
      const place = { ...parrot, isPatient: false, bridge };
      const peer = { ...parrot, cluster: 'hermod', key: 'k1', secret: 's'.repeat(40) };
      const results = await Promise.all(
        its.map((one) =>
          resultOf(one, { ...place, peer, configuration: one.configuration }, PARROT_MS),
        ),
      );
      const passed = results.filter(({ outcome }) => outcome !== 'failed');
      expect(passed.map(({ one }) => one.title)).toEqual([]);
    },
  );
});

test('cases of another configuration, and those that need a peer, are not run', async () => {
  const place = { host: '127.0.0.1', port: 1, isPatient: false };
  const others = allHpCases.filter((one) => one.configuration !== 'plain' || one.isPeer);
  const results = await runHpCases(others, place);
  expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['not run']));
});

/** The cases whose titles have these parts in them, one for each. */
function named(titles: readonly string[], isPeer: boolean): HpCase[] {
  return titles.map((part) => {
    const [one, ...others] = allHpCases.filter(
      ({ title, isPeer: isIts }) => isIts === isPeer && title.includes(part),
    );
    if (one === undefined || others.length > 0) throw new Error(`not one case: ${part}`);
    return one;
  });
}

async function besidePeers(lie: Lie): Promise<HpPlace> {
  const { peer } = node.place;
  if (peer === undefined) throw new Error('there is no port for other nodes');
  return { ...node.place, peer: { ...peer, ...(await between(peer, lie)) } };
}

/** Whatever is said goes through; what the server says is put otherwise, line by line. */
async function between({ host, port }: { host: string; port: number }, lie: Lie) {
  return listening(
    createServer((client) => {
      const upstream = connect(port, host);
      client.pipe(upstream);
      let rest = '';
      upstream.setEncoding('utf8');
      upstream.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const told = lie(line);
          if (told !== undefined) client.write(`${told}\n`);
        }
      });
      upstream.on('close', () => client.end());
      client.on('close', () => upstream.destroy());
      for (const socket of [client, upstream]) guard(socket);
    }),
  );
}

function guard(socket: Socket): void {
  socket.on('error', () => {});
  opened.push(() => socket.destroy());
}

async function listening(server: Server): Promise<{ host: string; port: number }> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  opened.push(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const HELLO =
  '{"version":"1.0","type":"HELLO","id":"h","timestamp":1,"source":"server","payload":{"hello":true}}\n';
const PARROT_MS = 4_000;
