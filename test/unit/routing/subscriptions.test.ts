import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Outbox } from '../../../src/actors/routing/outbox.ts';
import {
  type Stream,
  type Subscription,
  Subscriptions,
  type WireFormat,
} from '../../../src/actors/routing/subscriptions.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { FewMap } from '../../../src/actors/runtime/memory/few-map.ts';

const silent: WireFormat = { encode: ({ data }) => data, encodeGap: () => new Uint8Array() };

function stream(connection: number): Stream<string> {
  return {
    connection,
    owner: addressOf(0, `owner:${connection}`),
    outbox: new Outbox({ queueBytesMax: 0, slowPolicy: 'disconnect' }, () => new Uint8Array()),
    ownFormat: silent,
    subscriptionsMax: 10,
    subscriptions: new FewMap(),
    progressAt: 0,
    wroteAt: 0,
    toldAliveAt: 0,
    keepAlive: undefined,
    stallTimeoutMs: 30_000,
    ...{ isFinishing: false, isSettling: false, recovering: 0, toRecover: undefined },
  };
}

function subscription(connection: number, topic: string, format: string): Subscription<string> {
  return { stream: stream(connection), topic, format, place: -1, alsoAsked: undefined };
}

function connectionsOf(all: Subscriptions<string>, topic: string, format: string): number[] {
  const group = all.get(topic)?.groups.find((candidate) => candidate.format === format);
  for (const [place, one] of (group?.subscriptions ?? []).entries()) {
    expect(one.place).toBe(place);
    expect(group?.connections[place]).toBe(one.stream.connection);
  }
  expect(group?.connections.length).toBe(group?.subscriptions.length);
  return (group?.connections ?? []).toSorted((a, b) => a - b);
}

describe('subscriptions', () => {
  test('count wishes before they are attached, and forget the topic with the last one', () => {
    const all = new Subscriptions<string>();
    const one = subscription(1, 't', 'bare');
    const two = subscription(2, 't', 'bare');
    expect(all.want('t').wanted).toBe(1);
    const local = all.want('t');
    expect(local.wanted).toBe(2);
    all.attach(local, one);
    expect(connectionsOf(all, 't', 'bare')).toEqual([1]);
    expect(all.unwant(two)).toBe(1);
    expect(all.unwant(one)).toBe(0);
    expect(all.get('t')).toBeUndefined();
    expect(all.unwant(one)).toBe(0);
  });

  test('[BROKER-SUB-3] move to another format without being counted twice', () => {
    const all = new Subscriptions<string>();
    const one = subscription(1, 't', 'bare');
    const two = subscription(2, 't', 'bare');
    all.want('t');
    const local = all.want('t');
    all.attach(local, one);
    all.reformat(one, 'envelope');
    all.reformat(two, 'envelope');
    expect(connectionsOf(all, 't', 'bare')).toEqual([]);
    expect(connectionsOf(all, 't', 'envelope')).toEqual([1]);
    all.attach(local, two);
    expect(connectionsOf(all, 't', 'envelope')).toEqual([1, 2]);
    expect(local.wanted).toBe(2);
  });

  test('are what sets would be, whoever comes, moves and leaves', () => {
    const step = fc.record({
      kind: fc.constantFrom(
        'want' as const,
        'attach' as const,
        'reformat' as const,
        'unwant' as const,
      ),
      which: fc.nat(30),
      topic: fc.constantFrom('a', 'b'),
      format: fc.constantFrom('bare', 'envelope'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const all = new Subscriptions<string>();
        let model: Subscription<string>[] = [];
        for (const [index, { kind, which, topic, format }] of steps.entries()) {
          const chosen = model[which % (model.length || 1)];
          if (kind === 'want') {
            all.want(topic);
            model.push(subscription(index, topic, format));
          } else if (chosen === undefined) continue;
          else if (kind === 'reformat') all.reformat(chosen, format);
          else if (kind === 'unwant') {
            model = model.filter((other) => other !== chosen);
            const left = model.filter((other) => other.topic === chosen.topic).length;
            expect(all.unwant(chosen)).toBe(left);
          } else {
            const local = all.get(chosen.topic);
            if (chosen.place < 0 && local !== undefined) all.attach(local, chosen);
          }
          for (const name of ['a', 'b']) {
            const wanting = model.filter((other) => other.topic === name);
            expect(all.get(name)?.wanted ?? 0).toBe(wanting.length);
            for (const form of ['bare', 'envelope']) {
              const reading = wanting.filter((other) => other.format === form && other.place >= 0);
              expect(connectionsOf(all, name, form)).toEqual(
                reading.map((other) => other.stream.connection).toSorted((a, b) => a - b),
              );
            }
          }
        }
      }),
    );
  });
});
