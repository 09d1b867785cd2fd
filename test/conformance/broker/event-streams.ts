// Event streams, read as text: their form, where they begin, and how they resume.

import assert from 'node:assert/strict';

import { atLeast, atMost, messageCases, type MessageRow, remembering } from '../case.ts';
import { fieldOf } from '../target.ts';
import { assertRefused, sentences } from './sentences.ts';

const wrong: readonly MessageRow[] = (
  [
    ['', 'Name at least one topic: /sse?topic=a&topic=b'],
    ['x=1', 'Name at least one topic: /sse?topic=a&topic=b'],
    ['envelope=yes', 'Name at least one topic: /sse?topic=a&topic=b'],
    ['topic=', 'A topic must not be empty.'],
    ['topic', 'A topic must not be empty.'],
    ['topic=a&topic=', 'A topic must not be empty.'],
    ['topic=%ff', 'The query must be percent-encoded UTF-8.'],
    ['topic=%', 'The query must be percent-encoded UTF-8.'],
    ['topic=a&x=%zz', 'The query must be percent-encoded UTF-8.'],
    ['topic=%ed%a0%80', 'The query must be percent-encoded UTF-8.'],
    ['topic=%00', sentences.topicSigns],
    ['topic=a&topic=%0a', sentences.topicSigns],
    ['topic=%c2%85', sentences.topicSigns],
    ['topic=a&envelope=yes', sentences.envelope],
    ['topic=a&envelope=', sentences.envelope],
    ['topic=a&envelope=TRUE', sentences.envelope],
  ] as const
).map(([query, error]) => [
  `[SSE-8] /sse?${query} is answered 400 with the sentence`,
  async (target) => assertRefused(await target.get(`/sse?${query}`), 400, error),
]);

export const eventStreams = messageCases('event-streams', [
  [
    '[SSE-1] [SSE-4] a stream begins with subscribed and carries bare data, line for line',
    async (target) => {
      const topic = target.topic();
      const stream = await target.stream(`topic=${topic}`);
      assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8');
      assert.equal(stream.headers.get('cache-control'), 'no-store');
      assert.equal(stream.headers.get('x-accel-buffering'), 'no');
      const first = await stream.next();
      const epoch = epochOf(first);
      const { sseRetryMs } = target.settings;
      assert.equal(
        first,
        `id: ${epoch}:0\nevent: subscribed\nretry: ${sseRetryMs}\ndata: {"topic":"${topic}","epoch":"${epoch}","offset":0}`,
      );
      await target.publish(`{"topic":"${topic}","data":[1,\r\n2,\r3,\n4]}`);
      assert.equal(await stream.next(), `id: ${epoch}:1\ndata: [1,\ndata: 2,\ndata: 3,\ndata: 4]`);
      await target.publish(`{"topic":"${topic}","data": {"price": 170.50} }`);
      assert.equal(await stream.next(), `id: ${epoch}:2\ndata: {"price": 170.50}`);
    },
  ],
  [
    '[SSE-1] empty lines in data are lines of their own, and none is lost at the ends',
    async (target) => {
      const topic = target.topic();
      const stream = await target.stream(`topic=${topic}`);
      const epoch = epochOf(await stream.next());
      await target.publish(`{"topic":"${topic}","data":[\n\r\r\n\n1\n]}`);
      const lines = ['[', '', '', '', '1', ']'].map((line) => `data: ${line}`);
      assert.equal(await stream.next(), `id: ${epoch}:1\n${lines.join('\n')}`);
    },
  ],
  [
    '[SSE-1] [SSE-6] an enveloped stream carries the message frame',
    async (target) => {
      for (const envelope of ['true', '1']) {
        const topic = target.topic();
        const stream = await target.stream(`envelope=${envelope}&topic=${topic}`);
        const epoch = epochOf(await stream.next());
        await target.publish(`{"topic":"${topic}","data":1.50,"id":"mine"}`);
        const message = `{"type":"message","topic":"${topic}","offset":1,"epoch":"${epoch}","id":"mine","data":1.50}`;
        assert.equal(await stream.next(), `id: ${epoch}:1\ndata: ${message}`);
      }
    },
  ],
  [
    '[SSE-6] envelope=false and envelope=0 ask for bare data, as saying nothing does',
    async (target) => {
      for (const envelope of ['false', '0']) {
        const topic = target.topic();
        const stream = await target.stream(`topic=${topic}&envelope=${envelope}&x=1`);
        const epoch = epochOf(await stream.next());
        await target.publish({ topic, data: 1 });
        assert.equal(await stream.next(), `id: ${epoch}:1\ndata: 1`);
      }
    },
  ],
  [
    '[SSE-2] no text can forge a field or an event',
    async (target) => {
      const topic = target.topic();
      const bare = await target.stream(`topic=${topic}`);
      const wrapped = await target.stream(`topic=${topic}&envelope=true`);
      const epoch = epochOf(await bare.next());
      await wrapped.next();
      await target.publish(`{"topic":"${topic}","data":[1,\n\nevent: forged\ndata: 2]}`);
      const data = '\n\nevent: forged\r\n\r\nid: 9\u2028: c\u0085';
      await target.publish({ topic, data, id: 'event: x' });
      // The first is no JSON and never came; the second keeps its escapes.
      assert.equal(await bare.next(), `id: ${epoch}:1\ndata: ${JSON.stringify(data)}`);
      const message = await wrapped.next();
      assert.deepEqual(message.split('\n').length, 2);
      assert.deepEqual(JSON.parse(fieldOf(message, 'data')).data, data);
    },
  ],
  [
    '[SSE-4] [SSE-5] [SSE-6] a stream resumes by Last-Event-ID and by since',
    async (target) => {
      const topic = target.topic();
      const id = fieldOf(await (await target.stream(`topic=${topic}`)).next(), 'id');
      for (const data of [1, 2, 3]) await target.publish({ topic, data });
      const streams = [
        await target.stream(`topic=${topic}&since=wrong:1`, { 'last-event-id': id }),
        await target.stream(`topic=${topic}&since=${encodeURIComponent(id)}`),
      ];
      for (const stream of streams) {
        const first = await stream.next();
        assert.match(first, /"offset":3,"recovered":true\}$/);
        assert.equal(fieldOf(first, 'id'), id);
        for (const data of [1, 2, 3])
          assert.equal(await stream.next(), `id: ${id.replace(/0$/, `${data}`)}\ndata: ${data}`);
        await target.publish({ topic, data: 'x', id: 'once' });
        assert.equal(await stream.next(), `id: ${id.replace(/0$/, '4')}\ndata: "x"`);
      }
    },
    remembering,
  ],
  [
    '[SSE-4] [SSE-6] where it cannot resume, it says so, and stands at the new place',
    async (target) => {
      const topic = target.topic();
      await target.publish({ topic, data: 1 });
      const epoch = epochOf(await (await target.stream(`topic=${topic}`)).next());
      const lost = [
        ...[
          'what is this',
          '',
          ':',
          'a',
          `${epoch}:x`,
          `${epoch}:-1`,
          `${epoch}:01`,
          `${epoch}:1,`,
        ],
        ...[`${epoch}:1,${epoch}:1`, `${epoch}:2`, `other:1`, 'A:1', '-,-'],
      ];
      for (const id of lost) {
        const stream = await target.stream(`topic=${topic}&since=${encodeURIComponent(id)}`);
        assert.equal(
          await stream.next(),
          `id: ${epoch}:1\nevent: subscribed\nretry: ${target.settings.sseRetryMs}\ndata: {"topic":"${topic}","epoch":"${epoch}","offset":1,"recovered":false}`,
        );
      }
    },
  ],
  [
    '[SSE-5] an id holds a place for each topic, in the order of the request, and a repeated topic counts once',
    async (target) => {
      const [one, two] = [target.topic(), target.topic()];
      await target.publish({ topic: two, data: 0 });
      const stream = await target.stream(`topic=${one}&topic=${two}&topic=${one}`);
      const firsts = [await stream.next(), await stream.next()];
      const ids = new Set(firsts.map((event) => fieldOf(event, 'id')));
      assert.equal(ids.size, 1, 'the first events have different ids');
      const [id = ''] = ids;
      assert.match(id, /^[0-9a-z]+:0,[0-9a-z]+:1$/);
      assert.deepEqual(firsts.map(topicOf).toSorted(), [one, two].toSorted());
      for (const first of firsts) assert.equal(fieldOf(first, 'event'), 'subscribed');
      await target.publish({ topic: two, data: 'b' });
      assert.equal(await stream.next(), `id: ${id.replace(/1$/, '2')}\ndata: "b"`);
      await target.publish({ topic: one, data: 'a' });
      const last = id.replace(/1$/, '2').replace(':0,', ':1,');
      assert.equal(await stream.next(), `id: ${last}\ndata: "a"`);
    },
  ],
  [
    '[SSE-5] [SSE-6] a stream of several topics resumes each at its own place',
    async (target) => {
      const [one, two, three] = [target.topic(), target.topic(), target.topic()];
      const query = [one, two, three].map((topic) => `topic=${topic}`).join('&');
      const stream = await target.stream(query);
      const id = fieldOf(await stream.next(), 'id');
      for (const [topic, data] of [
        [one, 'a'],
        [two, 'b'],
        [one, 'c'],
      ])
        await target.publish({ topic, data });
      const back = await target.stream(query, { 'last-event-id': id });
      const firsts = [await back.next(), await back.next(), await back.next()];
      for (const first of firsts) {
        assert.match(first, /"recovered":true\}$/);
        assert.equal(fieldOf(first, 'id'), id);
      }
      const data: Record<string, string[]> = { 1: [], 2: [] };
      let last = '';
      for (let events = 0; events < 3; events += 1) {
        const event = await back.next();
        last = fieldOf(event, 'id');
        data[fieldOf(event, 'data') === '"b"' ? 2 : 1]?.push(fieldOf(event, 'data'));
      }
      assert.deepEqual(data, { 1: ['"a"', '"c"'], 2: ['"b"'] });
      assert.match(last, /^[0-9a-z]+:2,[0-9a-z]+:1,[0-9a-z]+:0$/);
    },
    remembering,
  ],
  [
    '[SSE-6] one topic that cannot resume does not keep the others from it, and - starts its topic anew',
    async (target) => {
      const [one, two, three] = [target.topic(), target.topic(), target.topic()];
      for (const topic of [one, two, three]) await target.publish({ topic, data: topic });
      const query = [one, two, three].map((topic) => `topic=${topic}`).join('&');
      const id = fieldOf(await (await target.stream(query)).next(), 'id');
      const [, first = '', second = ''] = /^([0-9a-z]+):1,([0-9a-z]+):1,/.exec(id) ?? [];
      const stream = await target.stream(query, { 'last-event-id': `${first}:0,${second}:7,-` });
      const told = new Map<string, string>();
      for (let events = 0; events < 3; events += 1) {
        const event = await stream.next();
        told.set(topicOf(event), fieldOf(event, 'data'));
        assert.equal(fieldOf(event, 'id'), id.replace(/:1/, ':0'));
      }
      assert.match(told.get(one) ?? '', /"offset":1,"recovered":true\}$/);
      assert.match(told.get(two) ?? '', /"offset":1,"recovered":false\}$/);
      assert.match(told.get(three) ?? '', /"offset":1\}$/);
      assert.equal(fieldOf(await stream.next(), 'data'), JSON.stringify(one));
    },
    remembering,
  ],
  [
    '[SSE-5] nothing is said before the places of all topics are known, however busy they are',
    async (target) => {
      const topics = target.topics(8);
      const client = await target.client();
      const flood = (): void => {
        for (const topic of topics) for (let i = 0; i < 10; i += 1) client.send({ topic, data: i });
      };
      flood();
      const asked = target.stream(topics.map((topic) => `topic=${topic}`).join('&'));
      flood();
      const stream = await asked;
      for (const topic of topics) {
        const event = await stream.next();
        assert.equal(
          fieldOf(event, 'event'),
          'subscribed',
          `an event came before the one of ${topic}`,
        );
      }
    },
    atLeast('sseTopicsMax', 8),
  ],
  [
    '[SSE-6] as many topics as are allowed make a stream, and one more does not',
    async (target) => {
      const { sseTopicsMax } = target.settings;
      const topics = target.topics(sseTopicsMax);
      const query = topics.map((topic) => `topic=${topic}`).join('&');
      const stream = await target.stream(query);
      const told = new Set<string>();
      for (let events = 0; events < sseTopicsMax; events += 1)
        told.add(topicOf(await stream.next()));
      assert.equal(told.size, sseTopicsMax);
      const last = topics.at(-1);
      await target.publish({ topic: last, data: 'last' });
      const event = await stream.next();
      assert.equal(fieldOf(event, 'data'), '"last"');
      assert.equal(fieldOf(event, 'id').split(',').length, sseTopicsMax);
      const error = `Too many topics: at most ${sseTopicsMax} in one stream.`;
      assertRefused(await target.get(`/sse?${query}&topic=${target.topic()}`), 400, error);
      assert.equal(
        fieldOf(await (await target.stream(`${query}&topic=${last}`)).next(), 'event'),
        'subscribed',
      );
    },
    atLeast('topicsMax', 5_000),
  ],
  [
    '[SSE-8] a topic that is too long is told with the limit, and the longest is taken',
    async (target) => {
      const { topicLengthMax } = target.settings;
      const longest = target.topic().padEnd(topicLengthMax, 'x');
      const answer = await target.get(`/sse?topic=${longest}x`);
      assertRefused(answer, 400, sentences.topicTooLong(topicLengthMax));
      assert.equal(topicOf(await (await target.stream(`topic=${longest}`)).next()), longest);
    },
  ],
  ...wrong,
  [
    '[SSE-6] a topic is percent-encoded UTF-8, and + is a space',
    async (target) => {
      const topic = `${target.topic()} é😀&=+,`;
      const stream = await target.stream(
        `topic=${encodeURIComponent(topic).replaceAll('%20', '+')}`,
      );
      assert.equal(topicOf(await stream.next()), topic);
      await target.publish({ topic, data: 1 });
      assert.equal(fieldOf(await stream.next(), 'data'), '1');
    },
  ],
  [
    '[BROKER-SUB-2] what is published after subscribed comes, and what was before does not',
    async (target) => {
      const topic = target.topic();
      await target.publish({ topic, data: 'early' });
      const stream = await target.stream(`topic=${topic}`);
      const first = await stream.next();
      assert.match(first, /"offset":1\}$/);
      await target.publish({ topic, data: 'meant' });
      assert.equal(await stream.next(), `id: ${epochOf(first)}:2\ndata: "meant"`);
    },
  ],
  [
    '[BROKER-REC-3] [SSE-6] a place that is no longer kept is not found by a stream either',
    async (target) => {
      const { historyCountMax } = target.settings;
      const topic = target.topic();
      const client = await target.client();
      for (let i = 1; i <= historyCountMax + 1; i += 1) client.send({ topic, data: i });
      const { epoch } = await client.info(topic);
      const lost = await target.stream(`topic=${topic}&since=${String(epoch)}:0`);
      assert.match(await lost.next(), /"recovered":false\}$/);
      const found = await target.stream(`topic=${topic}&since=${String(epoch)}:1`);
      assert.match(await found.next(), /"recovered":true\}$/);
      for (let i = 2; i <= historyCountMax + 1; i += 1)
        assert.equal(await found.next(), `id: ${String(epoch)}:${i}\ndata: ${i}`);
    },
    atLeast('historyCountMax', 10),
    atMost('historyCountMax', 1_000),
  ],
]);

function epochOf(event: string): string {
  return /"epoch":"([0-9a-z]+)"/.exec(event)?.[1] ?? '';
}

function topicOf(event: string): string {
  return (JSON.parse(fieldOf(event, 'data')) as { topic: string }).topic;
}
