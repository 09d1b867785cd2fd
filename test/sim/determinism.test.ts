// The self-check of determinism: the same seeds give the same runs in any order, on any thread, in any process and
// locale; and a clock that leaks into a payload is found, by the wall around runs or by running twice.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';

import type { Plan, PlanChoices } from '../../src/sim/plan.ts';
import { withSites } from '../../src/sim/search/with-sites.ts';
import { type Dialect, dialectOf } from '../../src/sim/search/dialects.ts';
import { search } from '../../src/sim/search/pool/pool.ts';
import { compared, runSeed, type Subject } from '../../src/sim/search/pool/seed-run.ts';
import { Tally } from '../../src/sim/search/pool/tally.ts';

const seeds = [1, 2, 3, 4];
const sizes = { nodes: 1, clients: 8 };
const subject: Subject = { choices: { lane: 'byte', ...sizes }, only: undefined, isCanary: false };

/** The hash over all seeds, as one process gives it that runs them one after the other. */
let hash = '';

beforeAll(() => {
  const tally = new Tally();
  for (const seed of seeds) tally.add(runSeed(subject, seed).outcome);
  ({ hash } = tally);
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
});

describe('the same seeds give the same runs', () => {
  test('in another order', () => {
    const outcomes = seeds.toReversed().map((seed) => runSeed(subject, seed).outcome);
    const tally = new Tally();
    for (const outcome of outcomes.toReversed()) tally.add(outcome);
    expect(tally.hash).toBe(hash);
  });

  test('behind runs of every other kind', () => {
    const kinds = ['broker', 'gateway', 'chat'].flatMap((only) =>
      [1, 3].map((nodes): Subject => {
        const lane = nodes === 1 ? 'byte' : 'object';
        return { ...subject, only, choices: { lane, nodes, clients: 4 } };
      }),
    );
    const first = kinds.map((kind) => runSeed(kind, 7).outcome);
    const again = kinds.toReversed().map((kind) => runSeed(kind, 7).outcome);
    expect(again.toReversed()).toEqual(first);
  });

  test.each([
    { threads: 1, batchSize: 4 },
    { threads: 2, batchSize: 1 },
  ])('on pool threads: %o', async (how) => {
    const { tally } = await search(
      {
        ...how,
        subject,
        firstSeed: 1,
        runs: seeds.length,
        minutes: undefined,
        untilFailure: false,
        isTwice: false,
      },
      { failed: () => {}, progressed: () => {}, signal: new AbortController().signal },
    );
    expect(tally.failures).toEqual([]);
    expect(tally.hash).toBe(hash);
  });

  test('in a process of another locale, time zone and stack, with other hash seeds', async () => {
    const main = fileURLToPath(new URL('../../src/sim/main.ts', import.meta.url));
    const flags = ['--hash-seed=7', '--stack-size=700', '--random-seed=3'];
    const given = ['--runs', `${seeds.length}`, '--nodes', '1', '--clients', '8', '--json'];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...flags, ...withSites, main, ...given],
      {
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          TZ: 'Asia/Tokyo',
          LANG: 'de_DE.UTF-8',
          LC_ALL: 'de_DE.UTF-8',
        },
      },
    );
    const line = stdout.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(line)).toMatchObject({ runs: seeds.length, failures: 0, hash });
  });
});

describe('a clock that leaks into a payload', () => {
  const clock = Date;
  // What a module took hold of before the run is out of the guard's reach.
  const { now } = Date;

  test.each([
    ['by its name', () => clock.now()],
    ['by a name of its own', () => now()],
  ])('is found, read %s', (_, read) => {
    const dialect = leaking(read);
    const first = runSeed(subject, 1, dialect);
    // The next millisecond, without waiting for it.
    for (const since = now(); now() === since;);
    const { failure } = compared(first, runSeed(subject, 1, dialect));
    expect(failure).toMatchObject({ seed: 1, property: 'nondeterminism' });
  });

  test('is named: the message, its instant and its address', () => {
    const dialect = leaking(() => now());
    const first = runSeed(subject, 1, dialect);
    for (const since = now(); now() === since;);
    const { failure } = compared(first, runSeed(subject, 1, dialect));
    expect(failure?.sentence).toMatch(/two runs differ at message \d+: .*leak\d+.* and .*leak\d+/);
    expect(failure?.where).toMatch(/^\d\//);
    expect(failure?.at).toBeGreaterThan(0);
  });

  test('and no clock is found where none leaks', () => {
    const dialect = leaking(() => 0);
    const { failure } = compared(runSeed(subject, 1, dialect), runSeed(subject, 1, dialect));
    expect(failure).toBeUndefined();
  });
});

/** A dialect whose clients show a token in which the time stands, and which nobody acts upon. */
function leaking(read: () => number): Dialect {
  const { draw, judges } = dialectOf('broker');
  const drawn = (choices: PlanChoices): Plan => {
    const plan = draw(choices);
    // Who asks what has one answer knows its own rights.
    const obedient = plan.clients.filter(({ behaviour }) => behaviour !== 'mistaken');
    const clients = obedient.map((client) => ({
      ...client,
      token: {
        get subscribe() {
          return ['*', `leak${read()}`];
        },
        publish: ['*'],
        expiresInMs: undefined,
        flaw: undefined,
      },
    }));
    return { ...plan, broker: { ...plan.broker, requireToken: true }, clients };
  };
  return { draw: drawn, judges };
}
