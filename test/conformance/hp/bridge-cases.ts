// A room that is joined to a topic, as members of the room and clients of the broker see it: each hears the other, once.
// The room and the topic are the operator's, and may be in use: cases know their own words by what is in them.

import assert from 'node:assert/strict';
import { WebSocket } from 'ws';

import { type HpCase, hpCases, type HpSite } from './site.ts';
import type { HpLine, HpSocket } from './socket.ts';

/** What one follower of the topic has heard, in the order of its coming. */
class Follower {
  readonly texts: string[] = [];
  #changed: () => void = () => {};

  hear(text: string): void {
    this.texts.push(text);
    this.#changed();
  }

  /** The first text that has this in it. */
  async with(part: string, withinMs = 5_000): Promise<string> {
    const until = performance.now() + withinMs;
    for (;;) {
      const found = this.texts.find((text) => text.includes(part));
      if (found !== undefined) return found;
      const restMs = until - performance.now();
      assert.ok(restMs > 0, `nothing with ${part} came within ${withinMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, restMs);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  count(part: string): number {
    return this.texts.filter((text) => text.includes(part)).length;
  }
}

interface Page {
  readonly follower: Follower;
  readonly say: (request: object) => void;
}

/** A WebSocket that follows the topic, for as long as the case runs. */
async function withPage(site: HpSite, run: (page: Page) => Promise<void>): Promise<void> {
  const { broker, topic } = site.bridge;
  const socket = new WebSocket(`ws://${broker}`);
  const follower = new Follower();
  socket.on('message', (data: Buffer) => follower.hear(data.toString()));
  socket.on('error', () => {});
  try {
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ type: 'subscribe', topic }));
    await follower.with('ack_subscribe');
    await run({ follower, say: (request) => socket.send(JSON.stringify(request)) });
  } finally {
    socket.terminate();
  }
}

async function publish({ bridge }: HpSite, data: unknown): Promise<Record<string, unknown>> {
  const { broker, topic } = bridge;
  const body = JSON.stringify({ topic, data });
  const answer = await fetch(`http://${broker}/publish`, { method: 'POST', body });
  return (await answer.json()) as Record<string, unknown>;
}

async function member(site: HpSite, name: string): Promise<HpSocket> {
  const socket = await site.in(name);
  await asks(socket, 'JOIN', { room: site.bridge.room });
  return socket;
}

/** Asks, and passes over what others say meanwhile. */
async function asks(socket: HpSocket, type: string, payload: object, id?: string): Promise<HpLine> {
  const own = socket.say(type, payload, id);
  for (;;) {
    const line = await socket.next();
    if (line.payload['ref'] === own) return line;
  }
}

/** The next room message whose body has this in it. */
async function hears(socket: HpSocket, part: string): Promise<HpLine> {
  for (;;) {
    const line = await socket.next();
    const { body } = line.payload;
    if (line.type === 'ROOM_MESSAGE' && typeof body === 'string' && body.includes(part))
      return line;
  }
}

export const bridgeCases: readonly HpCase[] = hpCases('bridge', [
  [
    '[BRIDGE-5] what a member says comes to WebSockets with its sender and place',
    async (site) => {
      const { room } = site.bridge;
      const alice = await member(site, 'alice');
      await withPage(site, async ({ follower }) => {
        const [body, id] = [site.name('hello'), site.name('m')];
        const { payload } = await asks(alice, 'ROOM_MESSAGE', { room, body, data: { a: 1 } }, id);
        assert.deepEqual(JSON.parse(await follower.with(body)), {
          ...{ from: site.name('alice'), body, data: { a: 1 }, room, id },
          ...{ timestamp: 1_700_000_000, seq: payload['seq'], epoch: payload['epoch'] },
        });
      });
    },
    'bridge',
  ],
  [
    '[BRIDGE-5] and to event streams, as data of an event',
    async (site) => {
      const { room, broker, topic } = site.bridge;
      const alice = await member(site, 'alice');
      const body = site.name('streamed');
      const answer = await fetch(`http://${broker}/sse?topic=${encodeURIComponent(topic)}`);
      assert.ok(answer.body !== null);
      const decoder = new TextDecoder();
      let [text, hasSpoken] = ['', false];
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        if (!hasSpoken && text.includes('event: subscribed')) {
          hasSpoken = true;
          alice.say('ROOM_MESSAGE', { room, body });
        }
        if (text.includes(`data: {"from":"${site.name('alice')}","body":"${body}"`)) break;
      }
      assert.ok(text.includes(body));
    },
    'bridge',
  ],
  [
    '[BRIDGE-6] [BRIDGE-7] [BRIDGE-9] what a page says is heard in the room, by a name with a mark',
    async (site) => {
      const alice = await member(site, 'alice');
      await withPage(site, async ({ say }) => {
        const [body, id] = [site.name('from-a-page'), site.name('p')];
        const { topic } = site.bridge;
        say({ topic, id, data: { from: site.name('bob'), body, data: 7 } });
        const line = await hears(alice, body);
        assert.equal(line.id, id);
        assert.equal(line.payload['from'], `${site.name('bob')}@broker`);
        assert.deepEqual([line.payload['body'], line.payload['data']], [body, 7]);
        assert.equal(typeof line.payload['seq'], 'number');
      });
    },
    'bridge',
  ],
  [
    '[BRIDGE-6] [BRIDGE-7] a text and other JSON, by HTTP, are said by a guest',
    async (site) => {
      const alice = await member(site, 'alice');
      await publish(site, `${site.name('text')}\n`);
      const text = await hears(alice, site.name('text'));
      assert.deepEqual(
        [text.payload['from'], text.payload['body']],
        ['guest@broker', site.name('text')],
      );
      await publish(site, { price: site.name('p'), from: 'not a name' });
      const other = await hears(alice, site.name('p'));
      assert.equal(other.payload['from'], 'guest@broker');
      assert.deepEqual(JSON.parse(String(other.payload['body'])), {
        ...{ price: site.name('p'), from: 'not a name' },
      });
    },
    'bridge',
  ],
  [
    '[BRIDGE-1] whoever speaks and follows on both sides hears each word once',
    async (site) => {
      const { room, topic } = site.bridge;
      const [alice, other] = [await member(site, 'alice'), await member(site, 'other')];
      await withPage(site, async ({ follower, say }) => {
        const [mine, theirs, last] = ['mine', 'theirs', 'last'].map((word) => site.name(word));
        say({ topic, data: { body: mine } });
        await hears(alice, mine ?? '');
        await asks(alice, 'ROOM_MESSAGE', { room, body: theirs });
        await asks(other, 'ROOM_MESSAGE', { room, body: last });
        await follower.with(last ?? '');
        for (const word of [mine, theirs, last]) assert.equal(follower.count(word ?? ''), 1);
        const next = await hears(alice, '');
        assert.equal(next.payload['body'], last);
      });
    },
    'bridge',
  ],
  [
    '[BRIDGE-2] [BRIDGE-8] what a room cannot take is acknowledged for the topic, and said to nobody there',
    async (site) => {
      const alice = await member(site, 'alice');
      const tooLong = site.name('long') + 'x'.repeat(16_384);
      for (const data of [{ body: '' }, { body: tooLong }, { body: 'a\u0000' }]) {
        const ack = await publish(site, data);
        assert.equal(typeof ack['offset'], 'number');
      }
      await publish(site, { body: site.name('short') });
      const heard = await hears(alice, '');
      assert.equal(heard.payload['body'], site.name('short'));
    },
    'bridge',
  ],
  [
    '[BRIDGE-10] a page is no member',
    async (site) => {
      const { room, topic } = site.bridge;
      const alice = await member(site, 'alice');
      await withPage(site, async ({ say }) => {
        say({ topic, data: { from: site.name('bob'), body: site.name('here') } });
        await hears(alice, site.name('here'));
        const { payload } = await asks(alice, 'ROOM_MEMBERS', { room });
        const users = (payload['members'] as { user: string }[]).map(({ user }) => user);
        assert.ok(users.includes(site.name('alice')));
        assert.deepEqual(
          users.filter((user) => user.startsWith(site.name('bob'))),
          [],
        );
        alice.say('DIRECT_MESSAGE', { to: `${site.name('bob')}@broker`, body: 'hi' });
        await alice.refused('INVALID_PAYLOAD');
      });
    },
    'bridge',
  ],
]);
