// Signs of life, in both directions.

import assert from 'node:assert/strict';

import { messageCases, patienceWith } from '../case.ts';

/** What a machine under load may add to an instant. */
const SLACK_MS = 2_000;

export const keepAlive = messageCases('keep-alive', [
  [
    '[BROKER-KEEP-1] a WebSocket is pinged first between half of the interval and the whole, then an interval after each pong',
    async (target) => {
      const { pingEveryMs } = target.settings;
      const { door } = target;
      const askedAt = door.now();
      const client = await target.client();
      const openedAt = door.now();
      await client.end.pinged();
      const firstAt = door.now();
      assert.ok(
        firstAt - askedAt >= pingEveryMs / 2,
        `the first ping came after ${firstAt - askedAt} ms`,
      );
      const late = firstAt - openedAt - pingEveryMs;
      assert.ok(late <= SLACK_MS, `the first ping came ${late} ms late`);
      await client.end.pinged();
      const between = door.now() - firstAt;
      assert.ok(Math.abs(between - pingEveryMs) <= SLACK_MS, `the next came after ${between} ms`);
      assert.equal((await client.subscribe(target.topic()))['type'], 'ack_subscribe');
    },
    patienceWith('pingEveryMs', 2_000),
  ],
  [
    '[BROKER-CLOSE-3] [BROKER-KEEP-1] one that answers no ping is closed with 1011, whatever else it says',
    async (target) => {
      const topic = target.topic();
      const [watcher] = await target.clients(1);
      const mute = await target.client({ answersPings: false });
      await mute.subscribe(topic);
      await mute.end.pinged();
      mute.send({ topic, data: 'I am here' });
      assert.equal(await mute.next(), '"I am here"');
      assert.deepEqual(await mute.end.ended(), { code: 1_011, reason: 'ping timeout' });
      await target.eventually(async () => (await watcher.info(topic))['subscribers'] === 0);
    },
    patienceWith('pingEveryMs', 2_000),
    patienceWith('pongTimeoutMs', 2_000),
  ],
  [
    '[SSE-7] a quiet event stream gets a comment now and then',
    async (target) => {
      const { sseKeepAliveMs } = target.settings;
      const { door } = target;
      const askedAt = door.now();
      const stream = await target.stream(`topic=${target.topic()}`);
      const openedAt = door.now();
      await stream.next();
      for (let comments = 1; comments <= 2; comments += 1) {
        assert.equal(await stream.end.nextBlock(), ': keep-alive');
        const now = door.now();
        assert.ok(
          now - askedAt >= comments * sseKeepAliveMs,
          `a comment came after ${now - askedAt} ms`,
        );
        const late = now - openedAt - comments * sseKeepAliveMs;
        assert.ok(late <= SLACK_MS, `a comment came ${late} ms late`);
      }
    },
    patienceWith('sseKeepAliveMs', 2_000),
  ],
]);
