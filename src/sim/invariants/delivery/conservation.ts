// Nothing is lost on the way to readers that are told no places: what such a reader got one after the other stands one
// after the other in the topic, as far as others know the places. Gaps that it was told of are no loss.

import { type Invariant, nameOf } from '../invariant.ts';
import { ByEpoch } from './by-epoch.ts';
import { LastRead } from './last-read.ts';

/** A place by publication, in one epoch of one topic. */
type Places = Map<number, number>;

interface Reading {
  readonly client: number;
  readonly topic: string;
  readonly node: number;
  /** Publications in their order; a gap stands as -1. */
  readonly got: number[];
}

export const conservation: Invariant = {
  property: 'conservation',
  requirements: ['BROKER-PUB-1', 'BROKER-ORD-2', 'BROKER-SLOW-4'],
  judge(report) {
    const places = new ByEpoch<Places>(() => new Map());
    const readings: (Reading | undefined)[] = [];
    const names: string[] = [];
    const repeated = new Set<number>();
    const lastRead = new LastRead(places.of);
    return {
      subscribed({ following, client, topic, node, envelope }) {
        readings[following] = envelope ? undefined : { client, topic, node, got: [] };
      },
      gap({ following }) {
        readings[following]?.got.push(GAP);
      },
      publishSent(event) {
        names[event.publication] ??= nameOf(event);
        if (event.isRepeat) repeated.add(event.publication);
      },
      published({ node, topic, position, publication }) {
        places.of(node, topic, position.epoch).set(publication, position.offset);
      },
      message(event) {
        const { following, position, publication } = event;
        readings[following]?.got.push(publication);
        if (position !== undefined)
          lastRead.of(event, position.epoch).set(publication, position.offset);
      },
      quiet(event) {
        for (const reading of readings) {
          if (reading === undefined) continue;
          const { client, topic, node, got } = reading;
          const hole = holeIn(got, places.epochsOf(node, topic), repeated);
          if (hole === undefined) continue;
          const [before, after] = hole;
          report(
            event,
            `client ${client} got ${names[after] ?? '?'} of '${topic}' right after ${names[before] ?? '?'}, and others between`,
          );
        }
      },
    };
  },
};

/** The first two neighbours that are none in the topic. */
function holeIn(
  got: readonly number[],
  epochs: ReadonlyMap<string, Places>,
  repeated: ReadonlySet<number>,
): readonly [number, number] | undefined {
  for (let at = 1; at < got.length; at += 1) {
    const before = got[at - 1] as number;
    const after = got[at] as number;
    if (before === GAP || after === GAP) continue;
    // Where its id was forgotten, what is sent again has a second place.
    if (repeated.has(before) || repeated.has(after)) continue;
    let isApart = false;
    let isNext = false;
    // What was sent again to a home that began anew has a place in each of its epochs.
    for (const known of epochs.values()) {
      const from = known.get(before);
      const to = known.get(after);
      if (from === undefined || to === undefined) continue;
      if (to === from + 1) isNext = true;
      else isApart = true;
    }
    if (isApart && !isNext) return [before, after];
  }
  return undefined;
}

const GAP = -1;
