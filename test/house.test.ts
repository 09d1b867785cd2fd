// Holds the repository to STYLE.md and to the table "who may import whom". Every rule runs twice:
// on planted violations, which it must find, and on the files as they are, where it must find none.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { gatewaySiteNames } from '../src/sim/plan/gateway.ts';
import { clusterSiteNames } from '../src/sim/plan/casting/sites.ts';
import { siteNames } from '../src/sim/plan/settings.ts';
import { grow, sitesIn } from '../src/sim/search/sites.ts';
import { checkArrows } from './support/arrows.ts';
import {
  checkFileNames,
  checkHeadComments,
  checkInheritance,
  checkLeftovers,
  checkMachineTraces,
  checkModuleState,
  checkPurity,
  checkSizes,
  checkSuffixes,
} from './support/house.ts';
import { checkRequirements } from './support/requirements.ts';
import { filesUnder, under, type SourceFile } from './support/sources.ts';

/** A checker that sees nothing finds nothing: raise this as the house grows. */
const modulesMin = 50;

/** Edges of one world only, each with its reason. */
const twinless: readonly string[] = [
  // Publishers of simulated nodes speak to the control actor itself.
  'src/transports/control.edge.ts',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const files = filesUnder(root);
const code = under(files, 'src', 'test', 'bench', 'tools');
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  dependencies: Record<string, string>;
};
const dependencies = Object.keys(manifest.dependencies);

const file = (path: string, text = ''): SourceFile => ({ path, text });

describe('import arrows', () => {
  const arrow = (path: string, statement: string) =>
    checkArrows([file(path, statement)], dependencies).mistakes;

  test('every arrow of src/ points down', () => {
    const report = checkArrows(files, dependencies);
    expect(report.mistakes).toEqual([]);
    expect(report.modulesSeen).toBeGreaterThanOrEqual(modulesMin);
  });

  test.each([
    ['src/actors/codecs/hp.ts', `import { a } from '../runtime/actor.ts';`],
    ['src/actors/codecs/hp.ts', `import { a } from 'node:buffer';`],
    ['src/actors/runtime/actor.ts', `import type { A } from '../routing/topic.ts';`],
    ['src/actors/runtime/actor.ts', `import { setup } from 'xstate';`],
    ['src/actors/routing/topic.ts', `export { a } from '../codecs/hp.ts';`],
    ['src/actors/routing/topic.ts', `export * from '../chat/room.actor.ts';`],
    ['src/actors/chat/hp.machine.ts', `import { setup } from 'xstate';`],
    ['src/actors/chat/room.actor.ts', `import { a } from '../broker/broker.machine.ts';`],
    ['src/actors/chat/room.actor.ts', `let a: import('../../transports/tcp.edge.ts').A;`],
    ['src/actors/chat/room.actor.ts', `import { a } from '../node.ts';`],
    ['src/actors/node.ts', `import { a } from '../config.ts';`],
    ['src/actors/loose.ts', ``],
    ['src/transports/tcp.edge.ts', `import { a } from '../sim/world.ts';`],
    ['src/transports/tcp.edge.ts', `import { a } from '../config.ts';`],
    ['src/transports/shards.ts', `new URL('../sim/main.ts', import.meta.url);`],
    ['src/transports/websocket.edge.ts', `import { WebSocket } from 'ws';`],
    ['src/config.ts', `import { a } from './transports/tcp.edge.ts';`],
    ['src/sim/world.ts', `import { a } from '../transports/tcp.edge.ts';`],
    ['src/sim/world.ts', `import { a } from './main.ts';`],
    ['src/sim/world.ts', `import { a } from './search/pool.ts';`],
    ['src/sim/invariants/order.ts', `import { a } from '../search/guard.ts';`],
    ['src/sim/world.ts', `import { Piscina } from 'piscina';`],
    ['src/sim/workload/chat.ts', `import { a } from '../../actors/chat/room.actor.ts';`],
    ['src/sim/invariants/order.ts', `import { a } from '../world.ts';`],
    ['src/main.ts', `import { a } from './sim/main.ts';`],
    ['src/main.ts', `await import('./sim/world.ts');`],
    ['src/main.ts', `import { a } from '../test/support/setup.ts';`],
  ])('finds %s: %s', (path, statement) => {
    expect(arrow(path, statement)).toHaveLength(1);
  });

  test.each([
    ['src/actors/runtime/machine.ts', `import { setup } from 'xstate';`],
    ['src/actors/routing/router.actor.ts', `import { a } from '../runtime/actor.ts';`],
    ['src/actors/chat/room.actor.ts', `import { a } from '../codecs/hp.ts';`],
    ['src/actors/node.ts', `import { a } from './chat/room.actor.ts';`],
    ['src/transports/tcp.edge.ts', `import { createServer } from 'node:net';`],
    ['src/sim/search/pool.ts', `import { Piscina } from 'piscina';`],
    ['src/sim/search/pool.ts', `import { simulate } from '../simulate.ts';`],
    ['src/sim/main.ts', `import { a } from './search/pool.ts';`],
    ['src/sim/workload/chat.ts', `import { a } from '../../actors/codecs/hp.ts';`],
    ['src/sim/invariants/order.ts', `import { a } from '../trace.ts';`],
    ['src/main.ts', `await import('./sim/main.ts');`],
  ])('allows %s: %s', (path, statement) => {
    expect(arrow(path, statement)).toEqual([]);
  });
});

describe('buggify sites', () => {
  test('of the actors are those that plans choose among', () => {
    const found = under(files, 'src/actors').flatMap(({ text }) => sitesIn(text));
    const known = [...siteNames, ...gatewaySiteNames, ...clusterSiteNames];
    expect(found.filter((site) => site !== 'always').toSorted()).toEqual(known.toSorted());
    expect(found.length).toBeGreaterThan(5);
  });

  test('are comments in production, and code in the simulator', () => {
    const source =
      '  const bytes = MANY; // buggify few: 1\n  call(\n    a + b, // buggify sum: 0\n  );';
    expect(grow(source)).toBe(
      "  const bytes = (context.buggify('few') ? (1) : (MANY));\n  call(\n    (context.buggify('sum') ? (0) : (a + b)),\n  );",
    );
    expect(grow('const a = 1; // no site')).toBe('const a = 1; // no site');
  });
});

type Rule = (files: readonly SourceFile[]) => readonly string[];

const suffixes: Rule = (all) => checkSuffixes(all, twinless);
const requirements: Rule = (all) => checkRequirements(all).mistakes;
const requirement = file('spec/hp.md', '**[HP-LINE-1]** A line ends in LF.');
const titled = (id: string) => file('test/a.test.ts', `test('[${id}] title', () => {});`);
const actor = (text: string) => file('src/actors/chat/room.ts', text);

/** One violation each: a file, or files that only together break the rule. */
type Planted = readonly (SourceFile | readonly SourceFile[])[];

describe.each<[string, Rule, readonly SourceFile[], Planted]>([
  [
    'names say what is inside',
    checkFileNames,
    code,
    [file('src/types.ts'), file('src/actors/chat/room-utils.ts'), file('test/camelCase.test.ts')],
  ],
  [
    'suffixes keep their promise',
    suffixes,
    files,
    [
      file('src/actors/chat/tcp.edge.ts'),
      file('src/transports/zmq.edge.ts'),
      file('src/sim/a.actor.ts'),
    ],
  ],
  [
    'modules have a head comment',
    checkHeadComments,
    files,
    [actor(`export const a = 1;\n// late`)],
  ],
  [
    'nothing is left for later, no banner, no test is silenced',
    checkLeftovers,
    code,
    [
      file('src/a.ts', '// TO' + 'DO: later'),
      file('src/a.ts', '// --- the other half'),
      file('test/a.test.ts', `test.only('a', () => {});`),
      file('test/b.test.ts', `\n\ndescribe.skip('a', () => {});`),
    ],
  ],
  [
    'where the seed decides, nothing else does',
    checkPurity,
    files,
    [
      actor(`export async function a() {}`),
      actor(`export const a = (p: Promise<void>) => p;`),
      actor(`export const a = new Date(0);`),
      actor(`export const a = { roll: Math.random };`),
      actor(`export const a = Math.pow(2, 0.5);`),
      actor(`const { random } = Math;`),
      actor(`setTimeout(a, 1);`),
      actor(`export const a = process['env'];`),
      actor(`import { a } from 'node:fs';`),
      actor(`export const a = Buffer.from('');`),
      actor(`export const a = 'a'.localeCompare('b');`),
      actor(`export const a = globalThis['Da' + 'te'];`),
    ],
  ],
  [
    'modules keep no state',
    checkModuleState,
    files,
    [
      actor(`let a = 1;`),
      actor(`export let a = 1;`),
      actor(`const a = new Map<string, number>();`),
    ],
  ],
  ['nothing inherits', checkInheritance, files, [actor(`class A extends B {}`)]],
  [
    'rooms stay small',
    checkSizes,
    files,
    [
      actor('// a\n'.repeat(401)),
      Array.from({ length: 13 }, (_, n) => file(`src/actors/codecs/a${String(n)}.ts`)),
    ],
  ],
  [
    'nothing is true on one machine only',
    checkMachineTraces,
    files,
    [
      file('README.md', 'run /wo' + 'rk/main/a'),
      file('a.sh', 'cd /ro' + 'ot/a'),
      file('package-lock.json', '"resolved": ' + '"https://example.org/a.tgz"'),
    ],
  ],
])('%s', (_, rule, real, planted) => {
  test('here', () => {
    expect(rule(real)).toEqual([]);
  });

  test('and each planted violation is found', () => {
    for (const violation of planted) expect(rule([violation].flat())).toHaveLength(1);
  });
});

describe('requirements', () => {
  test('each has a test or an excuse, and no other is named', () => {
    expect(requirements(files)).toEqual([]);
  });

  test.each<[string, readonly SourceFile[]]>([
    ['has no test', [requirement]],
    ['defined nowhere', [requirement, titled('HP-LINE-1'), titled('HP-LINE-2')]],
    ['defined nowhere', [requirement, titled('HP-LINE-1'), actor('// [HP-LINE-3] because')]],
    ['already defined', [requirement, { ...requirement, path: 'spec/b.md' }, titled('HP-LINE-1')]],
    [
      'is excused but has a test',
      [requirement, titled('HP-LINE-1'), file('spec/untested.md', '| [HP-LINE-1] | why |')],
    ],
  ])('finds a requirement that %s', (mistake, planted) => {
    expect(requirements(planted)).toEqual([expect.stringContaining(mistake)]);
  });

  test.each<[string, readonly SourceFile[]]>([
    ['requirement that has a test', [requirement, titled('HP-LINE-1')]],
    [
      'requirement that has an excuse',
      [requirement, file('spec/untested.md', '| [HP-LINE-1] | why |')],
    ],
    ['house without a spec', [titled('HP-LINE-1')]],
  ])('is content with a %s', (_, planted) => {
    expect(requirements(planted)).toEqual([]);
  });
});
