// The cases about messages, unchanged, against our actors under the simulator's edges: in both lanes, with one shard
// and with two, under several seeds that cut and join chunks and draw turns; and so as operators may set a node.

import { describe, expect, test } from 'vitest';

import type { Lane } from '../../src/sim/edges/web.edge.ts';
import { brokerCases } from './broker/cases.ts';
import { type Case, messageCases, reasonNotToRun } from './case.ts';
import { type Configuration, configurations, PAGE } from './configurations.ts';
import { readSettings } from './settings.ts';
import type { SimCase } from './sim-client.ts';
import { runSimulated, SimSite, type SimSiteOptions } from './sim-site.ts';
import { shakeOf } from '../../src/sim/workload/asking/handshakes.ts';

const cases = brokerCases.filter(({ level }) => level === 'messages');
const worlds: [lane: Lane, shards: number, seeds: number[]][] = [
  ['byte', 1, [1, 2]],
  ['byte', 2, [3, 4]],
  ['object', 1, [5]],
  ['object', 2, [6, 7]],
];

const first: SimSiteOptions = { lane: 'byte', shards: 1, seed: 1 };
const plain = cases.filter((one) => reasonNotToRun(one, new SimSite(first)) === undefined);
/** They move tens of megabytes: once is enough. */
const isHeavy = ({ group }: Case): boolean => group === 'slow-readers';
const heavy = plain.filter(isHeavy);
const others = plain.filter((one) => !heavy.includes(one));

describe.each(worlds)('%s lane, shards: %i', (lane, shards, seeds) => {
  test.each(others.map((one) => [one.title, one] as const))('%s', async (_, one) => {
    for (const seed of seeds) await runSimulated(one, { lane, shards, seed });
  });
});

test.each(heavy.map((one) => [one.title, one] as const))('%s', async (_, one) => {
  await runSimulated(one, { lane: 'byte', shards: 2, seed: 1 });
});

/** What can be run in this configuration and not in a plain one. */
function further({ settings, isGuarded }: Configuration): [typeof cases, SimSiteOptions] {
  const options: SimSiteOptions = {
    ...first,
    settings,
    requireToken: isGuarded,
    allowedOrigins: isGuarded ? [PAGE] : [],
  };
  const site = new SimSite(options);
  const its = cases.filter((one) => reasonNotToRun(one, site) === undefined);
  return [its.filter((one) => !plain.includes(one)), options];
}

for (const configuration of configurations) {
  const [its, options] = further(configuration);
  if (its.length === 0) continue;
  describe(configuration.name, () => {
    test.each(its.map((one) => [one.title, one] as const))('%s', async (_, one) => {
      await runSimulated(one, { ...options, lane: 'byte', shards: 2, seed: 1 });
      if (isHeavy(one)) return;
      await runSimulated(one, { ...options, lane: 'object', shards: 1, seed: 2 });
    });
  });
}

test('a node that asks for tokens and has a list of pages passes the plain cases, too', async () => {
  const options = { ...first, shards: 2, requireToken: true, allowedOrigins: [PAGE] };
  const site = new SimSite(options);
  for (const one of others)
    if (reasonNotToRun(one, site) === undefined) await runSimulated(one, options);
});

test.each([
  [
    'small limits',
    [
      ...['topicLengthMax=64', 'idLengthMax=16', 'jsonDepthMax=20', 'batchMax=5', 'sseTopicsMax=3'],
      ...['subscriptionsMax=100', 'sseRetryMs=0', 'historyCountMax=3', 'dedupeIdsMax=5'],
    ],
  ],
  [
    'large limits, and no memory',
    [
      ...['topicLengthMax=4096', 'idLengthMax=4096', 'jsonDepthMax=5000', 'queueBytesMax=65536'],
      ...['historyCountMax=0', 'dedupeIdsMax=0', 'messageBytesMax=200000'],
    ],
  ],
])('cases take their boundaries from what they are told: %s', async (_, told) => {
  const options = { ...first, settings: readSettings(told) };
  const site = new SimSite(options);
  const its = cases.filter((one) => reasonNotToRun(one, site) === undefined);
  expect(its.length).toBeGreaterThan(150);
  for (const one of its) await runSimulated(one, options);
});

test('a case that passes while an actor fails has failed', async () => {
  const [found] = messageCases('planted', [
    [
      '[RUN-2] two handshakes on one connection',
      async ({ door }) => {
        const { up } = (door as unknown as SimCase).connect();
        const headers = shakeOf(0, [], false);
        const head = { method: 'GET', path: '/', query: '', headers };
        for (let times = 0; times < 2; times += 1) up.write({ word: 'upgrade', head }, 0);
        up.pump();
        await door.rest();
      },
    ],
  ]);
  if (found === undefined) throw new Error('there is no case');
  await expect(runSimulated(found, first)).rejects.toThrow('an actor failed: 0/broker');
});

test('every case about messages is run here', () => {
  const run = new Set([...plain, ...configurations.flatMap((each) => further(each)[0])]);
  expect(cases.filter((one) => !run.has(one)).map(({ title }) => title)).toEqual([]);
  expect(cases.length).toBeGreaterThan(200);
});

test('the same seed is the same conversation', async () => {
  const conversation = async (seed: number): Promise<string> => {
    const heard: string[] = [];
    const lie = (text: string): string => {
      heard.push(text);
      return text;
    };
    for (const one of others.slice(0, 20))
      await runSimulated(one, { ...first, shards: 2, seed, lie });
    return heard.join('\n');
  };
  const once = await conversation(1);
  expect(await conversation(1)).toBe(once);
  expect(await conversation(2)).not.toBe(once);
});
