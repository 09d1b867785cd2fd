import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Stage } from '../../support/stage.ts';
import type { WebClient } from '../../support/staged-web.ts';

interface Frame {
  readonly type: string;
  readonly topic: string;
  readonly epoch: string;
  readonly offset: number;
  readonly recovered?: boolean;
}

const topics = ['a', 'b'];

/** Between the acks of a reader each offset comes once, in order, from the place that the ack told. */
function judge(
  reader: WebClient,
  frames: readonly Frame[],
  asked: readonly (number | undefined)[],
): void {
  const places = new Map<string, number>();
  let acks = 0;
  for (const frame of frames) {
    if (frame.type === 'ack_subscribe') {
      const since = asked[acks];
      acks += 1;
      const place = places.get(frame.topic);
      // Who followed already and asks for nothing that was missed reads on where it was.
      if (since === undefined && place !== undefined) expect(frame.offset).toBe(place);
      places.set(frame.topic, frame.recovered === true ? (since ?? 0) : frame.offset);
      continue;
    }
    if (frame.type === 'ack_unsubscribe') places.delete(frame.topic);
    if (frame.type !== 'message') continue;
    const place = places.get(frame.topic);
    expect(place, `reader ${reader.id} follows ${frame.topic}`).not.toBeUndefined();
    expect(frame.offset, `reader ${reader.id}, ${frame.topic}`).toBe((place ?? 0) + 1);
    places.set(frame.topic, frame.offset);
  }
}

test('[BROKER-ORD-2] [BROKER-REC-1] whatever comes in whatever turns: each reader sees each offset once, in order, from its place', () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('publish' as const),
        who: fc.nat(5),
        topic: fc.constantFrom(...topics),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('subscribe' as const),
        who: fc.nat(5),
        topic: fc.constantFrom(...topics),
        back: fc.option(fc.nat(6), { nil: undefined }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('unsubscribe' as const),
        who: fc.nat(5),
        topic: fc.constantFrom(...topics),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('swap' as const), who: fc.nat(5) }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('run' as const), steps: fc.nat(12) }) },
  );
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom(1, 3),
      fc.array(step, { minLength: 30, maxLength: 120 }),
      (chance, shards, steps) => {
        const stage = new Stage({
          shards,
          chance,
          broker: { welcome: false },
          home: { historyCountMax: 5 },
        });
        const epochs = new Map<string, string>();
        // The topics are kept alive, and their epochs known, by one who follows them all along.
        const keeper = stage.connect();
        stage.settle();
        for (const topic of topics) keeper.say({ type: 'subscribe', topic, envelope: true });
        stage.settle();
        for (const { topic, epoch } of keeper.takeJson() as Frame[]) epochs.set(topic, epoch);
        const published = new Map(topics.map((topic) => [topic, 0]));
        const readers: { client: WebClient; asked: (number | undefined)[] }[] = [];
        const join = (shard: number) => {
          const client = stage.connect({ shard });
          stage.until(() => client.owner !== undefined);
          return { client, asked: [] as (number | undefined)[] };
        };
        for (let n = 0; n < 6; n += 1) readers.push(join(n % shards));
        const gone: typeof readers = [];
        for (const one of steps) {
          if (one.kind === 'run') {
            for (let n = 0; n < one.steps; n += 1) stage.step();
            continue;
          }
          const reader = readers[one.who] ?? expect.fail('no such reader');
          const { client, asked } = reader;
          if (one.kind === 'publish') {
            const count = (published.get(one.topic) ?? 0) + 1;
            published.set(one.topic, count);
            client.say({ topic: one.topic, data: count });
          } else if (one.kind === 'subscribe') {
            const { topic, back } = one;
            const offset =
              back === undefined ? undefined : Math.max(0, (published.get(topic) ?? 0) - back);
            asked.push(offset);
            const since =
              offset === undefined ? {} : { since: { epoch: epochs.get(topic), offset } };
            client.say({ type: 'subscribe', topic, envelope: true, ...since });
          } else if (one.kind === 'unsubscribe')
            client.say({ type: 'unsubscribe', topic: one.topic });
          else {
            client.leave();
            gone.push(reader);
            readers[one.who] = join(one.who % shards);
          }
        }
        stage.settle();
        expect(stage.troubles).toEqual([]);
        for (const { client, asked } of [...readers, ...gone])
          judge(client, client.takeJson() as Frame[], asked);
        const kept = keeper.takeJson() as Frame[];
        for (const topic of topics) {
          const seen = kept.filter((frame) => frame.topic === topic).map(({ offset }) => offset);
          expect(seen).toEqual(Array.from({ length: published.get(topic) ?? 0 }, (_, n) => n + 1));
        }
        for (const shard of stage.shards) shard.web.commands.length = 0;
        // Whoever follows a topic at the end hears what comes then, and is the one that is counted.
        for (const topic of topics) {
          keeper.say({ topic, data: 'last', ack: true });
          stage.settle();
          const heard = [keeper, ...readers.map(({ client }) => client)].filter((client) =>
            client.frames.some(
              (frame) => frame.includes('"data":"last"') && frame.includes(`"${topic}"`),
            ),
          );
          const [ack] = (keeper.takeJson() as { type: string; subscribers: number }[]).filter(
            ({ type }) => type === 'ack_publish',
          );
          expect(ack?.subscribers).toBe(heard.length);
        }
        // Nobody writes to those who are gone.
        const written = new Set<number>();
        for (const { web } of stage.shards) {
          for (const command of web.commands) {
            if (command.type === 'write') for (const id of command.connections) written.add(id);
          }
        }
        for (const { client } of gone) expect(written.has(client.id)).toBe(false);
      },
    ),
    { numRuns: 120 },
  );
});
