// Tokens and what they allow. A server that asks for none shows nothing of this.

import assert from 'node:assert/strict';

import { messageCases, nobodyPublishes, noToken, secret, token } from '../case.ts';
import type { Answer, Handshake } from '../door.ts';
import { EVERYTHING, fieldOf, type Grant, type Target } from '../target.ts';
import { assertMistake, assertRefused, sentences } from './sentences.ts';

const BAD = 'e30.e30.bad';

const bearer = (shown: string): { authorization: string } => ({ authorization: `Bearer ${shown}` });
const inQuery = (shown: string): string => `access_token=${encodeURIComponent(shown)}`;

function good({ site }: Target): string {
  assert.ok(site.token !== undefined, 'there is no token');
  return site.token;
}

function granted({ site }: Target, grant: Grant): { authorization: string } {
  assert.ok(site.makeToken !== undefined, 'there is no secret');
  return bearer(site.makeToken(grant));
}

function assertUnauthorized(answer: Answer, error?: string): void {
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  if (error !== undefined) assertRefused(answer, 401, error);
  else assert.match(answer.body, /^\{"error":"[^"]+"\}\n$/);
}

/** Opens with what the handshake itself shows, and says which subprotocol was chosen. */
async function openedWith(target: Target, handshake: Handshake): Promise<string> {
  const met = await target.door.webSocket(handshake);
  assert.ok(!('status' in met), 'the handshake was refused');
  const text = await met.next();
  if (target.greets) assert.match(text, /^\{"type": "info"/);
  return met.subprotocol;
}

export const rights = messageCases('rights', [
  [
    '[BROKER-AUTH-1] a handshake shows its token in Authorization, as a subprotocol, or in the query',
    async (target) => {
      const shown = good(target);
      assert.equal(await openedWith(target, { headers: bearer(shown) }), '');
      const subprotocols = ['other', `bearer.${shown}`, 'third'];
      assert.equal(await openedWith(target, { subprotocols }), `bearer.${shown}`);
      const path = `/any?x=1&${inQuery(shown)}`;
      assert.equal(await openedWith(target, { path }), '');
      const lowerCase = { authorization: `bearer ${shown}` };
      assert.equal(await openedWith(target, { headers: lowerCase }), '');
    },
    token,
  ],
  [
    '[BROKER-AUTH-1] the first place where a token is shown is the one that counts',
    async (target) => {
      const shown = good(target);
      const wrong = { subprotocols: [`bearer.${BAD}`], path: `/?${inQuery(BAD)}` };
      assert.equal(await openedWith(target, { ...wrong, headers: bearer(shown) }), `bearer.${BAD}`);
      const subprotocols = [`bearer.${shown}`];
      assert.equal(await openedWith(target, { ...wrong, subprotocols }), `bearer.${shown}`);
      const right = { subprotocols, path: `/?${inQuery(shown)}` };
      assertUnauthorized(await target.refusal({ ...right, headers: bearer(BAD) }));
      const bad = { subprotocols: [`bearer.${BAD}`], path: `/?${inQuery(shown)}` };
      assertUnauthorized(await target.refusal(bad));
    },
    token,
  ],
  [
    '[BROKER-AUTH-1] streams and plain requests show it in Authorization or in the query',
    async (target) => {
      const shown = good(target);
      const topic = target.topic();
      const body = JSON.stringify({ topic, data: 1 });
      for (const [query, headers] of [
        ['', bearer(shown)],
        [inQuery(shown), {}],
        [inQuery(BAD), bearer(shown)],
      ] as const) {
        const asked = (path: string) => ({ path: `${path}?${query}`, headers });
        const topics = await target.door.request(asked('/topics'));
        assert.match(topics.body, /^\{"topics":/);
        const info = await target.door.request(asked(`/topics/${encodeURIComponent(topic)}`));
        assert.partialDeepStrictEqual(JSON.parse(info.body), { topic });
        const publish = { ...asked('/publish'), method: 'POST', body };
        const published = await target.door.request(publish);
        assert.partialDeepStrictEqual(JSON.parse(published.body), { topic });
        const stream = await target.door.stream({ path: `/sse?topic=${topic}&${query}`, headers });
        assert.ok(!('status' in stream), 'the stream was refused');
        assert.match((await stream.nextBlock()) ?? '', /\nevent: subscribed\n/);
      }
    },
    token,
  ],
  [
    '[BROKER-AUTH-2] without a token, or with a bad one, nothing is begun, published or shown',
    async (target) => {
      const topic = target.topic();
      const body = JSON.stringify({ topic, data: 1 });
      for (const [headers, error] of [
        [{}, 'A token is needed.'],
        [bearer(BAD), undefined],
        [bearer('x'), undefined],
        [{ authorization: `Basic ${good(target)}` }, 'A token is needed.'],
      ] as const) {
        assertUnauthorized(await target.refusal({ headers }), error);
        for (const path of [
          '/topics',
          `/topics/${encodeURIComponent(topic)}`,
          `/sse?topic=${topic}`,
        ])
          assertUnauthorized(await target.door.request({ path, headers }), error);
        const publish = { method: 'POST', path: '/publish', body, headers };
        assertUnauthorized(await target.door.request(publish), error);
      }
      const client = await target.client();
      assert.partialDeepStrictEqual(await client.info(topic), { offset: null, subscribers: 0 });
    },
    token,
  ],
  [
    '[BROKER-AUTH-3] a right is a topic, or a beginning followed by *: what may be followed',
    async (target) => {
      const stem = target.topic();
      const subscribe = [`${stem}/one`, `${stem}/many/*`];
      const headers = granted(target, { subscribe, publish: [] });
      const client = await target.client({ headers });
      const may = [`${stem}/one`, `${stem}/many/`, `${stem}/many/a/b`];
      const mayNot = [`${stem}/one/`, `${stem}/on`, `${stem}/many`, `${stem}/man`, stem, '*'];
      for (const topic of may)
        assert.equal((await client.subscribe(topic))['type'], 'ack_subscribe');
      for (const topic of mayNot) {
        const refusal = sentences.mayNotSubscribe(topic);
        await assertMistake(client, { type: 'subscribe', topic }, refusal);
        await assertMistake(client, { type: 'topic_info', topic }, refusal);
      }
      const [all] = await target.clients(1);
      for (const topic of [...may, ...mayNot]) all.send({ topic, data: topic });
      await all.drain(stem);
      const texts = may.map((topic) => JSON.stringify(topic)).toSorted();
      assert.deepEqual(
        [await client.next(), await client.next(), await client.next()].toSorted(),
        texts,
      );
      assert.deepEqual(await client.drain(may[0] ?? ''), []);
    },
    secret,
  ],
  [
    '[BROKER-AUTH-3] and what may be published',
    async (target) => {
      const stem = target.topic();
      const publish = [`${stem}/one`, `${stem}/many*`];
      const headers = granted(target, { subscribe: ['*'], publish });
      const client = await target.client({ headers });
      for (const topic of [`${stem}/one`, `${stem}/many`, `${stem}/many/a`])
        assert.partialDeepStrictEqual(await client.publish(topic, 1), { offset: 1 });
      for (const topic of [stem, `${stem}/one/a`, `${stem}/man`]) {
        const refusal = sentences.mayNotPublish(topic);
        await assertMistake(client, { topic, data: 1, ack: true }, refusal);
        // One that has no answer is told of its mistake all the same.
        await assertMistake(client, { topic, data: 1 }, refusal);
        assert.partialDeepStrictEqual(await client.info(topic), { offset: null });
      }
    },
    secret,
  ],
  [
    '[BROKER-AUTH-3] over HTTP too: a list with one forbidden topic is refused as a whole',
    async (target) => {
      const stem = target.topic();
      const headers = granted(target, { subscribe: [], publish: [`${stem}/a`] });
      const [allowed, forbidden] = [`${stem}/a`, `${stem}/b`];
      const refusal = sentences.mayNotPublish(forbidden);
      assertRefused(await target.publish({ topic: forbidden, data: 1 }, headers), 403, refusal);
      const list = [
        { topic: allowed, data: 1 },
        { topic: forbidden, data: 1 },
        { topic: stem, data: 1 },
      ];
      assertRefused(await target.publish(list, headers), 403, refusal);
      assert.equal((await target.publish({ topic: allowed, data: 1 }, headers)).status, 200);
      const client = await target.client();
      assert.partialDeepStrictEqual(await client.info(allowed), { offset: 1 });
      assert.partialDeepStrictEqual(await client.info(forbidden), { offset: null });
    },
    secret,
  ],
  [
    '[BROKER-AUTH-3] [BROKER-LIST-1] lists leave out what may not be followed, and looking at it is refused',
    async (target) => {
      const stem = target.topic();
      const [seen, hidden] = [`${stem}/seen`, `${stem}/hidden`];
      const [all] = await target.clients(1);
      for (const topic of [seen, hidden]) await all.subscribe(topic);
      const headers = granted(target, { subscribe: [seen], publish: ['*'] });
      const client = await target.client({ headers });
      assert.deepEqual((await client.ask({ type: 'list_topics' }))['topics'], { [seen]: 1 });
      const list = await target.get('/topics', headers);
      assert.equal(list.body, `{"topics":{${JSON.stringify(seen)}:1}}\n`);
      const pathOf = (topic: string): string => `/topics/${encodeURIComponent(topic)}`;
      assert.equal((await target.get(pathOf(seen), headers)).status, 200);
      const refusal = sentences.mayNotSubscribe(hidden);
      assertRefused(await target.get(pathOf(hidden), headers), 403, refusal);
    },
    secret,
  ],
  [
    '[BROKER-AUTH-3] [BROKER-HTTP-5] an event stream with one forbidden topic is refused as a whole',
    async (target) => {
      const stem = target.topic();
      const headers = granted(target, { subscribe: [`${stem}/a`], publish: [] });
      const stream = await target.stream(`topic=${stem}/a`, headers);
      assert.equal(fieldOf(await stream.next(), 'event'), 'subscribed');
      const answer = await target.get(`/sse?topic=${stem}/a&topic=${stem}/b`, headers);
      assertRefused(answer, 403, sentences.mayNotSubscribe(`${stem}/b`));
    },
    secret,
  ],
  [
    '[BROKER-AUTH-3] a token without rights opens a session that may do nothing',
    async (target) => {
      const topic = target.topic();
      const client = await target.client({
        headers: granted(target, { subscribe: [], publish: [] }),
      });
      const refusal = sentences.mayNotSubscribe(topic);
      await assertMistake(client, { type: 'subscribe', topic }, refusal);
      await assertMistake(client, { topic, data: 1 }, sentences.mayNotPublish(topic));
      await assertMistake(client, { type: 'unsubscribe', topic }, sentences.notSubscribed(topic));
      assert.deepEqual(await client.ask({ type: 'list_topics' }), { type: 'topics', topics: {} });
    },
    secret,
  ],
  [
    '[BROKER-CLOSE-4] a session whose token ends is closed with 4401, and its subscriptions with it',
    async (target) => {
      const topic = target.topic();
      const headers = granted(target, { ...EVERYTHING, endsInMs: 1_500 });
      const client = await target.client({ headers });
      assert.equal((await client.subscribe(topic))['type'], 'ack_subscribe');
      const closed = await client.end.ended();
      assert.deepEqual(closed, { code: 4_401, reason: 'token expired' });
      const [other] = await target.clients(1);
      await target.eventually(async () => (await other.info(topic))['subscribers'] === 0);
    },
    secret,
  ],
  [
    '[SSE-9] an event stream whose token ends is ended without further words',
    async (target) => {
      const topic = target.topic();
      const headers = granted(target, { ...EVERYTHING, endsInMs: 1_500 });
      const stream = await target.stream(`topic=${topic}`, headers);
      const words = (await stream.rest()).filter((block) => !block.startsWith(':'));
      assert.equal(words.length, 1);
      assert.equal(fieldOf(words[0] ?? '', 'event'), 'subscribed');
    },
    secret,
  ],
  [
    '[BROKER-DOOR-1] [PROC-AUTH-2] where no token is asked for, one that is shown changes nothing',
    async (target) => {
      const topic = target.topic();
      const handshake = { path: `/?${inQuery(BAD)}`, headers: bearer(BAD) };
      const client = await target.client(handshake);
      await client.subscribe(topic);
      assert.equal((await target.publish({ topic, data: 1 }, bearer(BAD))).status, 200);
      assert.equal(await client.next(), '1');
    },
    noToken,
  ],
  [
    '[BROKER-AUTH-4] where nobody may publish, following goes on and every publish is refused',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      assert.equal((await client.subscribe(topic))['type'], 'ack_subscribe');
      const refusal = sentences.mayNotPublish(topic);
      await assertMistake(client, { topic, data: 1, ack: true }, refusal);
      await assertMistake(client, { topic, data: 1 }, refusal);
      assertRefused(await target.publish({ topic, data: 1 }), 403, refusal);
      assertRefused(await target.publish([{ topic, data: 1 }]), 403, refusal);
      assert.partialDeepStrictEqual(await client.info(topic), { subscribers: 1, offset: 0 });
      const stream = await target.stream(`topic=${topic}`);
      assert.equal(fieldOf(await stream.next(), 'event'), 'subscribed');
    },
    nobodyPublishes,
  ],
]);
