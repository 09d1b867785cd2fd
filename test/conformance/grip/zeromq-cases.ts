// The ZeroMQ doors: publications through PULL and SUB, commands through REP, and what the stats socket tells.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdResponse, holdStream, message, poll, stream } from './gateway.ts';
import type { Answer } from './http-client.ts';
import { readTnet, type Tnet, tnetOf } from './tnetstring.ts';
import type { ZmqSocket } from './zeromq.ts';

async function opened(gateway: Gateway, host = 'plain.test'): Promise<Answer> {
  gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
  const answer = gateway.send({ host });
  await answer.until('open\n');
  return answer;
}

const text = (value: string): Buffer => Buffer.from(value);

const streamTnet = (channel: string, content: Buffer): Tnet => ({
  channel: text(channel),
  formats: { 'http-stream': { content } },
});

type Encode = (channel: string, content: string) => Buffer;

const encodings: readonly (readonly [what: string, encode: Encode])[] = [
  ['JSON', (channel, content) => text(`J${JSON.stringify({ channel, ...stream(content) })}`)],
  [
    'a tnetstring',
    (channel, content) => Buffer.concat([text('T'), tnetOf(streamTnet(channel, text(content)))]),
  ],
  ['a bare tnetstring', (channel, content) => tnetOf(streamTnet(channel, text(content)))],
];

const junk: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['an empty frame', text('')],
  ['JSON that ends early', text('J{"channel":')],
  ['JSON that is no object', text('J[1]')],
  ['an item without a channel', text('J{}')],
  ['an item without formats', text('J{"channel":"x"}')],
  ['a prefix that nobody knows', text('X{}')],
  ['a tnetstring without a colon', text('Tabc')],
  ['a tnetstring that is no dictionary', text('T1:1#')],
];

export const zeromqCases = gripCases('zeromq', [
  ...encodings.map(([what, encode]): GripRow => [
    `[GRIP-ZMQ-1] an item in ${what} is published through PULL`,
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUSH', gateway.site.zmqPull);
      socket.send(encode(gateway.channel, 'one '));
      socket.send(encode(gateway.channel, 'two '));
      assert.equal(await answer.until('two '), 'open\none two ');
    },
    { needs: ['zmqPull'] },
  ]),
  [
    '[GRIP-ZMQ-1] bytes in a tnetstring are what is sent',
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUSH', gateway.site.zmqPull);
      const item = tnetOf(streamTnet(gateway.channel, Buffer.of(0, 255, 46)));
      socket.send(Buffer.concat([text('T'), item]));
      assert.equal(await answer.until('.'), 'open\n\u0000\u00ff.');
    },
    { needs: ['zmqPull'] },
  ],
  [
    '[GRIP-ORDER-5] [DIFF-53] ids that are no text are told apart byte by byte',
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUSH', gateway.site.zmqPull);
      const said = (id: Buffer, content: string): Buffer =>
        tnetOf({ ...(streamTnet(gateway.channel, text(content)) as object), id });
      socket.send(said(Buffer.of(0xff, 1), 'one '));
      socket.send(said(Buffer.of(0xff, 1), 'again '));
      socket.send(said(Buffer.of(0xfe, 1), 'two '));
      assert.equal(await answer.until('two '), 'open\none two ');
    },
    { needs: ['zmqPull'] },
  ],
  [
    '[GRIP-ZMQ-1] an item may be larger than HTTP would take',
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUSH', gateway.site.zmqPull);
      socket.send(
        `J${JSON.stringify({ channel: gateway.channel, ...stream(`${'c'.repeat(2_000_000)}!`) })}`,
      );
      await answer.until('!');
    },
    { needs: ['zmqPull'] },
  ],
  ...junk.map(([what, bytes]): GripRow => [
    `[GRIP-ZMQ-2] ${what} is passed over, and the next item is published`,
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUSH', gateway.site.zmqPull);
      socket.send(bytes);
      socket.send(`J${JSON.stringify({ channel: gateway.channel, ...stream('right') })}`);
      assert.equal(await answer.until('right'), 'open\nright');
    },
    { needs: ['zmqPull'] },
  ]),
  [
    '[GRIP-ZMQ-2] [DIFF-23] a tnetstring that is shorter than it says is passed over',
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUSH', gateway.site.zmqPull);
      for (const bytes of ['T5:abc', '5:abc', 'T9999999999:a}', 'T5:']) socket.send(bytes);
      socket.send(`J${JSON.stringify({ channel: gateway.channel, ...stream('right') })}`);
      assert.equal(await answer.until('right'), 'open\nright');
    },
    { needs: ['zmqPull'], endsPushpin: true },
  ],
  [
    '[GRIP-ZMQ-2] a message of two frames is passed over',
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUSH', gateway.site.zmqPull);
      const item = (content: string) =>
        `J${JSON.stringify({ channel: gateway.channel, ...stream(content) })}`;
      socket.send(item('wrong'), item('wrong'));
      socket.send(item('right'));
      assert.equal(await answer.until('right'), 'open\nright');
    },
    { needs: ['zmqPull'] },
  ],
  ...encodings.map(([what, encode]): GripRow => [
    `[GRIP-ZMQ-3] an item in ${what} is published through SUB, to the channel of its first frame`,
    async (gateway) => {
      const socket = await gateway.zeromq('XPUB', gateway.site.zmqSub);
      const answer = await opened(gateway);
      await socket.followed(gateway.channel);
      socket.send(gateway.channel, encode('another', 'one'));
      await answer.until('open\none');
    },
    { needs: ['zmqSub'] },
  ]),
  [
    '[GRIP-ZMQ-3] a publisher that comes later is told what is followed',
    async (gateway) => {
      const answer = await opened(gateway);
      const socket = await gateway.zeromq('PUB', gateway.site.zmqSub);
      await socket.followed(gateway.channel);
      socket.send(gateway.channel, `J${JSON.stringify(stream('one'))}`);
      await answer.until('open\none');
    },
    { needs: ['zmqSub'] },
  ],
  [
    '[GRIP-ZMQ-3] channels are whole names, though the wire compares beginnings',
    async (gateway) => {
      const socket = await gateway.zeromq('XPUB', gateway.site.zmqSub);
      const answer = await opened(gateway);
      await socket.followed(gateway.channel);
      socket.send(`${gateway.channel}-more`, `J${JSON.stringify(stream('wrong'))}`);
      socket.send(gateway.channel, `J${JSON.stringify(stream('right'))}`);
      assert.equal(await answer.until('right'), 'open\nright');
    },
    { needs: ['zmqSub'] },
  ],
  [
    '[GRIP-ZMQ-4] a channel is no longer followed when its last stream has ended',
    async (gateway) => {
      const socket = await gateway.zeromq('XPUB', gateway.site.zmqSub);
      const answer = await opened(gateway);
      await socket.followed(gateway.channel);
      const { channel } = gateway;
      await gateway.publish({ channel, formats: { 'http-stream': { action: 'close' } } });
      await answer.whole();
      await socket.followed(channel, false);
    },
    { needs: ['zmqSub'] },
  ],
  [
    '[GRIP-ZMQ-4] a poll’s channel is followed on, for the next poll',
    async (gateway) => {
      const socket = await gateway.zeromq('XPUB', gateway.site.zmqSub);
      const { channel } = gateway;
      gateway.plays({ headers: holdResponse(channel), body: 'nothing\n' });
      const item = { channel, ...poll('a') };
      await gateway.publishUntil(gateway.ask(), item);
      await opened(gateway);
      assert.ok(socket.topics.has(channel));
    },
    { needs: ['zmqSub'] },
  ],
  [
    '[GRIP-ZMQ-4] the prefix of a route is part of what is followed',
    async (gateway) => {
      const socket = await gateway.zeromq('XPUB', gateway.site.zmqSub);
      await opened(gateway, 'prefix.test');
      await socket.followed(`pre-${gateway.channel}`);
    },
    { needs: ['zmqSub'] },
  ],
]);

/** Asks a command. */
async function command(
  gateway: Gateway,
  method: string,
  args?: Tnet,
): Promise<Readonly<Record<string, unknown>>> {
  const socket = await gateway.zeromq('REQ', gateway.site.zmqRep);
  const asked: Tnet = {
    id: text('7'),
    method: text(method),
    ...(args === undefined ? {} : { args }),
  };
  socket.send(tnetOf(asked));
  const [frame = text('')] = await socket.next();
  const reply = readTnet(frame) as Readonly<Record<string, unknown>>;
  assert.equal(reply['id'], '7');
  return reply;
}

export const commandCases = gripCases('commands', [
  [
    '[GRIP-CMD-1] publish publishes',
    async (gateway) => {
      const answer = await opened(gateway);
      const items = [
        streamTnet(gateway.channel, text('one')),
        streamTnet(gateway.channel, text('two')),
      ];
      const reply = await command(gateway, 'publish', { items });
      assert.equal(reply['success'], true);
      await answer.until('open\nonetwo');
    },
    { needs: ['zmqRep'] },
  ],
  ...(
    [
      ['no arguments', undefined],
      ['no items', {}],
      ['a bad item', { items: [{ channel: text('x') }] }],
    ] as const
  ).map(([what, args]): GripRow => [
    `[GRIP-CMD-1] publish with ${what} is a bad request`,
    async (gateway) => {
      const reply = await command(gateway, 'publish', args);
      assert.equal(reply['success'], false);
      assert.equal(reply['condition'], 'bad-request');
    },
    { needs: ['zmqRep'] },
  ]),
  [
    '[GRIP-CMD-2] recover is known',
    async (gateway) => {
      assert.equal((await command(gateway, 'recover'))['success'], true);
    },
    { needs: ['zmqRep'], isAlone: true },
  ],
  [
    '[GRIP-CMD-3] conncheck tells which of the connections exist',
    async (gateway) => {
      const reply = await command(gateway, 'conncheck', { ids: [text('nobody')] });
      assert.equal(reply['success'], true);
      assert.deepEqual(reply['value'], []);
    },
    { needs: ['zmqRep'] },
  ],
  [
    '[GRIP-CMD-3] conncheck without ids is a bad request',
    async (gateway) => {
      assert.equal((await command(gateway, 'conncheck', {}))['condition'], 'bad-request');
    },
    { needs: ['zmqRep'] },
  ],
  [
    '[GRIP-CMD-4] get-zmq-uris tells where publishers connect',
    async (gateway) => {
      const { value } = await command(gateway, 'get-zmq-uris');
      const { zmqPull, zmqSub, zmqRep } = gateway.site;
      const uris = value as Record<string, string>;
      const same = (a = '', b = ''): void => assert.equal(a.split(':').at(-1), b.split(':').at(-1));
      same(uris['command'], zmqRep);
      if (zmqPull !== undefined) same(uris['publish-pull'], zmqPull);
      if (zmqSub !== undefined) same(uris['publish-sub'], zmqSub);
    },
    { needs: ['zmqRep'] },
  ],
  [
    '[GRIP-CMD-5] refresh of a connection that is not there says so',
    async (gateway) => {
      const reply = await command(gateway, 'refresh', { cid: text('nobody') });
      assert.equal(reply['success'], false);
      assert.equal(reply['condition'], 'item-not-found');
    },
    { needs: ['zmqRep'] },
  ],
  [
    '[GRIP-CMD-5] refresh of nothing is a bad request',
    async (gateway) => {
      assert.equal((await command(gateway, 'refresh', {}))['condition'], 'bad-request');
    },
    { needs: ['zmqRep'] },
  ],
  [
    '[GRIP-CMD-1] [DIFF-36] what is no command is answered',
    async (gateway) => {
      const socket = await gateway.zeromq('REQ', gateway.site.zmqRep);
      socket.send(Buffer.from('zz'));
      const [reply = text('')] = await socket.next();
      assert.match(reply.toString(), /bad-request/);
    },
    { needs: ['zmqRep'] },
  ],
  [
    '[GRIP-CMD-6] a method that nobody knows is not found',
    async (gateway) => {
      const reply = await command(gateway, 'frob');
      assert.equal(reply['success'], false);
      assert.equal(reply['condition'], 'method-not-found');
    },
    { needs: ['zmqRep'] },
  ],
]);

export type Stat = Readonly<Record<string, unknown>>;

/** The next stat of a type that is so. */
export async function statOf(
  socket: ZmqSocket,
  type: string,
  isIt: (stat: Stat) => boolean,
): Promise<Stat> {
  for (;;) {
    const [frame = text('')] = await socket.next();
    const at = frame.indexOf(' ');
    if (frame.subarray(0, at).toString() !== type) continue;
    const [kind, body] = [frame[at + 1], frame.subarray(at + 2)];
    const stat = (kind === 0x4a ? JSON.parse(body.toString()) : readTnet(body)) as Stat;
    if (isIt(stat)) return stat;
  }
}

export const statsCases = gripCases('stats', [
  ...(
    [
      ['stream', (channel: string) => holdStream(channel)],
      ['response', (channel: string) => holdResponse(channel)],
    ] as const
  ).map(([mode, hold]): GripRow => [
    `[GRIP-STATS-1] the first subscriber of a ${mode} is told`,
    async (gateway) => {
      const { channel } = gateway;
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('sub ');
      gateway.plays({ headers: hold(channel), body: 'open\n' });
      // What is subscribed takes effect some time later: the last of several channels is seen.
      const stat = statOf(socket, 'sub', (each) => String(each['channel']).startsWith(channel));
      let nth = 0;
      gateway.plays(() => ({ headers: hold(`${channel}-${(nth += 1)}`), body: 'open\n' }));
      const seen = { isSeen: false };
      void stat.then(() => {
        seen.isSeen = true;
      });
      await gateway.eventually(() => {
        gateway.send();
        return seen.isSeen;
      });
      const { mode: told, subscribers, ttl, from } = await stat;
      assert.equal(told, mode);
      assert.equal(subscribers, 1);
      assert.equal(ttl, 60);
      assert.equal(typeof from, 'string');
    },
    { needs: ['stats'] },
  ]),
  [
    '[GRIP-STATS-1] and that the last one has left',
    async (gateway) => {
      const { channel } = gateway;
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('sub ');
      const on = gateway.connection();
      gateway.plays({ headers: holdStream(channel), body: 'open\n' });
      await gateway.send({ on }).until('open\n');
      on.leave();
      const stat = await statOf(
        socket,
        'sub',
        (each) => each['channel'] === channel && each['unavailable'] === true,
      );
      assert.equal(stat['mode'], 'stream');
    },
    { needs: ['stats'] },
  ],
  [
    '[GRIP-STATS-2] a publication with receivers is told',
    async (gateway) => {
      const { channel } = gateway;
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('message ');
      gateway.plays({ headers: holdStream(channel), body: 'open\n' });
      const answers = [gateway.send(), gateway.send()];
      await Promise.all(answers.map((answer) => answer.until('open\n')));
      const stat = statOf(socket, 'message', (each) => each['channel'] === channel);
      const told = await gateway.publishUntil(stat, (nth) => ({
        channel,
        id: `id-${nth}`,
        ...stream('a'),
      }));
      assert.match(String(told['item-id']), /^id-\d+$/);
      assert.equal(told['count'], 2);
      assert.equal(told['transport'], 'http-stream');
    },
    { needs: ['stats'] },
  ],
  [
    '[GRIP-STATS-3] connections are told when they are held and when they end',
    async (gateway) => {
      const { channel } = gateway;
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('conn ');
      gateway.plays({ headers: holdStream(channel), body: 'open\n' });
      const met = statOf(socket, 'conn', (each) => each['type'] === 'http');
      const seen = { isSeen: false };
      void met.then(() => {
        seen.isSeen = true;
      });
      await gateway.eventually(async () => {
        const on = gateway.connection();
        await gateway.send({ on }).until('open\n');
        on.leave();
        return seen.isSeen;
      });
      const { id, ttl, 'peer-address': peer } = await met;
      assert.equal(typeof id, 'string');
      assert.equal(ttl, 120);
      assert.equal(peer, '127.0.0.1');
      await statOf(socket, 'conn', (each) => each['id'] === id && each['unavailable'] === true);
    },
    { needs: ['stats'] },
  ],
  [
    '[GRIP-STATS-4] every ten seconds there is a report',
    async (gateway) => {
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('report ');
      const { channel } = gateway;
      gateway.plays({ headers: holdStream(channel), body: 'open\n' });
      await gateway.send().until('open\n');
      await gateway.publish({ channel, ...stream('a') }, { channel, ...message('b') });
      const stat = await statOf(socket, 'report', (each) => Number(each['received']) > 0);
      for (const name of [
        'connections',
        'minutes',
        'received',
        'sent',
        'http-response-sent',
        'duration',
      ])
        assert.equal(typeof stat[name], 'number', name);
    },
    { needs: ['stats'], seconds: 40 },
  ],
  [
    '[GRIP-STATS-4] [DIFF-38] a report tells nothing of bytes',
    async (gateway) => {
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('report ');
      gateway.send({ host: 'named.test' });
      const stat = await statOf(socket, 'report', () => true);
      assert.deepEqual(
        Object.keys(stat).filter((name) => /^(?:client|server)-/.test(name)),
        [],
      );
    },
    { needs: ['stats'], seconds: 40 },
  ],
  ...(
    [
      ['request', (gateway: Gateway) => void gateway.send({ host: 'named.test' })],
      [
        'handshake',
        (gateway: Gateway) => void gateway.socket('', { host: 'named.test' }).catch(() => {}),
      ],
    ] as const
  ).map(([what, asks]): GripRow => [
    `[GRIP-STATS-7] a ${what} is told as activity of its route`,
    async (gateway) => {
      const socket = await gateway.zeromq('SUB', gateway.site.stats);
      socket.subscribe('activity ');
      const stat = statOf(socket, 'activity', (each) => each['route'] === 'named');
      const seen = { isSeen: false };
      void stat.then(() => {
        seen.isSeen = true;
      });
      await gateway.eventually(() => {
        asks(gateway);
        return seen.isSeen;
      });
      assert.ok(Number((await stat)['count']) > 0);
    },
    { needs: ['stats'], isAlone: true },
  ]),
]);
