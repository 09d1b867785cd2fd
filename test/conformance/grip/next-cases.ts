// Next links, and how a hold finds out what it has missed: positions, hints, order, and what is known already.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import {
  type Gateway,
  holdResponse,
  holdStream,
  type Item,
  message,
  poll,
  stream,
} from './gateway.ts';
import type { Answer, HeaderLines } from './http-client.ts';
import type { Asked, Reply } from './origin.ts';

const to = (channel: string, item: Item, more: Item = {}): Item => ({ channel, ...item, ...more });

/** The origin's answers: the first to the client, the others to the next link, one after the other. */
function links(gateway: Gateway, first: Reply, ...nexts: readonly Reply[]): void {
  let count = 0;
  gateway.plays((asked) => {
    if (!asked.url.includes('/next')) return first;
    count += 1;
    return nexts[count - 1] ?? nexts.at(-1);
  });
}

const nextOf = (gateway: Gateway, more = ''): string =>
  `<${gateway.path('/next')}>; rel=next${more}`;

const isNext = ({ url }: Asked): boolean => url.includes('/next');

const nextsAsked = (gateway: Gateway): number => gateway.asked.filter(isNext).length;

/** A stream that knows its place, and the answers of its next link. */
async function placed(
  gateway: Gateway,
  id: string,
  nexts: readonly Reply[],
  more: HeaderLines = {},
): Promise<Answer> {
  const headers = holdStream(`${gateway.channel}; prev-id=${id}`, {
    'Grip-Link': nextOf(gateway),
    ...more,
  });
  links(gateway, { body: 'open\n', headers }, ...nexts);
  const answer = gateway.send();
  await answer.until('open\n');
  return answer;
}

/** What the next link answers: some bytes, and the place after them. */
const after = (gateway: Gateway, id: string, body: string): Reply => ({
  body,
  headers: holdStream(`${gateway.channel}; prev-id=${id}`, { 'Grip-Link': nextOf(gateway) }),
});

export const nextCases = gripCases('next-links', [
  [
    '[GRIP-NEXT-1] without a hold the answers of next links follow at once, and the last one ends it',
    async (gateway) => {
      const link = { 'Content-Type': 'text/plain', 'Grip-Link': nextOf(gateway) };
      links(
        gateway,
        { body: 'one ', headers: link },
        { body: 'two ', headers: link },
        { body: 'three' },
      );
      const answer = await gateway.ask();
      assert.equal(answer.body, 'one two three');
      assert.equal(answer.header('content-length'), undefined);
      assert.equal(answer.header('grip-link'), undefined);
    },
  ],
  [
    '[GRIP-NEXT-11] an answer of three million bytes passes, and what it says of the stream counts',
    async (gateway) => {
      const long = 'x'.repeat(3_000_000);
      links(
        gateway,
        { body: 'one ', headers: { 'Grip-Link': nextOf(gateway) } },
        { body: `${long} two `, headers: holdStream(gateway.channel) },
      );
      const answer = gateway.send();
      await answer.until(' two ');
      await gateway.publishUntil(answer.until('three'), to(gateway.channel, stream('three')));
      assert.ok(answer.text === `one ${long} two three`);
    },
  ],
  [
    '[GRIP-NEXT-11] long answers follow each other',
    async (gateway) => {
      const page = (letter: string): string => letter.repeat(1_500_000);
      const headers = { 'Grip-Link': nextOf(gateway) };
      links(
        gateway,
        { body: 'one ', headers },
        { body: page('a'), headers },
        { body: page('b'), headers },
        { body: 'end' },
      );
      const answer = await gateway.ask();
      assert.ok(answer.body === `one ${page('a')}${page('b')}end`);
    },
  ],
  [
    '[GRIP-NEXT-1] the last one may hold the stream',
    async (gateway) => {
      links(
        gateway,
        { body: 'one ', headers: { 'Grip-Link': nextOf(gateway) } },
        { body: 'two ', headers: holdStream(gateway.channel) },
      );
      const answer = gateway.send();
      await answer.until('one two ');
      await gateway.publishUntil(answer.until('three'), to(gateway.channel, stream('three')));
    },
  ],
  [
    '[GRIP-NEXT-2] the next link is asked with GET, signed, and with nothing of the client’s',
    async (gateway) => {
      links(gateway, { body: 'one ', headers: { 'Grip-Link': nextOf(gateway) } }, { body: 'two' });
      const headers = { Cookie: 'a=b', Authorization: 'x', 'X-Mine': 'c', 'User-Agent': 'mine' };
      await gateway.ask({ method: 'POST', body: 'x', headers });
      const asked = await gateway.askedFor(isNext);
      assert.equal(asked.method, 'GET');
      assert.equal(asked.header('host'), 'plain.test');
      assert.equal(asked.body.length, 0);
      for (const name of ['cookie', 'authorization', 'x-mine', 'grip-last'])
        assert.deepEqual(asked.all(name), [], name);
      assert.equal(asked.all('grip-sig').length, 1);
      assert.equal(asked.all('grip-feature').length, 1);
    },
  ],
  ...(
    [
      ['a path', (gateway: Gateway): string => gateway.path('/x/next?a=b')],
      ['what is relative to the request', (): string => 'next?a=b'],
      ['a query', (): string => '?/next'],
      [
        'a whole URL',
        (gateway: Gateway): string => `http://plain.test${gateway.path('/next?a=b')}`,
      ],
    ] as const
  ).map(([what, link]): GripRow => [
    `[GRIP-NEXT-3] the link may be ${what}`,
    async (gateway) => {
      const url = link(gateway);
      links(gateway, { body: 'a', headers: { 'Grip-Link': `<${url}>; rel=next` } }, { body: 'b' });
      assert.equal((await gateway.ask({ path: '/x/y' })).body, 'ab');
      const whole = new URL(url, `http://plain.test${gateway.path('/x/y')}`);
      assert.equal((await gateway.askedFor(isNext)).url, whole.pathname + whole.search);
    },
  ]),
  [
    '[GRIP-NEXT-3] a link that is relative counts from the link before',
    async (gateway) => {
      const replies: Record<string, Reply> = {
        '/start': { body: 'a', headers: { 'Grip-Link': '<deep/two>; rel=next' } },
        '/deep/two': { body: 'b', headers: { 'Grip-Link': '<three>; rel=next' } },
        '/deep/three': { body: 'c' },
      };
      gateway.plays(({ url }) => replies[url.replace(gateway.path(), '')] ?? { status: 404 });
      assert.equal((await gateway.ask({ path: '/start' })).body, 'abc');
    },
  ],
  [
    '[GRIP-NEXT-3] links of another relation are passed over',
    async (gateway) => {
      const link = `<${gateway.path('/next')}>; rel=other`;
      links(gateway, { body: 'a', headers: { 'Grip-Link': link } }, { body: 'b' });
      const answer = await gateway.ask();
      assert.equal(answer.body, 'a');
      assert.equal(answer.header('grip-link'), undefined);
    },
  ],
  [
    '[GRIP-NEXT-4] a stream that stays idle asks its next link after the timeout',
    async (gateway) => {
      links(
        gateway,
        {
          body: 'open\n',
          headers: holdStream(gateway.channel, { 'Grip-Link': nextOf(gateway, '; timeout=4') }),
        },
        {
          body: 'first ',
          headers: holdStream(gateway.channel, { 'Grip-Link': nextOf(gateway, '; timeout=4') }),
        },
        { body: 'second', headers: holdStream(gateway.channel) },
      );
      const answer = gateway.send();
      await answer.until('open\nfirst second');
      const [one, two] = gateway.asked.filter(isNext);
      const seconds = ((two?.atMs ?? 0) - (one?.atMs ?? 0)) / 1_000;
      assert.ok(seconds > 1 && seconds < 6, `after ${seconds} s`);
      await gateway.publish(to(gateway.channel, stream('third')));
      await answer.until('first secondthird');
    },
  ],
  [
    '[GRIP-NEXT-5] about a second after a channel got its first subscriber the next link is asked',
    async (gateway) => {
      const headers = holdStream(gateway.channel, { 'Grip-Link': nextOf(gateway) });
      links(gateway, { body: 'open\n', headers }, { body: 'more\n', headers });
      const from = performance.now();
      await gateway.send().until('open\nmore\n');
      const seconds = (performance.now() - from) / 1_000;
      assert.ok(seconds > 0.7 && seconds < 2.5, `after ${seconds} s`);
    },
  ],
  [
    '[GRIP-NEXT-6] its instructions replace those before: other channels are followed',
    async (gateway) => {
      const [one, two] = [`${gateway.channel}-1`, `${gateway.channel}-2`];
      links(
        gateway,
        { body: 'open\n', headers: holdStream(one, { 'Grip-Link': nextOf(gateway) }) },
        { body: 'more\n', headers: holdStream(two) },
      );
      const answer = gateway.send();
      await answer.until('more\n');
      await gateway.publishUntil(answer.until('right'), to(two, stream('right')));
      await gateway.publish(to(one, stream('wrong')), to(two, stream('end')));
      assert.doesNotMatch(await answer.until('end'), /wrong/);
    },
  ],
  [
    '[GRIP-NEXT-6] [DIFF-37] its instructions may be JSON',
    async (gateway) => {
      const headers = holdStream(gateway.channel, { 'Grip-Link': nextOf(gateway) });
      const instruct = { hold: { mode: 'stream', channels: [] }, response: { body: 'more\n' } };
      const type = { 'Content-Type': 'application/grip-instruct' };
      links(
        gateway,
        { body: 'open\n', headers },
        { body: JSON.stringify(instruct), headers: type },
      );
      assert.equal(await gateway.send().until('more\n'), 'open\nmore\n');
    },
  ],
  [
    '[GRIP-NEXT-6] and its answer may end the stream',
    async (gateway) => {
      const headers = holdStream(gateway.channel, { 'Grip-Link': nextOf(gateway) });
      links(gateway, { body: 'open\n', headers }, { body: 'end\n' });
      assert.equal((await gateway.ask()).body, 'open\nend\n');
    },
  ],
  [
    '[GRIP-NEXT-7] a next link that fails is asked again after 1, 2, 4 and 8 s and more',
    async (gateway) => {
      const headers = { 'Grip-Link': nextOf(gateway) };
      links(
        gateway,
        { body: 'open ', headers },
        ...Array.from({ length: 4 }, () => ({ status: 500, body: 'sorry' })),
        { body: 'end' },
      );
      assert.equal((await gateway.ask()).body, 'open end');
      const times = gateway.asked.filter(isNext).map(({ atMs }) => atMs / 1_000);
      const gaps = times.slice(1).map((at, nth) => at - (times[nth] ?? 0));
      assert.equal(gaps.length, 4);
      for (const [nth, gap] of gaps.entries()) {
        const least = 2 ** nth;
        assert.ok(gap > least - 0.2 && gap < least + 1.6, `gap ${nth} took ${gap} s`);
      }
    },
    { seconds: 40 },
  ],
  [
    '[GRIP-NEXT-7] when it fails six times the stream ends',
    async (gateway) => {
      const headers = { 'Grip-Link': nextOf(gateway) };
      links(gateway, { body: 'open ', headers }, { status: 404, body: 'sorry' });
      assert.equal((await gateway.ask()).body, 'open ');
      assert.equal(nextsAsked(gateway), 6);
    },
    { seconds: 60 },
  ],
  [
    '[GRIP-NEXT-7] with debug it says so',
    async (gateway) => {
      const headers = { 'Grip-Link': nextOf(gateway) };
      links(gateway, { body: 'open ', headers }, { status: 404, body: 'sorry' });
      const { body } = await gateway.ask({ host: 'debug.test' });
      assert.match(body, /^open \n\n.*[Ff]ailed to retrieve next/);
    },
    { seconds: 60 },
  ],
  ...(
    [
      ['a response hold', 'response', 'Next link returned non-stream hold.'],
      ['a hold that is none', 'x', "Grip-Hold must be set to either 'response' or 'stream'"],
    ] as const
  ).map(([what, hold, wrong]): GripRow => [
    `[GRIP-NEXT-8] a next link that answers with ${what} ends the stream behind its body`,
    async (gateway) => {
      const headers = { 'Grip-Link': nextOf(gateway) };
      const answered = { ...holdResponse(gateway.channel), 'Grip-Hold': hold };
      links(gateway, { body: 'open ', headers }, { body: 'x', headers: answered });
      const answer = await gateway.ask({ host: 'debug.test' });
      assert.equal(answer.body, `open x\n\n${wrong}\n`);
    },
  ]),
  [
    '[GRIP-NEXT-9] hint asks the next link at once',
    async (gateway) => {
      const headers = holdStream(gateway.channel, { 'Grip-Link': nextOf(gateway) });
      links(gateway, { body: 'open\n', headers }, { body: '1 ', headers }, { body: '2 ', headers });
      const answer = gateway.send();
      await answer.until('open\n1 ');
      await gateway.publish(
        to(gateway.channel, { formats: { 'http-stream': { action: 'hint' } } }),
      );
      await answer.until('open\n1 2 ');
    },
  ],
  [
    '[GRIP-NEXT-10] streams whose next links differ in their query are asked for each by itself',
    async (gateway) => {
      gateway.plays(({ url }) => {
        const user = new URL(url, 'http://x').searchParams.get('user');
        const headers = holdStream(gateway.channel, {
          'Grip-Link': `<${gateway.path(`/next?user=${user}`)}>; rel=next`,
        });
        return { body: url.includes('/next') ? `for ${user}\n` : 'open\n', headers };
      });
      const answers = ['ann', 'bob'].map((user) => gateway.send({ path: `?user=${user}` }));
      const [ann, bob] = await Promise.all(answers.map((answer) => answer.until('for ')));
      assert.match(ann ?? '', /for ann/);
      assert.match(bob ?? '', /for bob/);
    },
  ],
]);

export const positionCases = gripCases('positions', [
  [
    '[GRIP-SEQ-1] what follows the place of a stream is delivered',
    async (gateway) => {
      const answer = await placed(gateway, '1', [after(gateway, '1', 'ready ')]);
      await answer.until('ready ');
      await gateway.publishUntil(answer.until('two '), (nth) =>
        to(gateway.channel, stream('two '), { id: `2-${nth}`, 'prev-id': '1' }),
      );
      await gateway.publish(
        to(gateway.channel, stream('three '), { id: '3', 'prev-id': '2-0', 'no-seq': true }),
      );
      await answer.until('three ');
      assert.match(answer.text, /^open\nready (?:two )+three $/);
    },
  ],
  [
    '[GRIP-SEQ-2] what does not follow it is not delivered: the next link is asked for what comes after the place',
    async (gateway) => {
      const answer = await placed(gateway, '1', [
        after(gateway, '1', 'ready '),
        after(gateway, '90', 'two to ninety '),
      ]);
      await answer.until('ready ');
      await gateway.publishUntil(answer.until('ninety '), (nth) =>
        to(gateway.channel, stream('wrong'), { id: `${nth + 3}`, 'prev-id': `${nth + 2}` }),
      );
      assert.equal(answer.text, 'open\nready two to ninety ');
      const asked = await gateway.askedFor((_, at) => at === 2);
      assert.deepEqual(asked.all('grip-last'), [`${gateway.channel}; last-id=1`]);
      await gateway.publishUntil(answer.until('more'), (nth) =>
        to(gateway.channel, stream('more'), { id: `more-${nth}`, 'prev-id': '90' }),
      );
    },
  ],
  [
    '[GRIP-SEQ-2] what has no prev-id does not follow',
    async (gateway) => {
      const answer = await placed(gateway, '1', [
        after(gateway, '1', 'ready '),
        after(gateway, '2', 'recovered '),
      ]);
      await answer.until('ready ');
      const work = answer.until('recovered ');
      await gateway.publishUntil(work, to(gateway.channel, stream('wrong')));
      assert.equal(answer.text, 'open\nready recovered ');
    },
  ],
  [
    '[GRIP-SEQ-2] without a next link a stream with a place ends',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(`${gateway.channel}; prev-id=1`) });
      const answer = await gateway.ask();
      assert.equal(answer.body, 'open\n');
      assert.equal(answer.header('grip-hold'), undefined);
    },
  ],
  [
    '[GRIP-SEQ-2] and with debug says why',
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(`${gateway.channel}; prev-id=1`) });
      const { body } = await gateway.ask({ host: 'debug.test' });
      assert.match(body, /specifies prev-id, but no next link found/);
    },
  ],
  [
    '[GRIP-SEQ-3] a poll with a place is asked again when something came in between',
    async (gateway) => {
      const held = (id: string): Reply => ({
        body: 'nothing\n',
        headers: holdResponse(`${gateway.channel}; prev-id=${id}`),
      });
      gateway.plays((asked, nth) =>
        nth < 2 ? held('1') : { body: `seen ${asked.header('grip-last')}` },
      );
      const answer = gateway.ask();
      const second = await gateway.askedAt(1);
      assert.deepEqual(second.all('grip-last'), [`${gateway.channel}; last-id=1`]);
      const item = (nth: number): Item =>
        to(gateway.channel, poll('wrong'), { id: `${nth + 3}`, 'prev-id': `${nth + 2}` });
      const { body } = await gateway.publishUntil(answer, item);
      assert.equal(body, `seen ${gateway.channel}; last-id=1`);
    },
  ],
  [
    '[GRIP-SEQ-1] [DIFF-60] an item without words for a stream leaves no gap in it',
    async (gateway) => {
      const held: Reply = {
        body: 'open ',
        headers: holdStream(`${gateway.channel}; prev-id=1`, { 'Grip-Link': nextOf(gateway) }),
      };
      links(gateway, held, { ...held, body: 'ready ' });
      const answer = gateway.send();
      await answer.until('open ready ');
      await gateway.publish(
        to(gateway.channel, message('x'), { id: '2', 'prev-id': '1' }),
        to(gateway.channel, stream('3 '), { id: '3', 'prev-id': '2' }),
      );
      assert.equal(await answer.until('3 '), 'open ready 3 ');
    },
  ],
  [
    '[GRIP-SEQ-3] a poll with a place takes what follows it',
    async (gateway) => {
      gateway.plays({ body: 'nothing\n', headers: holdResponse(`${gateway.channel}; prev-id=1`) });
      const answer = gateway.ask();
      await gateway.askedAt(1);
      const item = (nth: number): Item =>
        to(gateway.channel, poll('two'), { id: `2-${nth}`, 'prev-id': '1' });
      assert.equal((await gateway.publishUntil(answer, item)).body, 'two');
    },
  ],
  [
    '[GRIP-SEQ-4] a hold whose place is behind what the gateway knows asks at once',
    async (gateway) => {
      const { channel } = gateway;
      gateway.plays({ body: 'open\n', headers: holdStream(channel) });
      const other = gateway.send({ path: '/other' });
      await other.until('open\n');
      await gateway.publish(to(channel, stream('five'), { id: '5' }));
      await other.until('five');
      links(
        gateway,
        {
          body: 'open\n',
          headers: holdStream(`${channel}; prev-id=3`, { 'Grip-Link': nextOf(gateway) }),
        },
        after(gateway, '5', 'four five '),
      );
      const answer = gateway.send();
      await answer.until('open\nfour five ');
      const asked = await gateway.askedFor(isNext);
      assert.deepEqual(asked.all('grip-last'), [`${channel}; last-id=3`]);
    },
  ],
  [
    '[GRIP-SEQ-5] of several places each is asked for in a line of its own',
    async (gateway) => {
      const [one, two] = [`${gateway.channel}-1`, `${gateway.channel}-2`];
      const headers = holdStream('', {
        'Grip-Channel': [`${one}; prev-id=a`, `${two}; prev-id=b`],
        'Grip-Link': nextOf(gateway),
      });
      links(gateway, { body: 'open\n', headers }, { body: 'end' });
      await gateway.ask();
      const lasts = (await gateway.askedFor(isNext)).all('grip-last');
      assert.deepEqual(lasts.toSorted(), [`${one}; last-id=a`, `${two}; last-id=b`]);
    },
  ],
  ...['prev-id', 'prev-id=""'].map((param): GripRow => [
    `[GRIP-SEQ-7] ${param} is no place: a stream without a next link goes on`,
    async (gateway) => {
      gateway.plays({ body: 'open\n', headers: holdStream(`${gateway.channel}; ${param}`) });
      const answer = gateway.send();
      await answer.until('open\n');
      await gateway.publish(to(gateway.channel, stream('more')));
      await answer.until('open\nmore');
    },
  ]),
  [
    '[GRIP-SEQ-7] prev-id= is the empty id',
    async (gateway) => {
      const headers = holdStream(`${gateway.channel}; prev-id=`, { 'Grip-Link': nextOf(gateway) });
      links(gateway, { body: 'open\n', headers }, { body: 'end' });
      await gateway.ask();
      const lasts = (await gateway.askedFor(isNext)).all('grip-last');
      assert.deepEqual(lasts, [`${gateway.channel}; last-id=`]);
    },
  ],
  [
    '[GRIP-SEQ-7] a poll behind the empty id is answered with what says nothing of its place',
    async (gateway) => {
      gateway.plays({ body: 'nothing\n', headers: holdResponse(`${gateway.channel}; prev-id=`) });
      const answer = gateway.ask();
      await gateway.askedAt(1);
      const item = (nth: number): Item => to(gateway.channel, poll('one'), { id: `1-${nth}` });
      assert.equal((await gateway.publishUntil(answer, item)).body, 'one');
    },
  ],
  [
    '[GRIP-SEQ-7] and a stream goes on behind it',
    async (gateway) => {
      const held: Reply = {
        body: 'open ',
        headers: holdStream(`${gateway.channel}; prev-id=`, { 'Grip-Link': nextOf(gateway) }),
      };
      links(gateway, held, { ...held, body: 'ready ' });
      const answer = gateway.send();
      await answer.until('open ready ');
      await gateway.publish(
        to(gateway.channel, stream('1 '), { id: '1' }),
        to(gateway.channel, stream('2 '), { id: '2', 'prev-id': '1' }),
      );
      assert.equal(await answer.until('2 '), 'open ready 1 2 ');
    },
  ],
  [
    '[GRIP-SEQ-5] with a prefix the origin is asked by its own name',
    async (gateway) => {
      const headers = holdStream(`${gateway.channel}; prev-id=a`, { 'Grip-Link': nextOf(gateway) });
      links(gateway, { body: 'open\n', headers }, { body: 'end' });
      await gateway.ask({ host: 'prefix.test' });
      const lasts = (await gateway.askedFor(isNext)).all('grip-last');
      assert.deepEqual(lasts, [`${gateway.channel}; last-id=a`]);
    },
  ],
]);

async function plainStream(gateway: Gateway): Promise<Answer> {
  gateway.plays({ body: 'open\n', headers: holdStream(gateway.channel) });
  const answer = gateway.send();
  await answer.until('open\n');
  return answer;
}

export const orderCases = gripCases('order', [
  [
    '[GRIP-ORDER-1] what comes before its predecessor waits for it',
    async (gateway) => {
      const answer = await plainStream(gateway);
      await gateway.publish(to(gateway.channel, stream('1 '), { id: '1' }));
      await gateway.publish(to(gateway.channel, stream('4 '), { id: '4', 'prev-id': '3' }));
      await gateway.publish(to(gateway.channel, stream('3 '), { id: '3', 'prev-id': '2' }));
      await gateway.publish(to(gateway.channel, stream('2 '), { id: '2', 'prev-id': '1' }));
      assert.equal(await answer.until('4 '), 'open\n1 2 3 4 ');
    },
  ],
  [
    '[GRIP-ORDER-2] when the predecessor does not come, it waits 5 to 6 s',
    async (gateway) => {
      const answer = await plainStream(gateway);
      await gateway.publish(to(gateway.channel, stream('1 '), { id: '1' }));
      const from = performance.now();
      await gateway.publish(to(gateway.channel, stream('3 '), { id: '3', 'prev-id': '2' }));
      await gateway.publish(to(gateway.channel, stream('4 '), { id: '4', 'prev-id': '3' }));
      assert.equal(await answer.until('4 '), 'open\n1 3 4 ');
      const seconds = (performance.now() - from) / 1_000;
      assert.ok(seconds > 4.5 && seconds < 7, `it took ${seconds} s`);
    },
  ],
  [
    '[GRIP-ORDER-3] no-seq passes by what waits',
    async (gateway) => {
      const answer = await plainStream(gateway);
      await gateway.publish(to(gateway.channel, stream('1 '), { id: '1' }));
      const more = { id: '3', 'prev-id': '2', 'no-seq': true };
      const from = performance.now();
      await gateway.publish(to(gateway.channel, stream('3 '), more));
      assert.equal(await answer.until('3 '), 'open\n1 3 ');
      assert.ok(performance.now() - from < 3_000);
    },
  ],
  [
    '[GRIP-ORDER-4] the first that a channel hears of need not follow anything',
    async (gateway) => {
      const answer = await plainStream(gateway);
      const from = performance.now();
      await gateway.publish(to(gateway.channel, stream('7 '), { id: '7', 'prev-id': '6' }));
      assert.equal(await answer.until('7 '), 'open\n7 ');
      assert.ok(performance.now() - from < 3_000);
    },
  ],
  [
    '[GRIP-ORDER-4] what has no prev-id waits for nothing',
    async (gateway) => {
      const answer = await plainStream(gateway);
      await gateway.publish(to(gateway.channel, stream('1 '), { id: '1' }));
      await gateway.publish(to(gateway.channel, stream('9 '), { id: '9' }));
      await gateway.publish(to(gateway.channel, stream('10 '), { id: '10', 'prev-id': '9' }));
      assert.equal(await answer.until('10 '), 'open\n1 9 10 ');
    },
  ],
  [
    '[GRIP-ORDER-5] an id that was published to a channel is not published again',
    async (gateway) => {
      const answer = await plainStream(gateway);
      await gateway.publish(to(gateway.channel, stream('1 '), { id: '1' }));
      await gateway.publish(to(gateway.channel, stream('again '), { id: '1' }));
      await gateway.publish(to(gateway.channel, stream('again '), { id: '1', 'no-seq': true }));
      await gateway.publish(to(gateway.channel, stream('2 '), { id: '2' }));
      assert.equal(await answer.until('2 '), 'open\n1 2 ');
    },
  ],
  [
    '[GRIP-ORDER-5] also when nobody listened the first time',
    async (gateway) => {
      await gateway.publish(to(gateway.channel, stream('1 '), { id: '1' }));
      const answer = await plainStream(gateway);
      await gateway.publish(to(gateway.channel, stream('again '), { id: '1' }));
      await gateway.publish(to(gateway.channel, stream('2 '), { id: '2' }));
      assert.equal(await answer.until('2 '), 'open\n2 ');
    },
  ],
  [
    '[GRIP-ORDER-5] the same id on another channel is another',
    async (gateway) => {
      const answer = await plainStream(gateway);
      await gateway.publish(to(`${gateway.channel}-not`, stream('x'), { id: '1' }));
      await gateway.publish(to(gateway.channel, stream('1 '), { id: '1' }));
      assert.equal(await answer.until('1 '), 'open\n1 ');
    },
  ],
  [
    '[GRIP-ORDER-6] [DIFF-14] what waited for the same instant comes in order',
    async (gateway) => {
      const answer = await plainStream(gateway);
      await gateway.publish(to(gateway.channel, stream('0 '), { id: '0' }));
      const gaps = Array.from({ length: 12 }, (_, at) => 2 * at + 2);
      await gateway.publish(
        ...gaps.map((id) =>
          to(gateway.channel, stream(`${id} `), { id: `${id}`, 'prev-id': `${id - 1}` }),
        ),
      );
      const wanted = `open\n0 ${gaps.map((id) => `${id} `).join('')}`;
      await answer.until((body) => body.length >= wanted.length);
      assert.equal(answer.text, wanted);
    },
  ],
]);
