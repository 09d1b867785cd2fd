// The object lane counts what the byte lane would write: each payload of its wire has the size of the real one's, and
// each request that a client makes has the size of its text.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bytesWire } from '../../src/actors/codecs/broker-wire.ts';
import { encodeText } from '../../src/actors/codecs/utf8-text.ts';
import { ObjectPayload } from '../../src/sim/edges/object-payload.ts';
import { objectWire } from '../../src/sim/edges/object-wire.ts';
import { Arena } from '../../src/sim/edges/arena.ts';
import { bareWord, readWord } from '../../src/sim/workload/hearing/words.ts';
import { dataBytes, writeData } from '../../src/sim/workload/payload.ts';
import { byteSpeech as byteSpeechIn, objectSpeech } from '../../src/sim/workload/speech.ts';

const byteSpeech = byteSpeechIn(new Arena());
const names = fc.constantFrom('stock:AAPL', 'käse 🧀', 'a"b', '__proto__', 'news.*', 'ﷺ', '\\');
const offsets = fc.integer({ min: 1, max: 10_000_000 });
const positions = fc.record({ epoch: fc.constantFrom('k3f9a1', '1x7k2a9qf0c3'), offset: offsets });
const saids = fc.record({ topic: names, from: fc.nat(500), n: fc.nat(100_000) });

/** The same data in both lanes. */
function dataOf(said: { topic: string; from: number; n: number }, bytes: number, drawn: number) {
  const real = encodeText(writeData(said, bytes, drawn));
  const object = new ObjectPayload(dataBytes(said, bytes, drawn), bareWord(said, 1));
  return { real, object };
}

describe('a payload of the object lane counts as many bytes as the real one', () => {
  test('data', () => {
    fc.assert(
      fc.property(saids, fc.nat(2_000), fc.nat(100), (said, bytes, drawn) => {
        const { real, object } = dataOf(said, bytes, drawn);
        expect(object.byteLength).toBe(real.byteLength);
      }),
    );
  });

  test('messages and events', () => {
    fc.assert(
      fc.property(names, positions, saids, fc.nat(20), (topic, position, said, drawn) => {
        const { real, object } = dataOf(said, 100, drawn);
        const id = `${position.epoch}:${position.offset}`;
        const ids = [id, 'käse', '"'];
        for (const one of ids) {
          const message = objectWire.message(topic, position, one, object);
          expect(message.byteLength).toBe(bytesWire.message(topic, position, one, real).byteLength);
          const event = { id, data: message };
          const bytes = bytesWire.event({
            id,
            data: bytesWire.message(topic, position, one, real),
          });
          expect(objectWire.event(event).byteLength).toBe(bytes.byteLength);
        }
        const gap = { event: 'gap', data: real, retry: 2_000 };
        expect(objectWire.event(gap).byteLength).toBe(bytesWire.event(gap).byteLength);
      }),
    );
  });

  test('acks', () => {
    fc.assert(
      fc.property(
        names,
        positions,
        fc.nat(2_000),
        fc.boolean(),
        (topic, place, count, duplicate) => {
          const published = { ...place, id: '3-7-ws', duplicate };
          for (const wire of [
            (from: typeof bytesWire) => from.ackPublish(topic, count, published),
            (from: typeof bytesWire) => from.ackSubscribe(topic, place),
            (from: typeof bytesWire) => from.ackUnsubscribe(topic),
            (from: typeof bytesWire) =>
              from.ackSubscribe(topic, { ...place, recovered: duplicate }),
            (from: typeof bytesWire) => from.ackSubscribe(topic, undefined),
            (from: typeof bytesWire) => from.error(`Not subscribed to ${topic}`),
            (from: typeof bytesWire) => from.topics([]),
            (from: typeof bytesWire) => from.topics([[topic, count]]),
            (from: typeof bytesWire) =>
              from.topics([
                [topic, count],
                ['käse', 7],
              ]),
          ])
            expect(wire(objectWire).byteLength).toBe(wire(bytesWire).byteLength);
        },
      ),
    );
  });

  test('requests', () => {
    fc.assert(
      fc.property(names, positions, saids, fc.boolean(), (topic, since, said, isSo) => {
        const { real, object } = dataOf(said, 50, 3);
        const id = isSo ? '12-3-ws' : undefined;
        const pairs = [
          [byteSpeech.subscribe(topic, isSo, since), objectSpeech.subscribe(topic, isSo, since)],
          [byteSpeech.unsubscribe(topic), objectSpeech.unsubscribe(topic)],
          [
            byteSpeech.publish(topic, id, isSo, real),
            objectSpeech.publish(topic, id, isSo, object),
          ],
        ] as const;
        for (const [bytes, one] of pairs) expect(one.byteLength).toBe(bytes.byteLength);
      }),
    );
  });
});

test('a client reads the same word in both lanes', () => {
  const said = { topic: 'käse 🧀', from: 3, n: 7 };
  const { real, object } = dataOf(said, 100, 2);
  const position = { epoch: 'k3f9a1', offset: 42 };
  const read = readWord(bytesWire.message('käse 🧀', position, 'x', real) as Uint8Array);
  const { value } = objectWire.message('käse 🧀', position, 'x', object) as ObjectPayload;
  expect({ ...read, bytesName: 1 }).toEqual(value);
});

test('a request goes through the object lane as a session would have read it', () => {
  const limits = { topicLengthMax: 256, idLengthMax: 128, jsonDepthMax: 512 };
  const since = { epoch: 'k3f9a1', offset: 5 };
  const [bytes, object] = [byteSpeech, objectSpeech].map((speech) =>
    speech.subscribe('a', true, since),
  );
  if (bytes === undefined || object === undefined) throw new Error('both lanes speak');
  expect(objectWire.readRequest(object, limits)).toEqual(bytesWire.readRequest(bytes, limits));
});
