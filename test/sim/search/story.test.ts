// Stories: everything that one needs to understand a failure is in them, in words, and not much else.

import { describe, expect, test } from 'vitest';

import { invariants } from '../../../src/sim/invariants/all.ts';
import type { Invariant } from '../../../src/sim/invariants/invariant.ts';
import { drawPlan, type Plan } from '../../../src/sim/plan.ts';
import { plainSettings } from '../../../src/sim/plan/settings.ts';
import { plainLink } from '../../../src/sim/plan/simpler.ts';
import { promiseOf } from '../../../src/sim/search/stories/promises.ts';
import { tellStory } from '../../../src/sim/search/story.ts';
import { simulate } from '../../../src/sim/simulate.ts';
import { type ClientPlan, plainHabits } from '../../../src/sim/workload/client-plan.ts';

const someone: ClientPlan = {
  client: 3,
  node: 0,
  behaviour: 'steady',
  transport: 'ws',
  envelope: true,
  recovers: true,
  topics: [],
  publishes: [],
  everyUs: 100_000,
  burst: 1,
  dataBytes: 0,
  idPercent: 0,
  readBytes: 0,
  leavesEveryUs: 0,
  ...plainHabits,
  token: undefined,
  link: plainLink,
};

/** A publisher, a reader, somebody who has nothing to do with them, and a shard that dies. */
const plan: Plan = {
  seed: 7,
  lane: 'byte',
  mood: 'everything',
  nodes: 1,
  shards: 2,
  ...plainSettings,
  home: { ...plainSettings.home, historyCountMax: 5 },
  clients: [
    { ...someone, publishes: ['room/1'], burst: 2, idPercent: 30 },
    { ...someone, client: 7, topics: ['room/1'], link: { ...plainLink, cutPercent: 30 } },
    { ...someone, client: 9, transport: 'sse', topics: ['a'] },
  ],
  faults: [
    { at: 1_000_000, kind: 'slowLink', target: 7, durationUs: 250_000, amount: 40_000 },
    { at: 1_200_000, kind: 'reset', target: 7, durationUs: 0, amount: 0 },
    { at: 9_000_000, kind: 'storm', target: 0, durationUs: 0, amount: 0 },
  ],
  horizonUs: 10_000_000,
};

/** Calls it a failure that somebody who was cut off gets a publication again. */
const backAgain: Invariant = {
  property: 'back-again',
  requirements: ['BROKER-REC-1', 'BROKER-REC-2'],
  judge(report) {
    let hasLost = false;
    return {
      closed() {
        hasLost = true;
      },
      message(event) {
        if (!hasLost) return;
        const { client, position, saidTopic } = event;
        report(
          event,
          `client ${client} got ${position?.epoch}:${position?.offset} of '${saidTopic}'`,
        );
      },
    };
  },
};

describe('a story', () => {
  const report = simulate(plan, undefined, [backAgain]);
  const [violation] = report.violations;
  const lines = tellStory(report);
  const text = lines.join('\n');
  const after = (heading: string): string[] => {
    const from = lines.indexOf(heading) + 1;
    const length = lines.slice(from).findIndex((line) => !line.startsWith('  '));
    return lines.slice(from, from + length);
  };

  test('tells the world, and what is unusual in it', () => {
    expect(lines[0]).toBe(
      'The world of seed 7 in the byte lane: 1 node of 2 shards, numbered node.shard from 0.0.',
    );
    expect(lines[1]).toBe('Unusual in it: a topic remembers 5 publications.');
  });

  test('tells who takes part, those first whom it is about', () => {
    expect(after('Who takes part:')).toEqual([
      "  client 3 publishes to 'room/1' over WebSocket, 2 at a time about every 0.1 s, with ids of its own (30 %)",
      "  client 7 follows 'room/1' by WebSocket, coming back with its place (30 % of chunks are cut)",
      "  client 9 follows 'a' by event stream, coming back with its place",
    ]);
  });

  test('tells the faults until then, in their order, with their instants', () => {
    expect(after('What goes wrong:')).toEqual([
      '   1.000000 s  the way of client 7 takes 40 ms longer for 0.25 s',
      '   1.200000 s  the connection of client 7 breaks',
    ]);
  });

  test('tells what led to it, its cause among it, and it last', () => {
    const happened = after('What happened in the end:');
    const broken = report.trace[violation?.seq ?? -1];
    const cause = report.trace[broken?.cause ?? -1];
    expect(cause?.kind).toBe('publishSent');
    const told = happened.filter((line) => line.includes(' s  '));
    expect(told.some((line) => line.includes(((cause?.at ?? 0) / 1e6).toFixed(6)))).toBe(true);
    expect(told.at(-1)).toMatch(/client 7 gets 3\/\d+ of 'room\/1' at A:\d+$/);
    expect(text).toContain('the connection of client 7 is lost');
    expect(text).toMatch(/client 7 asks to follow 'room\/1', and for what came after A:\d+/);
    expect(text).toMatch(/client 3 publishes 3\/\d+ to 'room\/1'/);
    expect(text).not.toContain('client 9 gets');
    const instants = told.map((line) => Number.parseFloat(line));
    expect(instants).toEqual(instants.toSorted((one, other) => one - other));
  });

  test('calls epochs by letters, and says which', () => {
    const epoch = /got (\w+):/.exec(violation?.sentence ?? '')?.[1];
    expect(text).toContain(`Places are epoch:offset, with A for ${epoch}.`);
    expect(text.split(String(epoch))).toHaveLength(2);
  });

  test('ends with what was broken, and what the spec had promised', () => {
    expect(lines.at(-3)).toMatch(
      /^Broken: back-again \[BROKER-REC-1, BROKER-REC-2\], at 1\.\d{6} s: client 7 got A:\d+ of 'room\/1'\.$/,
    );
    expect(lines.at(-2)).toMatch(/^Promised \[BROKER-REC-1\]: After an ack with .*\.$/);
    expect(lines.at(-1)).toMatch(/^Promised \[BROKER-REC-2\]: Recovery is of all or of nothing: /);
  });

  test('of a run without a violation says so', () => {
    const quiet = tellStory(simulate({ ...plan, faults: [] }));
    expect(quiet).toContain('Nothing goes wrong: ordinary traffic is enough.');
    expect(quiet.at(-1)).toBe('No property is broken.');
  });
});

describe('stories of runs that nobody has made small', () => {
  /** Says of the first event of a kind in each run that it must not be. */
  const never = (kind: 'published' | 'gap' | 'closed' | 'sampled' | 'quiet'): Invariant => ({
    property: 'never',
    requirements: ['BROKER-ORD-1', 'BROKER-ORD-2', 'BROKER-ORD-3', 'BROKER-SUB-2'],
    judge: (report) => ({ [kind]: (event: never) => report(event, `there was one of '${kind}'`) }),
  });

  test.each(['published', 'gap', 'closed', 'sampled', 'quiet'] as const)(
    'are of about thirty lines, and none is wide: %s',
    (kind) => {
      for (let seed = 0; seed < 6; seed += 1) {
        const drawn = drawPlan({ seed, lane: 'object', clients: 12 });
        const report = simulate(drawn, undefined, [never(kind)]);
        if (report.violations.length === 0) continue;
        const lines = tellStory(report);
        expect(lines.length).toBeLessThanOrEqual(34);
        for (const line of lines) expect(line.length).toBeLessThan(600);
        expect(lines.join('\n')).not.toMatch(/undefined|NaN|\[object/);
      }
    },
  );
});

describe('promises', () => {
  test('are found for every requirement that an invariant names, whole and in one line', () => {
    for (const id of new Set(invariants.flatMap(({ requirements }) => requirements))) {
      expect([id, promiseOf(id)]).toEqual([id, expect.stringMatching(/^[^\n]{20,400}[.:]$/)]);
    }
  });

  test('end with their first sentence', () => {
    expect(promiseOf('BROKER-ORD-3')).toBe(
      'All readers of a topic see its publications in the same order.',
    );
  });

  test('are not made up', () => {
    expect(promiseOf('BROKER-ORD-999')).toBeUndefined();
  });
});
