// The promise of prev-ids: an origin that knows everything, a publisher whose words get lost and come in any order, a
// shard that dies. Whoever follows has everything in the end, once, and in order.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { topicOfChannel } from '../../../../src/actors/gateway/channel-messages.ts';
import { homeOf } from '../../../../src/actors/routing/topic.ts';
import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import { GatewayStage } from '../../../support/gateway-stage.ts';
import type { GatewayClient, OriginScript } from '../../../support/staged-origin.ts';

/** The shard that orders the channel `f`, and the other one. */
const HOME = homeOf(topicOfChannel('f'), 2);
const OTHER = 1 - HOME;

/** Of the channel `f`. Has all items, numbered from 1; says those that its asker has not, or holds. */
class Origin {
  written = 0;
  readonly script: OriginScript = ({ asked }) => {
    const url = new URL(asked.target, 'http://origin/');
    const last = asked.headers.find(([name]) => name === 'Grip-Last')?.[1];
    const after = Number(
      /last-id=(\d+)/.exec(last ?? '')?.[1] ?? url.searchParams.get('after') ?? 0,
    );
    const body = this.itemsAfter(after);
    const channel: HeaderList = [['Grip-Channel', `f; prev-id=${this.written}`]];
    if (url.pathname === '/poll') {
      if (body !== '') return { body };
      return { headers: [['Grip-Hold', 'response'], ['Grip-Timeout', '5'], ...channel] };
    }
    const link = ['Grip-Link', '</stream>; rel=next; timeout=5'] as const;
    return { headers: [['Grip-Hold', 'stream'], link, ...channel], body };
  };

  itemsAfter(after: number): string {
    let text = '';
    for (let at = after + 1; at <= this.written; at += 1) text += `${at};`;
    return text;
  }
}

/** Asks again as soon as it is answered, for what it has not. */
class Poller {
  text = '';
  #client: GatewayClient | undefined;
  readonly #stage: GatewayStage;
  readonly #shard: number;

  constructor(stage: GatewayStage, shard: number) {
    this.#stage = stage;
    this.#shard = shard;
  }

  look(): void {
    const { answered } = this.#client ?? { answered: undefined };
    if (answered !== undefined) {
      this.text += answered.body;
      this.#client = undefined;
    }
    const after = this.text.split(';').at(-2) ?? '0';
    const where = { shard: this.#shard, path: '/poll', search: `?after=${after}` };
    this.#client ??= this.#stage.request(where);
  }
}

const happening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('write' as const), fate: fc.nat() }) },
  { weight: 2, arbitrary: fc.constant({ type: 'release' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('stream' as const),
      // Where the home dies nobody is connected, so that it may die.
      shard: fc.constantFrom(OTHER, OTHER, OTHER, HOME),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('poll' as const), shard: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 60, 1_000, 6_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'crash' as const }) },
);
const story = fc.array(fc.tuple(happening, fc.constantFrom(0, 1, 3, 40)), {
  maxLength: 50,
  size: 'max',
});

test.each([true, false])(
  'everybody has everything, once and in order, whatever is lost on the way (first look: %s)',
  (updateOnFirstSubscription) => {
    let crashes = 0;
    fc.assert(
      fc.property(story, fc.nat(), (events, chance) => {
        const origin = new Origin();
        const { script } = origin;
        const options = { updateOnFirstSubscription };
        const stage = new GatewayStage({ chance, origin: script, options });
        const streams: GatewayClient[] = [];
        const pollers: Poller[] = [];
        /** Published out of order, later. */
        const late: object[] = [];
        for (const [event, steps] of events) {
          if (event.type === 'write') {
            origin.written += 1;
            const id = origin.written;
            const content = `${id};`;
            const item = {
              channel: 'f',
              id: `${id}`,
              'prev-id': `${id - 1}`,
              'no-seq': event.fate % 5 === 0,
              formats: { 'http-stream': { content }, 'http-response': { body: content } },
            };
            // Some are lost, some come late, and the others at once.
            if (event.fate % 7 === 1) late.push(item);
            else if (event.fate % 7 !== 2) stage.publish(item);
          } else if (event.type === 'release') stage.publish(...late.splice(0).toReversed());
          else if (event.type === 'stream')
            streams.push(stage.request({ shard: event.shard, path: '/stream' }));
          else if (event.type === 'poll') pollers.push(new Poller(stage, event.shard));
          else if (event.type === 'pass') stage.pass(event.ms);
          else if (streams.every(({ id }) => stage.shards[HOME]?.edge.clients.has(id) !== true)) {
            // Only homes die here: whoever is connected there has lost more than items.
            if (pollers.length === 0) {
              stage.crash(HOME);
              crashes += 1;
            }
          }
          for (const poller of pollers) poller.look();
          for (let at = 0; at < steps; at += 1) stage.step();
        }
        for (let round = 0; round < 20; round += 1) {
          stage.pass(2_000);
          for (const poller of pollers) poller.look();
        }
        const all = origin.itemsAfter(0);
        for (const { text } of [...streams, ...pollers]) expect(text).toBe(all);
        expect(stage.wrongs).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(crashes).toBeGreaterThan(20);
  },
);
