// What pages in browsers may do: CORS, and the origins of handshakes.

import assert from 'node:assert/strict';

import { allowedOrigin, messageCases } from '../case.ts';
import type { Answer } from '../door.ts';
import type { Target } from '../target.ts';
import { assertRefused, sentences } from './sentences.ts';

const FOREIGN = 'http://conformance.invalid';
const METHODS = 'GET, HEAD, POST, OPTIONS';

function corsOf({ headers }: Answer): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'),
  );
}

/** The origin of a page that this door shows over HTTPS. */
function ownOrigin({ door }: Target): string {
  return door.origin.replace(/^http:/, 'https:');
}

function isPlainName(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === 'http:' && hostname !== 'localhost' && !/^[\d.]+$|^\[/.test(hostname);
}

/** The origin that a page of `target`'s list has. */
function listed({ site }: Target): string {
  return site.allowedOrigin ?? '';
}

export const browsers = messageCases('browsers', [
  [
    '[BROKER-CORS-2] OPTIONS of anything is answered 204 with Allow, without a token',
    async (target) => {
      for (const path of ['/', '/publish', '/topics', '/topics/a', '/sse?topic=a', '/nothing']) {
        const answer = await target.door.request({ method: 'OPTIONS', path });
        assert.deepEqual([answer.status, answer.body], [204, '']);
        assert.equal(answer.headers.get('allow'), METHODS);
      }
    },
  ],
  [
    '[BROKER-CORS-1] who sends no Origin is told nothing about pages',
    async (target) => {
      const answers = [
        await target.get('/topics'),
        await target.publish({ topic: target.topic(), data: 1 }),
        await target.request({ method: 'OPTIONS', path: '/publish' }),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 204],
      );
      for (const { headers } of answers)
        for (const name of ['origin', 'methods', 'headers'])
          assert.equal(headers.get(`access-control-allow-${name}`), null);
    },
  ],
  [
    '[BROKER-CORS-1] [BROKER-CORS-3] a page may publish just when its origin is let read',
    async (target) => {
      const headers = { origin: FOREIGN };
      const topic = target.topic();
      const topics = await target.get('/topics', headers);
      const allowed = topics.headers.get('access-control-allow-origin');
      assert.ok([null, '*', FOREIGN].includes(allowed), `another origin is let in: ${allowed}`);
      const answer = await target.publish({ topic, data: 1 }, headers);
      if (allowed === null) assertRefused(answer, 403, sentences.foreignPage);
      else assert.equal(answer.status, 200);
      const info = JSON.parse((await target.get(`/topics/${encodeURIComponent(topic)}`)).body);
      assert.partialDeepStrictEqual(info, { offset: allowed === null ? null : 1 });
    },
  ],
  [
    '[BROKER-CORS-3] [BROKER-CORS-4] a page of this door itself may publish and read',
    async (target) => {
      const topic = target.topic();
      const { origin: here } = target.door;
      // A name may have been led to this door: over plain HTTP it makes no page its own.
      if (isPlainName(here))
        assertRefused(
          await target.publish({ topic, data: 1 }, { origin: here }),
          403,
          sentences.foreignPage,
        );
      const own = ownOrigin(target);
      const origins = isPlainName(here) ? [own] : [here, own];
      for (const [at, origin] of origins.entries()) {
        const answer = await target.publish({ topic, data: 1 }, { origin });
        assert.equal(answer.status, 200, `the door's own origin ${origin} is refused`);
        assert.partialDeepStrictEqual(JSON.parse(answer.body), { offset: at + 1 });
        assert.equal((await target.get('/topics', { origin })).status, 200);
      }
      const client = await target.client({ headers: { origin: own } });
      assert.partialDeepStrictEqual(await client.info(topic), { offset: origins.length });
    },
  ],
  [
    '[BROKER-CORS-3] the preflight of a page that is not let in allows nothing',
    async (target) => {
      const asked = { origin: FOREIGN, 'access-control-request-method': 'POST' };
      const answer = await target.request({ method: 'OPTIONS', path: '/publish', headers: asked });
      const readable = await target.get('/topics', { origin: FOREIGN });
      const isLetIn = readable.headers.get('access-control-allow-origin') !== null;
      assert.equal(answer.status, 204);
      assert.equal(answer.headers.get('access-control-allow-methods') !== null, isLetIn);
      assert.equal(answer.headers.get('access-control-allow-origin') !== null, isLetIn);
    },
  ],
  [
    '[BROKER-CORS-1] a page on the list gets its origin and Vary with every answer, streams and mistakes too',
    async (target) => {
      const headers = { origin: listed(target) };
      const granted = { 'access-control-allow-origin': listed(target), vary: 'Origin' };
      const topic = target.topic();
      const answers = [
        await target.get('/topics', headers),
        await target.get('/topics/%00', headers),
        await target.get('/nothing', headers),
        await target.get('/sse?topic=', headers),
        await target.publish({ topic, data: 1 }, headers),
        await target.publish('nope', headers),
      ];
      for (const answer of answers) assert.deepEqual(corsOf(answer), granted);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 400, 404, 400, 200, 400],
      );
      const stream = await target.stream(`topic=${topic}`, headers);
      assert.equal(stream.headers.get('access-control-allow-origin'), listed(target));
      assert.equal(stream.headers.get('vary'), 'Origin');
    },
    allowedOrigin,
  ],
  [
    '[BROKER-CORS-2] its preflight is told the methods, the headers and ten minutes',
    async (target) => {
      const headers = { origin: listed(target), 'access-control-request-method': 'POST' };
      const answer = await target.door.request({ method: 'OPTIONS', path: '/publish', headers });
      assert.deepEqual([answer.status, answer.body], [204, '']);
      assert.equal(answer.headers.get('allow'), METHODS);
      assert.deepEqual(corsOf(answer), {
        'access-control-allow-origin': listed(target),
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': 'authorization, content-type, last-event-id',
        'access-control-max-age': '600',
        vary: 'Origin',
      });
    },
    allowedOrigin,
  ],
  [
    '[BROKER-CORS-1] [BROKER-CORS-3] a page that is not on the list may neither read nor write, and gets Vary alone',
    async (target) => {
      const topic = target.topic();
      for (const origin of [FOREIGN, 'null', `${listed(target)}.invalid`, `${listed(target)}/`]) {
        const headers = { origin };
        for (const answer of [
          await target.get('/topics', headers),
          await target.get(`/sse?topic=${topic}`, headers),
          await target.publish({ topic, data: 1 }, headers),
        ]) {
          assertRefused(answer, 403, sentences.foreignPage);
          assert.deepEqual(corsOf(answer), { vary: 'Origin' });
        }
      }
      const client = await target.client();
      assert.partialDeepStrictEqual(await client.info(topic), { offset: null });
    },
    allowedOrigin,
  ],
  [
    '[BROKER-DOOR-3] a WebSocket of a page that is not on the list is refused, and no other',
    async (target) => {
      const { token } = target.site;
      const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
      for (const origin of [FOREIGN, 'null', `${listed(target)}.invalid`]) {
        const answer = await target.refusal({ path: '/ws', headers: { ...credentials, origin } });
        assertRefused(answer, 403, sentences.foreignPage);
      }
      const topic = target.topic();
      for (const headers of [{}, { origin: listed(target) }, { origin: ownOrigin(target) }])
        assert.equal(
          (await (await target.client({ headers })).subscribe(topic))['type'],
          'ack_subscribe',
        );
    },
    allowedOrigin,
  ],
]);
