// The suite as whoever runs it meets it: its command line, its table, and that nothing of spec/ is left out.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type NodeProcess, startNode } from '../support/node-process.ts';
import { brokerCases } from './broker/cases.ts';
import { type Case, messageCases, TimedOut } from './case.ts';
import { readArguments, USAGE } from './command-line.ts';
import { SECRET } from './configurations.ts';
import { jsonOf, type Result, tableOf } from './report.ts';
import { runCases } from './run.ts';
import { defaultSettings, defaults, fixed, readSettings } from './settings.ts';
import { SimSite } from './sim-site.ts';
import { reasons, unseen } from './unseen.ts';

const idsIn = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/\*\*\[([A-Z0-9-]+)\]\*\*/g)].flatMap(
    ([, id]) => id ?? [],
  );

describe('nothing is left out', () => {
  test.each(Object.entries(unseen))(
    'every requirement of %s has a case, or a reason why it cannot be seen',
    (path, excused) => {
      const defined = idsIn(path);
      expect(defined.length).toBeGreaterThan(15);
      const seen = new Set(brokerCases.flatMap(({ ids }) => ids));
      const excuses = Object.keys(excused);
      expect(defined.filter((id) => !seen.has(id) && !excuses.includes(id))).toEqual([]);
      expect(excuses.filter((id) => seen.has(id) || !defined.includes(id))).toEqual([]);
    },
  );

  test('no case shows a requirement that does not exist', () => {
    const defined = new Set(Object.keys(unseen).flatMap(idsIn));
    const named = brokerCases.flatMap(({ ids }) => ids);
    expect(named.filter((id) => !defined.has(id))).toEqual([]);
  });

  test('no two cases have one title', () => {
    const titles = brokerCases.map(({ title }) => title);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
  });

  test('the defaults are those of the specification', () => {
    const limits = readFileSync('spec/broker.md', 'utf8').split('## Limits')[1] ?? '';
    const rows = [...limits.matchAll(/^\| `(\w+)` \| [^|]+ \| ([\d,]+) \|/gm)];
    const told = Object.fromEntries(
      rows.map(([, name, value = '']) => [name, Number(value.replaceAll(',', ''))]),
    );
    expect(defaults).toEqual(told);
    expect(limits).toMatch(/^\| fragments \| frames \| 16,384 \|/m);
    expect(limits).toMatch(/^\| subprotocols, extensions \| offers \| 32 \|/m);
    expect(limits).toMatch(/^\| head \| bytes \| 16,384 \|/m);
    expect(limits).toMatch(/^\| head \| fields \| 100 \|/m);
    expect(limits).toMatch(/^\| window \| bytes, \+32 for each payload \| 262,144 \|/m);
    expect(fixed).toMatchObject({
      fragments: 16_384,
      offers: 32,
      headBytes: 16_384,
      headFields: 100,
    });
    const process = readFileSync('spec/process.md', 'utf8');
    expect(process).toMatch(/^\| `auth\.leewaySeconds` .* \| 30s \|/m);
    expect(defaultSettings.leewaySeconds).toBe(30);
  });
});

describe('the table', () => {
  const [one, two, three] = brokerCases as [Case, Case, Case];
  const named = (each: Case, id: string): Case => ({ ...each, ids: [id] });
  const results: Result[] = [
    { one: named(one, 'A-1'), outcome: 'passed', why: '' },
    { one: named(two, 'B-1'), outcome: 'failed', why: 'a | b\nc' },
    { one: named(three, 'B-1'), outcome: 'passed', why: '' },
    { one: named(three, 'C-1'), outcome: 'not run', why: 'needs --token' },
    { one: named(three, 'A-1'), outcome: 'not run', why: 'needs --patient' },
  ];

  test('names each requirement with its first failure or what is missing, and ends in the counts', () => {
    const lines = tableOf(results, { 'D-1': 'nobody can' }).trimEnd().split('\n');
    const title = two.title.replace(/^(?:\[[^\]]*\] )+/, '');
    expect(lines.slice(2)).toEqual([
      '| A-1 | 1 | passed, 1 not run | needs --patient |',
      String.raw`| B-1 | 2 | failed 1 | ${title}: a \| b c |`,
      '| C-1 | 0 | not run | needs --token |',
      '| D-1 | 0 | not seen | nobody can |',
      '',
      '2 cases were not run; the table says what is needed.',
      '2 passed, 1 failed',
    ]);
  });

  test('says the same as JSON', () => {
    const told = JSON.parse(jsonOf(results, 'ws://x', { 'D-1': 'nobody can' })) as object;
    expect(told).toMatchObject({ target: 'ws://x', passed: 2, failed: 1, notRun: 2 });
    expect(told).toMatchObject({
      requirements: [
        { id: 'A-1', passed: 1, failed: 0, notRun: 1 },
        { id: 'B-1', passed: 1, failed: 1, notRun: 0 },
        { id: 'C-1', passed: 0, failed: 0, notRun: 1, why: 'needs --token' },
        { id: 'D-1', passed: 0, failed: 0, notRun: 0, why: 'nobody can' },
      ],
    });
  });
});

describe('the command line', () => {
  const good = ['--dialect', 'broker', '--target', 'ws://localhost:1'];

  test.each<[args: string[], sentence: string]>([
    [[], '--dialect must be broker, grip or hp.'],
    [['--dialect', 'chat', '--target', 'ws://a:1'], '--dialect must be broker, grip or hp.'],
    [['--dialect', 'broker'], '--target must be an address like ws://host:port.'],
    [[...good.slice(0, 3), 'http://a:1'], '--target must be an address like ws://host:port.'],
    [[...good.slice(0, 3), 'ws://a:1/path'], '--target must be an address like ws://host:port.'],
    [[...good.slice(0, 3), 'localhost:80'], '--target must be an address like ws://host:port.'],
    [[...good, '--only', 'sed'], '--only sed: there is no such group. There are seed, requests,'],
    [[...good, '--origin', 'example.org'], '--origin must be an address like http://host:port.'],
    [[...good, '--admin', 'ws://a:1'], '--admin must be an address like http://host:port.'],
    [
      [...good, '--set', 'topicLengthMax'],
      '--set topicLengthMax: it must be a name, "=" and a value.',
    ],
    [[...good, '--set', 'length=1'], '--set length=1: there is no setting length. There are '],
    [
      [...good, '--set', 'batchMax=many'],
      '--set batchMax=many: the value must be a number in digits.',
    ],
    [
      [...good, '--set', 'slowPolicy=kind'],
      '--set slowPolicy=kind: the value must be one of disconnect,',
    ],
    [
      [...good, '--secret-file', '/no/such/file'],
      '--secret-file /no/such/file: it cannot be read (ENOENT).',
    ],
    [[...good, '--ca', '/no/such/file'], '--ca /no/such/file: it cannot be read (ENOENT).'],
    [[...good, '--patince'], "Unknown option '--patince'"],
    [[...good, 'more'], "Unexpected argument 'more'"],
  ])('%j is answered %s', (args, sentence) => {
    const told = readArguments(args);
    expect(told).toMatch(/^.*\n\nUsage: /);
    expect(typeof told === 'string' && told.startsWith(sentence)).toBe(true);
  });

  test('what is told is taken', () => {
    const args = [
      '--only',
      'seed',
      '--only',
      'rights',
      '--set',
      'batchMax=1_0',
      '--set',
      'batchMax=20',
    ];
    const wish = readArguments([
      ...good,
      ...args,
      '--token',
      't',
      '--patient',
      '--origin',
      'https://a.example',
    ]);
    expect(wish).toMatchObject({
      target: 'ws://localhost:1',
      isWhole: false,
      told: {
        isPatient: true,
        token: 't',
        origin: 'https://a.example',
        settings: { batchMax: 20 },
      },
    });
    const groups = typeof wish === 'object' ? wish.cases.map(({ group }) => group) : [];
    expect([...new Set(groups)]).toEqual(['seed', 'rights']);
    expect(readSettings([])).toEqual(defaultSettings);
  });

  test('help names every group and option', () => {
    expect(readArguments(['--help'])).toBeUndefined();
    for (const group of new Set(brokerCases.map((one) => one.group)))
      expect(USAGE).toContain(group);
  });
});

test('a server that answers nothing is not waited for for ever', async () => {
  const mute = messageCases(
    'planted',
    Array.from({ length: 5 }, (_, at) => [
      `[RUN-1] nothing comes, ${at}`,
      () => new Promise<never>(() => {}),
    ]),
  );
  const site = new SimSite({ lane: 'byte', shards: 1, seed: 1 });
  const hurried = { after: 2, deadlineMs: 5 };
  const usual = mute
    .slice(0, 2)
    .map((one) => ({ ...one, run: () => Promise.reject(new TimedOut(9)) }));
  const told: string[] = [];
  const results = await runCases(
    [...usual, ...mute.slice(2)],
    site,
    ({ title }) => told.push(title),
    hurried,
  );
  expect(told).toEqual(mute.map(({ title }) => title));
  const sentence = 'nothing happened within 5 ms';
  expect(results.map(({ why }) => why).slice(2)).toEqual([sentence, sentence, sentence]);
});

describe('a run', () => {
  let node: NodeProcess;
  let guarded: NodeProcess;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hermod-conformance-'));
    [node, guarded] = await Promise.all([
      startNode(['--threads', '2']),
      startNode(['--threads', '1'], { HERMOD_AUTH_SECRET: SECRET }),
    ]);
  });

  afterAll(async () => {
    expect(await Promise.all([node.stop(), guarded.stop()])).toEqual([0, 0]);
    rmSync(folder, { recursive: true });
  });

  test(
    'of everything ends in the counts, and tells of each requirement',
    { timeout: 60_000 },
    async () => {
      const { code, output, errors } = await run(node);
      expect(errors).toBe('');
      const lines = output.trimEnd().split('\n');
      expect(lines.at(-1)).toMatch(/^3\d\d passed, 0 failed$/);
      expect(lines.at(-2)).toMatch(/^\d+ cases were not run; the table says what is needed\.$/);
      const told = lines.flatMap((line) => /^\| ([A-Z]+(?:-[A-Z]+)*-\d+) \|/.exec(line)?.[1] ?? []);
      expect(told.toSorted()).toEqual(Object.keys(unseen).flatMap(idsIn).toSorted());
      expect(output).toMatch(/^\| BROKER-AUTH-3 \| 0 \| not run \| needs --secret-file \|$/m);
      expect(output).toContain(`| SHARD-2 | 0 | not seen | ${reasons['SHARD-2']} |`);
      expect(code).toBe(0);
    },
  );

  test('against a server that is not as it is told to be ends in 1', async () => {
    const { code, output } = await run(node, '--only', 'topics', '--set', 'topicLengthMax=100');
    expect(output).toMatch(/^\| BROKER-TOPIC-1 \| 3 \| failed 1 \| the longest topic is taken/m);
    expect(output).toMatch(/\n\d+ passed, 1 failed\n$/);
    expect(code).toBe(1);
  });

  test('with a secret shows tokens everywhere', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, `${SECRET}\n`);
    const { code, output } = await run(
      guarded,
      '--secret-file',
      file,
      '--only',
      'rights',
      '--json',
    );
    expect(JSON.parse(output)).toMatchObject({ failed: 0, notRun: 2 });
    expect(code).toBe(0);
  });

  test('without the token that is needed does not begin', async () => {
    const { code, output, errors } = await run(guarded);
    expect(errors).toMatch(
      /^No WebSocket opens at ws:.*: the handshake was answered 401 .* Give --token or --secret-file\.\n$/,
    );
    expect([code, output]).toEqual([2, '']);
  });

  test('where nobody listens does not begin', async () => {
    const { code, errors } = await runAt('ws://127.0.0.1:1');
    expect(errors).toMatch(/^No WebSocket opens at ws:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/);
    expect(code).toBe(2);
  });

  test('that is asked for wrongly says so, and one that asks for help gets it', async () => {
    expect(await runAt('http://127.0.0.1:1')).toMatchObject({ code: 2, output: '' });
    expect(await runAt('ws://a', '--help')).toEqual({ code: 0, output: USAGE, errors: '' });
  });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function run(target: NodeProcess, ...args: readonly string[]): Promise<Ended> {
  return runAt(`ws://${target.doors['broker']}`, ...args);
}

function runAt(target: string, ...args: readonly string[]): Promise<Ended> {
  const all = ['test/conformance/main.ts', '--dialect', 'broker', '--target', target, ...args];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output, errors }));
  });
}
