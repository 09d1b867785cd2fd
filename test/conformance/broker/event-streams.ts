// Event streams, read as text: their form, where they begin, and how they resume.

import assert from 'node:assert/strict';

import { casesOf, type Target } from '../case.ts';

export const eventStreams = casesOf('event-streams', [
  [
    '[SSE-1] [SSE-4] a stream begins with subscribed and carries bare data, line for line',
    async (target) => {
      const topic = target.topic();
      const stream = await open(target, `topic=${topic}`);
      assert.equal(stream.answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
      assert.equal(stream.answer.headers.get('cache-control'), 'no-store');
      assert.equal(stream.answer.headers.get('x-accel-buffering'), 'no');
      const first = await stream.next();
      const epoch = /"epoch":"([0-9a-z]+)"/.exec(first)?.[1];
      assert.match(
        first,
        new RegExp(
          `^id: ${epoch}:0\nevent: subscribed\nretry: \\d+\ndata: \\{"topic":"${topic}","epoch":"${epoch}","offset":0\\}$`,
        ),
      );
      await target.publish(`{"topic":"${topic}","data":[1,\r\n2,\r3]}`);
      assert.equal(await stream.next(), `id: ${epoch}:1\ndata: [1,\ndata: 2,\ndata: 3]`);
    },
  ],
  [
    '[SSE-1] an enveloped stream carries the message frame',
    async (target) => {
      const topic = target.topic();
      const stream = await open(target, `topic=${topic}&envelope=true`);
      const epoch = /"epoch":"([0-9a-z]+)"/.exec(await stream.next())?.[1];
      await target.publish(`{"topic":"${topic}","data":1.50,"id":"mine"}`);
      const message = `{"type":"message","topic":"${topic}","offset":1,"epoch":"${epoch}","id":"mine","data":1.50}`;
      assert.equal(await stream.next(), `id: ${epoch}:1\ndata: ${message}`);
    },
  ],
  [
    '[SSE-2] no text can forge a field or an event',
    async (target) => {
      const topic = target.topic();
      const stream = await open(target, `topic=${topic}`);
      await stream.next();
      await target.publish(`{"topic":"${topic}","data":[1,\n\nevent: forged\ndata: 2]}`);
      await target.publish({ topic, data: '\n\nevent: forged\n\n' });
      // The first is no JSON and never came; the second keeps its escapes.
      const lines = (await stream.next()).split('\n');
      assert.deepEqual(lines.slice(1), [String.raw`data: "\n\nevent: forged\n\n"`]);
    },
  ],
  [
    '[SSE-4] [SSE-5] [SSE-6] a stream resumes by Last-Event-ID and by since',
    async (target) => {
      const topic = target.topic();
      const id = idOf(await (await open(target, `topic=${topic}`)).next());
      for (const data of [1, 2, 3]) await target.publish({ topic, data });
      for (const how of ['header', 'query']) {
        const stream =
          how === 'header'
            ? await open(target, `topic=${topic}&since=wrong:1`, { 'last-event-id': id })
            : await open(target, `topic=${topic}&since=${encodeURIComponent(id)}`);
        const first = await stream.next();
        assert.match(first, /"recovered":true/);
        assert.equal(idOf(first), id);
        for (const data of [1, 2, 3]) {
          assert.equal(await stream.next(), `id: ${id.replace(/0$/, `${data}`)}\ndata: ${data}`);
        }
      }
    },
  ],
  [
    '[SSE-5] [SSE-6] an id holds a place for each topic, and one that cannot be read recovers nothing',
    async (target) => {
      const [one, two] = [target.topic(), target.topic()];
      const stream = await open(target, `topic=${one}&topic=${two}&topic=${one}`);
      const ids = [idOf(await stream.next()), idOf(await stream.next())];
      for (const id of ids) assert.match(id, /^[0-9a-z]+:0,[0-9a-z]+:0$/);
      const lost = await open(target, `topic=${one}`, { 'last-event-id': 'what is this' });
      assert.match(await lost.next(), /"recovered":false/);
    },
  ],
  [
    '[SSE-8] a wrong request is answered 400 with the sentence',
    async (target) => {
      const many = Array.from({ length: 65 }, (_, i) => `topic=t${i}`).join('&');
      const wrong: [query: string, error: string][] = [
        ['', 'Name at least one topic: /sse?topic=a&topic=b'],
        ['topic=', 'A topic must not be empty.'],
        ['topic=%ff', 'The query must be percent-encoded UTF-8.'],
        ['topic=%', 'The query must be percent-encoded UTF-8.'],
        [many, 'Too many topics: at most 64 in one stream.'],
        [`topic=${'x'.repeat(257)}`, 'Topic too long: at most 256 characters.'],
        ['topic=%00', 'Topic must be well-formed Unicode without control characters.'],
        ['topic=a&envelope=yes', '"envelope" must be true or false.'],
      ];
      for (const [query, error] of wrong) {
        const answer = await target.request(`/sse?${query}`);
        assert.equal(answer.status, 400);
        assert.deepEqual(await answer.json(), { error });
      }
    },
  ],
]);

interface Stream {
  readonly answer: Response;
  /** The next event without its empty line; comments are passed over. */
  next(): Promise<string>;
}

async function open(
  target: Target,
  query: string,
  headers: Record<string, string> = {},
): Promise<Stream> {
  const answer = await target.request(`/sse?${query}`, { headers });
  assert.equal(answer.status, 200);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<string> => {
    let end = text.indexOf('\n\n');
    while (end === -1) {
      const part = await reader?.read();
      if (part?.value === undefined) throw new Error(`the stream ended after ${text}`);
      text += part.value;
      end = text.indexOf('\n\n');
    }
    const event = text.slice(0, end);
    text = text.slice(end + 2);
    return event.startsWith(':') ? next() : event;
  };
  return { answer, next };
}

function idOf(event: string): string {
  return /^id: (.+)$/m.exec(event)?.[1] ?? '';
}
