// Stream holds: the answer begins at once and goes on for as long as its client stays.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdStream, type Item, poll, stream } from './gateway.ts';
import type { Answer, HeaderLines } from './http-client.ts';
import type { Reply } from './origin.ts';

/** Opens a stream and waits for its first bytes. */
async function opened(
  gateway: Gateway,
  headers: HeaderLines = {},
  { host = 'plain.test', body = 'open\n', ...reply }: Reply & { readonly host?: string } = {},
): Promise<Answer> {
  gateway.plays({ ...reply, body, headers: holdStream(gateway.channel, headers) });
  const answer = gateway.send({ host });
  if (body === '') await answer.head();
  else await answer.until('open\n');
  return answer;
}

const to = (channel: string, item: Item): Item => ({ channel, ...item });
const action = (name: string): Item => ({ formats: { 'http-stream': { action: name } } });

export const streamCases = gripCases('streams', [
  [
    '[GRIP-STREAM-1] a stream hold begins with the origin’s answer and goes on with publications',
    async (gateway) => {
      const answer = await opened(gateway, { 'X-A': 'b' }, { status: 203, reason: 'So' });
      const head = await answer.head();
      assert.equal(`${head.status} ${head.reason}`, '203 So');
      assert.equal(head.header('x-a'), 'b');
      assert.equal(head.header('content-type'), 'text/plain');
      assert.equal(head.header('content-length'), undefined);
      assert.equal(head.header('transfer-encoding'), 'chunked');
      for (const text of ['one\n', 'two\n', 'three\n'])
        await gateway.publish(to(gateway.channel, stream(text)));
      assert.equal(await answer.until('three\n'), 'open\none\ntwo\nthree\n');
    },
  ],
  [
    '[GRIP-STREAM-1] no header that begins with Grip- reaches the client',
    async (gateway) => {
      const head = await (await opened(gateway, { 'Grip-Foo': 'x' })).head();
      assert.deepEqual(
        head.headers.filter(([name]) => name.toLowerCase().startsWith('grip-')),
        [],
      );
    },
  ],
  [
    '[GRIP-STREAM-1] with an empty body the head comes at once',
    async (gateway) => {
      const answer = await opened(gateway, {}, { body: '' });
      await gateway.publish(to(gateway.channel, stream('a')));
      assert.equal(await answer.until('a'), 'a');
    },
  ],
  [
    '[GRIP-STREAM-1] to a client of HTTP/1.0 the stream is the rest of the connection',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answer = gateway.send({ version: 'HTTP/1.0' });
      await answer.until('open\n');
      await gateway.publish(to(gateway.channel, stream('a')));
      assert.equal(await answer.until('a'), 'open\na');
      assert.equal((await answer.head()).header('transfer-encoding'), undefined);
    },
  ],
  [
    '[GRIP-STREAM-1] a POST may be answered with a stream',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answer = gateway.send({ method: 'POST', body: '{}' });
      await answer.until('open\n');
      await gateway.publish(to(gateway.channel, stream('a')));
      await answer.until('a');
    },
  ],
  [
    '[GRIP-STREAM-1] Grip-Status stands in the place of the status',
    async (gateway) => {
      const head = await (await opened(gateway, { 'Grip-Status': '299 Other' })).head();
      assert.equal(`${head.status} ${head.reason}`, '299 Other');
    },
  ],
  [
    '[GRIP-STREAM-1] Grip-Expose-Headers leaves only what it names',
    async (gateway) => {
      const headers = { 'X-A': 'a', 'X-B': 'b', 'Grip-Expose-Headers': 'x-a' };
      const head = await (await opened(gateway, headers)).head();
      assert.deepEqual(head.all('x-a'), ['a']);
      assert.deepEqual(head.all('x-b'), []);
    },
  ],
  [
    '[GRIP-STREAM-2] publications come in the order in which they were made, from one request',
    async (gateway) => {
      const answer = await opened(gateway);
      const texts = Array.from({ length: 50 }, (_, at) => `<${at}>`);
      await gateway.publish(...texts.map((text) => to(gateway.channel, stream(text))));
      assert.equal(await answer.until('<49>'), `open\n${texts.join('')}`);
    },
  ],
  [
    '[GRIP-STREAM-2] and from several',
    async (gateway) => {
      const answer = await opened(gateway);
      for (let at = 0; at < 20; at += 1)
        await gateway.publish(to(gateway.channel, stream(`<${at}>`)));
      const wanted = Array.from({ length: 20 }, (_, at) => `<${at}>`).join('');
      assert.equal(await answer.until('<19>'), `open\n${wanted}`);
    },
  ],
  [
    '[GRIP-STREAM-2] a stream of several channels gets what is published to any',
    async (gateway) => {
      const [one, two] = [`${gateway.channel}-1`, `${gateway.channel}-2`];
      const answer = await opened(gateway, { 'Grip-Channel': [one, two] });
      await gateway.publish(to(one, stream('a')), to(two, stream('b')), to(one, stream('c')));
      await answer.until('abc');
    },
  ],
  [
    '[GRIP-STREAM-2] nothing comes of other channels, or other formats',
    async (gateway) => {
      const answer = await opened(gateway);
      const { channel } = gateway;
      await gateway.publish(
        to(`${channel}x`, stream('wrong')),
        to(channel.slice(0, -1), stream('wrong')),
        to(channel.toUpperCase(), stream('wrong')),
        to(channel, poll('wrong')),
        to(channel, stream('right')),
      );
      assert.equal(await answer.until('right'), 'open\nright');
    },
  ],
  [
    '[GRIP-STREAM-2] everybody on a channel gets what is published',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const answers = Array.from({ length: 10 }, () => gateway.send());
      await Promise.all(answers.map((answer) => answer.until('open\n')));
      await gateway.publish(to(gateway.channel, stream('a')));
      await Promise.all(answers.map((answer) => answer.until('open\na')));
    },
  ],
  [
    '[GRIP-STREAM-2] what was published before is not there',
    async (gateway) => {
      await gateway.publish(to(gateway.channel, stream('early')));
      const answer = await opened(gateway);
      await gateway.publish(to(gateway.channel, stream('late')));
      assert.equal(await answer.until('late'), 'open\nlate');
    },
  ],
  [
    '[GRIP-STREAM-2] the prefix of the route stands before the channel',
    async (gateway) => {
      const answer = await opened(gateway, {}, { host: 'prefix.test' });
      await gateway.publish(
        to(gateway.channel, stream('wrong')),
        to(`pre-${gateway.channel}`, stream('right')),
      );
      assert.equal(await answer.until('right'), 'open\nright');
    },
  ],
  ...(
    [
      ['[GRIP-STREAM-2]', 'any letters', 'räksmörgås/№ 5'],
      ['[GRIP-STREAM-2]', 'marks', 'a.b:c/d*e+f@h'],
      ['[GRIP-STREAM-2]', 'spaces', 'a b'],
    ] as const
  ).map(([ids, what, name]): GripRow => [
    `${ids} the name of a channel may have ${what}`,
    async (gateway) => {
      const channel = `${gateway.channel} ${name}`;
      const bytes = Buffer.from(channel).toString('latin1');
      const answer = await opened(gateway, { 'Grip-Channel': bytes });
      await gateway.publish(to(channel, stream('a')));
      await answer.until('open\na');
    },
  ]),
  [
    '[GRIP-STREAM-3] close ends the stream as if it were whole',
    async (gateway) => {
      const answer = await opened(gateway);
      await gateway.publish(
        to(gateway.channel, stream('last')),
        to(gateway.channel, action('close')),
        to(gateway.channel, stream('beyond')),
      );
      assert.equal((await answer.whole()).body, 'open\nlast');
    },
  ],
  [
    '[GRIP-STREAM-3] after it the connection takes the next request',
    async (gateway) => {
      gateway.plays([{ body: 'open\n', headers: holdStream(gateway.channel) }, { body: 'next\n' }]);
      const on = gateway.connection();
      const answer = gateway.send({ on });
      await answer.until('open\n');
      await gateway.publish(to(gateway.channel, action('close')));
      await answer.whole();
      assert.equal((await gateway.ask({ on })).body, 'next\n');
    },
  ],
  [
    '[GRIP-STREAM-3] hint without a next link changes nothing',
    async (gateway) => {
      const answer = await opened(gateway);
      await gateway.publish(to(gateway.channel, stream('a')), to(gateway.channel, action('hint')));
      await gateway.publishUntil(answer.until('b'), to(gateway.channel, stream('b')));
      assert.match(answer.text, /^open\nab+$/);
    },
  ],
  [
    '[GRIP-STREAM-4] content may be bytes in Base64, and these win over text',
    async (gateway) => {
      const answer = await opened(gateway);
      const bin = Buffer.of(0, 255, 128).toString('base64');
      await gateway.publish(
        to(gateway.channel, stream('text', { 'content-bin': bin })),
        to(gateway.channel, stream('end')),
      );
      assert.equal(await answer.until('end'), 'open\n\u0000\u00ff\u0080end');
    },
  ],
  [
    '[GRIP-STREAM-4] content may have any letters, and be empty',
    async (gateway) => {
      const answer = await opened(gateway);
      await gateway.publish(to(gateway.channel, stream('')), to(gateway.channel, stream('ü😀\n')));
      await answer.until('\n'.repeat(0) + Buffer.from('ü😀\n').toString('latin1'));
    },
  ],
  [
    '[GRIP-STREAM-4] content may be large',
    async (gateway) => {
      const answer = await opened(gateway);
      const content = `${'c'.repeat(900_000)}!`;
      await gateway.publish(to(gateway.channel, stream(content)));
      assert.equal((await answer.until('!')).length, content.length + 5);
    },
  ],
  [
    '[GRIP-STREAM-5] the origin’s body may be larger than 100,000 bytes',
    async (gateway) => {
      const body = `${'b'.repeat(300_000)}!`;
      gateway.plays({ body, headers: holdStream(gateway.channel) });
      const answer = gateway.send();
      await answer.until('!');
      await gateway.publishUntil(answer.until('!a'), to(gateway.channel, stream('a')));
      assert.equal(answer.text.slice(0, body.length), body);
    },
  ],
  [
    '[GRIP-STREAM-5] what the origin writes over time comes first, and then what is published',
    async (gateway) => {
      let finish: () => void = () => {};
      gateway.plays(({ response }) => {
        response?.writeHead(200, ['Grip-Hold', 'stream', 'Grip-Channel', gateway.channel]);
        response?.write('one ');
        finish = () => response?.end('two ');
        return undefined;
      });
      const answer = gateway.send();
      await gateway.askedAt(0);
      await gateway.eventually(() => finish.toString().includes('two'));
      finish();
      await answer.until('two ');
      await gateway.publishUntil(answer.until('three'), to(gateway.channel, stream('three')));
      assert.ok(answer.text.startsWith('one two three'));
    },
  ],
  [
    '[GRIP-STREAM-6] a client that leaves is forgotten, and the others hear on',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
      const on = gateway.connection();
      await gateway.send({ on }).until('open\n');
      const answer = await opened(gateway);
      on.leave();
      await gateway.publish(to(gateway.channel, stream('a')));
      await answer.until('open\na');
    },
  ],
  [
    '[GRIP-STREAM-7] a channel that a target names is followed beside those of the hold',
    async (gateway) => {
      const answer = await opened(gateway, {}, { host: 'sub-twice.test' });
      await gateway.publish(
        to('pre-conformance-one', stream('wrong')),
        to('conformance-one', stream('a')),
        to('conformance-two', stream('b')),
        to(`pre-${gateway.channel}`, stream('c')),
      );
      assert.equal(await answer.until('c'), 'open\nabc');
    },
  ],
  [
    '[GRIP-STREAM-8] a stream hold without channels stays open, with its keep-alive',
    async (gateway) => {
      const headers = { 'Grip-Hold': 'stream', 'Grip-Keep-Alive': 'ping; timeout=1' };
      gateway.plays({ headers, body: 'open\n' });
      await gateway.send().until('open\npingping');
    },
  ],
]);

/** The instants at which a text was seen, as seconds from the first look. */
async function instants(answer: Answer, text: string, count: number): Promise<number[]> {
  const from = performance.now();
  const times: number[] = [];
  for (let nth = 1; nth <= count; nth += 1) {
    await answer.until((body) => body.split(text).length > nth);
    times.push((performance.now() - from) / 1_000);
  }
  return times;
}

export const keepAliveCases = gripCases('keep-alives', [
  [
    '[GRIP-KEEP-1] an idle stream gets its keep-alive again and again',
    async (gateway) => {
      const answer = await opened(gateway, { 'Grip-Keep-Alive': 'ping|; timeout=2' });
      const [first = 0, second = 0, third = 0] = await instants(answer, 'ping|', 3);
      for (const seconds of [first, second - first, third - second])
        assert.ok(seconds > 0.9 && seconds < 2.6, `after ${seconds} s`);
      assert.equal(answer.text, 'open\nping|ping|ping|');
    },
  ],
  [
    '[GRIP-KEEP-1] what is published puts it off',
    async (gateway) => {
      const answer = await opened(gateway, { 'Grip-Keep-Alive': 'ping|; timeout=3' });
      const busy = answer.until((body) => body.split('a').length > 60);
      await gateway.publishUntil(busy, to(gateway.channel, stream('a')));
      assert.match(answer.text, /^open\na+$/);
      await answer.until('ping|');
    },
  ],
  [
    '[GRIP-KEEP-2] in the mode interval it is not put off',
    async (gateway) => {
      const answer = await opened(gateway, {
        'Grip-Keep-Alive': 'ping|; timeout=2; mode=interval',
      });
      await gateway.publishUntil(
        answer.until((body) => body.split('ping|').length > 2),
        to(gateway.channel, stream('a')),
      );
      assert.match(answer.text, /^open\na+ping\|a+ping\|/);
    },
  ],
  ...(
    [
      ['raw', String.raw`\n`, String.raw`\n`],
      ['cstring', String.raw`a\r\n\\\x41`, 'a\r\n\\A'],
      ['base64', Buffer.of(0, 10, 255).toString('base64'), '\u0000\n\u00ff'],
    ] as const
  ).map(([format, data, wanted]): GripRow => [
    `[GRIP-KEEP-3] its bytes may be written as ${format}`,
    async (gateway) => {
      const answer = await opened(gateway, {
        'Grip-Keep-Alive': `${data}; format=${format}; timeout=1`,
      });
      await answer.until(`open\n${wanted}${wanted}`);
    },
  ]),
  [
    '[GRIP-KEEP-3] without a format they are what is written',
    async (gateway) => {
      const answer = await opened(gateway, { 'Grip-Keep-Alive': String.raw`: \n; timeout=1` });
      await answer.until(String.raw`: \n: \n`);
    },
  ],
  [
    '[GRIP-KEEP-3] they may be quoted',
    async (gateway) => {
      const answer = await opened(gateway, {
        'Grip-Keep-Alive': String.raw`event: keep-alive\ndata:\n\n; format=cstring; timeout=1`,
      });
      await answer.until('open\nevent: keep-alive\ndata:\n\n');
    },
  ],
  [
    '[GRIP-KEEP-4] a timeout of 0 is one of 1',
    async (gateway) => {
      const answer = await opened(gateway, { 'Grip-Keep-Alive': 'ping|; timeout=0' });
      await answer.until('ping|ping|');
    },
  ],
  [
    '[GRIP-KEEP-4] without a timeout it is 55 s',
    async (gateway) => {
      const answer = await opened(gateway, { 'Grip-Keep-Alive': 'ping|' });
      const [first = 0] = await instants(answer, 'ping|', 1);
      assert.ok(first > 53.5 && first < 56.5, `after ${first} s`);
    },
    { seconds: 70 },
  ],
  ...(
    [
      ['a format that nobody knows', 'x; format=y'],
      ['a mode that nobody knows', 'x; mode=y'],
      ['a timeout below 0', 'x; timeout=-1'],
      ['a timeout that is no number', 'x; timeout=y'],
      ['an unfinished escape', String.raw`x\; format=cstring`],
    ] as const
  ).map(([what, value]): GripRow => [
    `[GRIP-KEEP-5] ${what} is 502`,
    async (gateway) => {
      const headers = holdStream(gateway.channel, { 'Grip-Keep-Alive': value });
      gateway.plays({ headers, body: 'open\n' });
      assert.equal((await gateway.send().head()).status, 502);
    },
  ]),
]);
