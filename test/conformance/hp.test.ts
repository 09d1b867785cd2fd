// The HP suite's own tests: our node passes it in every configuration, what it shows exists in the spec, and every
// requirement of the spec has a case or a reason. Servers that are wrong are in wrong-chats.test.ts.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allHpCases } from './hp/cases.ts';
import { HP_USAGE, readHpArguments } from './hp/command-line.ts';
import { runHpCases } from './hp/run.ts';
import type { HpConfiguration } from './hp/site.ts';
import { configurations, startHp } from './hp/start.ts';
import { hpUnseen } from './hp/unseen.ts';

test.each(Object.keys(configurations) as HpConfiguration[])(
  'this node passes every case when it is set as %s',
  { timeout: 180_000 },
  async (configuration) => {
    const started = await startHp(configuration);
    try {
      const its = allHpCases.filter((one) => one.configuration === configuration);
      const results = await runHpCases(its, started.place);
      const failed = results.filter(({ outcome }) => outcome === 'failed');
      expect(failed.map(({ one, why }) => `${one.title}: ${why}`)).toEqual([]);
      const passed = results.filter(({ outcome }) => outcome === 'passed').length;
      expect(passed).toBe(its.filter(({ isSlow }) => !isSlow).length);
    } finally {
      await started.stop();
    }
  },
);

describe('the command line', () => {
  test.each([
    [['--dialect', 'hp'], /--target must be/],
    [['--dialect', 'hp', '--target', 'here'], /--target must be/],
    [['--dialect', 'hp', '--target', 'ws://a:1'], /--target must be/],
    [['--dialect', 'hp', '--target', 'a:1', '--start', 'hermod'], /--target must be/],
    [['--dialect', 'hp', '--start', 'pushpin'], /--start must be/],
    [['--dialect', 'hp', '--target', 'a:1', '--only', 'nothing'], /no such group/],
    [['--dialect', 'hp', '--target', 'a:1', '--peer', 'a:2'], /--peer needs --secret-file/],
    [['--dialect', 'hp', '--target', 'a:1', '--configuration', 'odd'], /--configuration must be/],
    [['--dialect', 'hp', '--target', 'a:1', '--bridge', 'a=b'], /--bridge must be/],
  ])('%s', (args, sentence) => {
    expect(readHpArguments(args)).toMatch(sentence);
  });

  test.each(['[::1]:7500', 'tcp://[::1]:7500'])('the address %s and a group', (target) => {
    expect(
      readHpArguments(['--dialect', 'hp', '--target', target, '--only', 'chat']),
    ).toMatchObject({
      place: { host: '::1', port: 7_500, configuration: 'plain' },
      isWhole: false,
    });
  });

  test('help names every group and configuration', () => {
    for (const name of [
      ...new Set(allHpCases.map(({ group }) => group)),
      ...Object.keys(configurations),
    ])
      expect(HP_USAGE).toContain(name);
  });
});

test('every requirement has a case or a reason, never both, and no case shows one that does not exist', () => {
  const defined = ['spec/hp.md', 'spec/hp-peer.md'].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\*\*\[(HP-[A-Z]+-\d+)\]\*\*/g)].map(
      ([, id = '']) => id,
    ),
  );
  for (const { ids, title } of allHpCases) {
    expect([title, ids.length > 0]).toEqual([title, true]);
    for (const id of ids.filter((one) => !one.startsWith('BRIDGE'))) expect(defined).toContain(id);
  }
  const seen = new Set(
    allHpCases.flatMap(({ ids }) => ids).filter((id) => !id.startsWith('BRIDGE')),
  );
  expect([...seen, ...Object.keys(hpUnseen)].toSorted()).toEqual(defined.toSorted());
  const titles = allHpCases.map(({ title }) => title);
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
});
