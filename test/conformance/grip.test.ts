// The gateway suite's own tests: its command line, that nothing of spec/ is left out, and that gateways that are wrong
// fail: one that says hello to everything, and one that passes everything on and knows nothing of GRIP.

import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { allGripCases } from './grip/cases.ts';
import { GRIP_USAGE, readGripArguments } from './grip/command-line.ts';
import { freePorts } from '../support/free-port.ts';
import { Origins, PORTS } from './grip/origin.ts';
import { resultOf } from './grip/run.ts';
import type { GripSite } from './grip/site.ts';
import { gripUnseen } from './grip/unseen.ts';

const groups = [...new Set(allGripCases.map(({ group }) => group))];

const idsIn = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/\*\*\[([A-Z0-9-]+)\]\*\*/g)].flatMap(
    ([, id]) => id ?? [],
  );

const documents = ['spec/grip.md', 'spec/websocket-over-http.md', 'spec/pushpin-differences.md'];

describe('nothing is left out', () => {
  test.each(documents)('every id of %s has a case, or a reason why it cannot be seen', (path) => {
    const defined = idsIn(path);
    expect(defined.length).toBeGreaterThan(15);
    const seen = new Set(allGripCases.flatMap(({ ids }) => ids));
    const excused = [
      ...Object.keys(gripUnseen),
      ...readFileSync('spec/untested.md', 'utf8').matchAll(/^\| \[([A-Z0-9-]+)\] \|/gm),
    ].map((each) => (typeof each === 'string' ? each : each[1]));
    expect(defined.filter((id) => !seen.has(id) && !excused.includes(id))).toEqual([]);
  });

  test('no case shows a requirement that does not exist', () => {
    const defined = new Set(documents.flatMap(idsIn));
    const named = allGripCases.flatMap(({ ids }) => ids);
    expect(named.filter((id) => !defined.has(id))).toEqual([]);
  });

  test('no two cases have one title', () => {
    const titles = allGripCases.map(({ title }) => title);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
  });
});

describe('the command line', () => {
  const good = ['--dialect', 'grip', '--target', 'http://a:1', '--control', 'http://a:2'];

  test.each<[args: string[], sentence: string]>([
    [['--dialect', 'grip'], '--target and --control are needed, or --start.'],
    [good.slice(0, 4), '--target and --control are needed, or --start.'],
    [['--start', 'nginx'], '--start must be pushpin or hermod.'],
    [[...good, '--target', 'ws://a:1'], '--target must be an address like http://host:port.'],
    [[...good, '--control', 'http://a/b'], '--control must be an address like http://host:port.'],
    [[...good, '--zmq-pull', 'a:1'], '--zmq-pull must be an address like tcp://host:port.'],
    [[...good, '--configuration', 'x'], '--configuration must be plain or full.'],
    [[...good, '--origin-port', '70000'], '--origin-port must be a port.'],
    [[...good, '--only', 'nothing at all'], '--only nothing at all: there is no such case.'],
    [[...good, '--frob'], "Unknown option '--frob'"],
  ])('%j is answered %s', (args, sentence) => {
    const told = readGripArguments(args);
    expect(typeof told === 'string' && told.startsWith(sentence)).toBe(true);
    expect(told).toMatch(/\n\nUsage: /);
  });

  test('what is told is taken', () => {
    const more = [
      '--zmq-pull',
      'tcp://a:3',
      '--stats',
      'ipc:///b',
      '--pushpin',
      '--only',
      'routes',
    ];
    const wish = readGripArguments([...good, ...more, '--secure-target', 'https://c']);
    expect(wish).toMatchObject({
      start: undefined,
      isWhole: false,
      site: {
        target: { host: 'a', port: 1 },
        control: { host: 'a', port: 2 },
        secureTarget: { host: 'c', port: 443 },
        zmqPull: 'tcp://a:3',
        stats: 'ipc:///b',
        configuration: 'plain',
        isPushpin: true,
      },
    });
    const cases = typeof wish === 'object' ? wish.cases : [];
    expect(new Set(cases.map(({ group }) => group))).toEqual(new Set(['routes']));
  });

  test('a gateway to be started is started in both configurations', () => {
    expect(readGripArguments(['--start', 'pushpin'])).toMatchObject({
      start: 'pushpin',
      configurations: ['plain', 'full'],
      isWhole: true,
    });
  });

  test('help is given', () => {
    expect(readGripArguments(['--help'])).toBeUndefined();
    expect(GRIP_USAGE).toContain('--start KIND');
  });
});

describe('gateways that are wrong', () => {
  let origins: Origins;
  let parrot: Server;
  let proxy: Server;

  beforeAll(async () => {
    origins = await Origins.listen(await freePorts(PORTS));
    parrot = await listening((client) => {
      client.on('data', () => client.write(HELLO));
    });
    proxy = await listening((client) => {
      const origin = connect(origins.ports[0] ?? 0, '127.0.0.1');
      origin.on('error', () => {});
      client.pipe(origin).pipe(client);
      client.on('close', () => origin.destroy());
    });
  });

  afterAll(async () => {
    for (const server of [parrot, proxy]) server.close();
    await origins.close();
  });

  test.each(groups)('nothing of %s passes where everything is answered hello', async (group) => {
    expect(await passed(group, siteOf(parrot, parrot, origins))).toEqual([]);
  });

  test.each(WITHOUT_GRIP)('nothing of %s passes where GRIP is not known', async (group) => {
    expect(await passed(group, siteOf(proxy, parrot, origins))).toEqual([]);
  });

  test('but much of what any proxy does passes there', async () => {
    expect((await passed('proxy', siteOf(proxy, parrot, origins))).length).toBeGreaterThan(40);
  });

  test('a listed difference is expected of Pushpin only, and told where it is not there', async () => {
    const there = { ...siteOf(proxy, parrot, origins), isPushpin: true };
    const one = allGripCases.find(({ title }) => title.startsWith('[GRIP-PROXY-4] [DIFF-1] '));
    const other = allGripCases.find(({ title }) => title.startsWith('[GRIP-SIG-4] [DIFF-5] '));
    if (one === undefined || other === undefined) throw new Error('the cases are gone');
    const outcome = async (each: typeof one, site: GripSite): Promise<string> => {
      const result = await resultOf(each, site);
      return `${result.outcome} ${result.why}`;
    };
    expect(await outcome(one, there)).toBe('passed passes, though DIFF-1 says otherwise');
    expect(await outcome(other, there)).toMatch(/^differs /);
    expect(await outcome(other, { ...there, isPushpin: false })).toMatch(/^failed /);
  });
});

const HELLO = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n';

/** Groups of which a proxy can have nothing right that knows no GRIP. */
const WITHOUT_GRIP = [
  'holds',
  'answers',
  'streams',
  'keep-alives',
  'next-links',
  'positions',
  'order',
  'filters',
];

function siteOf(target: Server, control: Server, origins: Origins): GripSite {
  const place = (server: Server): GripSite['target'] => {
    const address = server.address();
    return { host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
  };
  const socket = `tcp://127.0.0.1:${place(control).port}`;
  return {
    ...{ target: place(target), control: place(control), prometheus: place(control) },
    secureTarget: { ...place(target), serverName: 'localhost' },
    ...{ zmqPull: socket, zmqSub: socket, zmqRep: socket, stats: socket },
    ...{ routesFile: undefined, configuration: 'plain', isPushpin: false },
    origins,
  };
}

/** The titles of those that pass, all at once, because most of these wait until they give up. */
async function passed(group: string, site: GripSite): Promise<string[]> {
  const its = allGripCases.filter((one) => one.group === group);
  const results = await Promise.all(
    its.map((one) => resultOf(one, { ...site, configuration: one.configuration }, 1)),
  );
  return results.flatMap(({ one, outcome }) => (outcome === 'passed' ? one.title : []));
}

async function listening(meet: (client: Socket) => void): Promise<Server> {
  const server = createServer((client) => {
    client.on('error', () => {});
    meet(client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}
