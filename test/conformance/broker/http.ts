// The plain HTTP of the door: publishing, looking, hints, and what pages may.

import assert from 'node:assert/strict';

import { casesOf } from '../case.ts';

const FOREIGN = 'http://conformance.invalid';

export const http = casesOf('http', [
  [
    '[BROKER-HTTP-1] [BROKER-HTTP-3] POST /publish answers when the publication has its place',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      const answer = await target.publish(`{"topic":"${topic}","data":170.50,"id":"a"}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const place = `"topic":"${topic}","id":"a","epoch":"${String(epoch)}","offset":1,"subscribers":1`;
      assert.equal(await answer.text(), `{${place}}\n`);
      assert.match(await client.next(), /"data":170\.50\}$/);
      const again = await target.publish({ topic, data: 2, id: 'a' });
      assert.equal(await again.text(), `{${place},"duplicate":true}\n`);
    },
  ],
  [
    '[BROKER-HTTP-2] a list is published as a whole, in order, or not at all',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      await client.subscribe(topic);
      const many = await target.publish([
        { topic, data: 1, id: 'a' },
        { topic, data: 2, id: 'a' },
        { topic, data: 3 },
      ]);
      assert.partialDeepStrictEqual(await many.json(), [
        { id: 'a', offset: 1 },
        { id: 'a', offset: 1, duplicate: true },
        { offset: 2 },
      ]);
      const bad = await target.publish([{ topic, data: 4 }, { topic: 'x' }]);
      assert.equal(bad.status, 400);
      assert.match(((await bad.json()) as { error: string }).error, / \(item 1\)$/);
      assert.deepEqual(await client.drain(topic), ['1', '3']);
      assert.equal(await (await target.publish('[]')).text(), '[]\n');
      const excess = Array.from({ length: 1_001 }, () => ({ topic, data: 5 }));
      const refused = await target.publish(excess);
      assert.equal(refused.status, 413);
      assert.deepEqual(await refused.json(), {
        error: 'Too many publications: at most 1000 at once.',
      });
    },
  ],
  [
    '[BROKER-HTTP-2] what is no publication is answered 400 with its sentence',
    async (target) => {
      const sentences: [body: string, error: string][] = [
        ['nope', 'Message must be valid JSON.'],
        ['5', 'Each publication must be an object.'],
        ['['.repeat(513), 'Message is nested too deeply: at most 512 levels.'],
      ];
      for (const [body, error] of sentences) {
        const answer = await target.publish(body);
        assert.equal(answer.status, 400);
        assert.deepEqual(await answer.json(), { error });
      }
    },
  ],
  [
    '[BROKER-HTTP-4] GET / asks for an upgrade, anything else is not here',
    async (target) => {
      for (const path of ['/', '/ws']) {
        const root = await target.request(path);
        assert.equal(root.status, 426);
        assert.equal(root.headers.get('upgrade'), 'websocket');
      }
      assert.equal((await target.request('/nothing')).status, 404);
      const method = await target.request('/publish');
      assert.equal(method.status, 405);
      assert.match(method.headers.get('allow') ?? '', /POST/);
    },
  ],
  [
    '[BROKER-HTTP-5] GET /topics and GET /topics/{topic} tell what is followed; HEAD has no body',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const { epoch } = await client.subscribe(topic, { envelope: true });
      const list = (await (await target.request('/topics')).json()) as { topics: object };
      assert.partialDeepStrictEqual(list.topics, { [topic]: 1 });
      const one = await target.request(`/topics/${encodeURIComponent(topic)}`);
      assert.deepEqual(await one.json(), { topic, subscribers: 1, epoch, offset: 0, history: 0 });
      const bad = await target.request('/topics/%00');
      assert.equal(bad.status, 400);
      const head = await target.request('/topics', { method: 'HEAD' });
      assert.equal(head.status, 200);
      assert.equal(await head.text(), '');
    },
  ],
  [
    '[BROKER-CORS-2] OPTIONS is answered 204 with Allow',
    async (target) => {
      const answer = await target.request('/publish', { method: 'OPTIONS' });
      assert.equal(answer.status, 204);
      assert.match(answer.headers.get('allow') ?? '', /POST/);
    },
  ],
  [
    '[BROKER-CORS-1] [BROKER-CORS-3] a page may publish just when its origin is let read',
    async (target) => {
      const headers = { origin: FOREIGN };
      const topics = await target.request('/topics', { headers });
      const allowed = topics.headers.get('access-control-allow-origin');
      assert.ok([null, '*', FOREIGN].includes(allowed), `another origin is let in: ${allowed}`);
      const answer = await target.publish({ topic: target.topic(), data: 1 }, headers);
      assert.equal(answer.status, allowed === null ? 403 : 200);
      if (allowed === null) {
        assert.deepEqual(await answer.json(), { error: 'This origin is not allowed.' });
      }
    },
  ],
  [
    '[WEB-HTTP-3] a head with two hosts is refused, and so is one with too many fields',
    async (target) => {
      const extra = 'X: y\r\n'.repeat(101);
      const wrong: [head: string, status: number][] = [
        ['Host: a\r\nHost: b\r\n', 400],
        [`Host: a\r\n${extra}`, 431],
      ];
      for (const [head, status] of wrong) {
        const socket = target.socket();
        socket.say(`GET /topics HTTP/1.1\r\n${head}\r\n`);
        await socket.until('an answer', () => socket.text.includes('\r\n\r\n'));
        assert.match(socket.text, new RegExp(`^HTTP/1\\.1 ${status} `));
      }
    },
  ],
  [
    '[WEB-HTTP-5] a body that is announced too long is refused before it is sent',
    async (target) => {
      const socket = target.socket();
      socket.say(
        'POST /publish HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n',
      );
      await socket.until('an answer', () => socket.text.includes('\r\n\r\n'));
      assert.match(socket.text, /^HTTP\/1\.1 413 /);
    },
  ],
]);
