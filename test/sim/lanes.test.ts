// The two lanes are one world: where nothing is cut, joined or broken, a seed has the same history in both, event by
// event. A codec that loses or adds anything parts them.

import { expect, test } from 'vitest';

import { drawPlan, type Plan } from '../../src/sim/plan.ts';
import { simulate } from '../../src/sim/simulate.ts';
import type { TraceEvent } from '../../src/sim/trace.ts';

/** What is left of a plan when no byte is looked at alone. */
function whole(plan: Plan): Plan {
  return {
    ...plan,
    faults: plan.faults.filter(({ kind }) => kind !== 'abort'),
    clients: plan.clients
      .filter(({ behaviour }) => behaviour !== 'malformed')
      .map((client) => ({ ...client, link: { ...client.link, cutPercent: 0, joinPercent: 0 } })),
  };
}

/** Bytes have their own names in each lane, and a JSON object its own order of numbers. */
function comparable(event: TraceEvent): unknown {
  if (event.kind === 'listed') return { ...event, topics: event.topics.map(String).toSorted() };
  if (event.kind === 'told') return { ...event, topics: event.topics.toSorted() };
  if (event.kind === 'answered' && event.heard.startsWith(LISTED)) {
    const topics = JSON.parse(event.heard.slice(LISTED.length)) as [string, number][];
    return {
      ...event,
      bytesName: undefined,
      streamName: undefined,
      heard: topics.map(String).toSorted(),
    };
  }
  return { ...event, bytesName: undefined, streamName: undefined };
}

const LISTED = 'listed ';

// 12, 18 and 28 have texts and data on slow ways, where each byte of a frame takes its time.
test.each([1, 2, 3, 4, 5, 6, 7, 12, 18, 28])('seed %i', (seed) => {
  const plan = whole(drawPlan({ seed, lane: 'byte', nodes: 1, clients: 10 }));
  const bytes = simulate(plan).trace.map(comparable);
  const objects = simulate({ ...plan, lane: 'object' }).trace.map(comparable);
  expect(objects.length).toBe(bytes.length);
  const parted = bytes.findIndex(
    (event, at) => JSON.stringify(event) !== JSON.stringify(objects[at]),
  );
  expect([bytes[parted], objects[parted]]).toEqual([undefined, undefined]);
});
