// Response holds: the long-poll. The client hears nothing until something is published or its time is over.

import assert from 'node:assert/strict';

import { gripCases, type GripRow } from './case.ts';
import { type Gateway, holdResponse, type Item, poll, stream } from './gateway.ts';
import type { HeaderLines, WholeAnswer } from './http-client.ts';
import type { Reply } from './origin.ts';

/** A poll that is answered by a publication. */
async function answered(
  gateway: Gateway,
  item: Item | ((nth: number) => Item),
  reply: Reply = {},
  host = 'plain.test',
): Promise<WholeAnswer> {
  gateway.plays({
    body: 'nothing\n',
    ...reply,
    headers: holdResponse(gateway.channel, reply.headers ?? {}),
  });
  const full = (nth: number): Item => ({
    channel: gateway.channel,
    ...(typeof item === 'function' ? item(nth) : item),
  });
  return gateway.publishUntil(gateway.ask({ host }), full);
}

/** A poll that nobody publishes to; gives its answer and how long it took, in seconds. */
async function timedOut(
  gateway: Gateway,
  headers: HeaderLines,
  reply: Reply = {},
): Promise<{ answer: WholeAnswer; seconds: number }> {
  gateway.plays({ body: 'nothing\n', ...reply, headers: holdResponse(gateway.channel, headers) });
  const from = performance.now();
  const answer = await gateway.ask();
  return { answer, seconds: (performance.now() - from) / 1_000 };
}

const json = (value: unknown, more: Reply = {}): Reply => ({
  ...more,
  headers: { 'Content-Type': 'application/grip-instruct', ...more.headers },
  body: JSON.stringify(value),
});

const patched =
  (body: string, patch: readonly unknown[], wanted: string, ...differences: string[]) =>
  async (gateway: Gateway): Promise<void> => {
    assert.ok(differences.length < 2);
    const answer = await answered(
      gateway,
      { formats: { 'http-response': { 'body-patch': patch } } },
      { body },
    );
    assert.equal(`${answer.status} ${answer.body}`, wanted);
  };

export const holdCases = gripCases('holds', [
  [
    '[GRIP-HOLD-1] a response hold is answered by the first publication',
    async (gateway) => {
      const answer = await answered(gateway, poll('hello\n'));
      assert.equal(`${answer.status} ${answer.reason} ${answer.body}`, '200 OK hello\n');
      assert.equal(answer.header('content-length'), '6');
      assert.equal(answer.header('content-type'), 'text/plain');
    },
  ],
  [
    '[GRIP-HOLD-1] no header that begins with Grip- reaches the client',
    async (gateway) => {
      const answer = await answered(gateway, poll('x'), {
        headers: { 'Grip-Foo': 'bar', 'grip-timeout': '30' },
      });
      assert.deepEqual(
        answer.headers.filter(([name]) => name.toLowerCase().startsWith('grip-')),
        [],
      );
    },
  ],
  [
    '[GRIP-HOLD-1] after it the connection takes the next request',
    async (gateway) => {
      gateway.plays((asked) =>
        asked.url.endsWith('/next')
          ? { body: 'next\n' }
          : { headers: holdResponse(gateway.channel), body: 'nothing\n' },
      );
      const on = gateway.connection();
      const item = { channel: gateway.channel, ...poll('a') };
      await gateway.publishUntil(gateway.ask({ on }), item);
      assert.equal((await gateway.ask({ on, path: '/next' })).body, 'next\n');
    },
  ],
  [
    '[GRIP-HOLD-1] a POST may be held as well',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const answer = gateway.ask({ method: 'POST', body: 'x' });
      const item = { channel: gateway.channel, ...poll('a') };
      assert.equal((await gateway.publishUntil(answer, item)).body, 'a');
    },
  ],
  [
    '[GRIP-HOLD-1] publications of other formats and channels do not answer it',
    async (gateway) => {
      let held = 0;
      const answer = await answered(gateway, (nth) => {
        held = nth;
        return nth < 15
          ? nth % 2 === 0
            ? stream('wrong')
            : { channel: `${gateway.channel}-not`, ...poll('wrong') }
          : poll('right');
      });
      assert.equal(answer.body, 'right');
      assert.ok(held >= 15);
    },
  ],
  [
    '[GRIP-HOLD-1] of a publication in several formats, it takes its own',
    async (gateway) => {
      const { formats: one } = stream('stream') as { formats: Item };
      const { formats: two } = poll('response') as { formats: Item };
      const answer = await answered(gateway, { formats: { ...one, ...two } });
      assert.equal(answer.body, 'response');
    },
  ],
  ...(
    [
      ['several header lines', (a: string): string[] => [`${a}-1`, `${a}-2`]],
      ['a list', (a: string): string[] => [`${a}-1, ${a}-2`]],
      ['a list with parameters', (a: string): string[] => [`${a}-1; x=y, ${a}-2; x="y,z"`]],
    ] as const
  ).map(([what, channels]): GripRow => [
    `[GRIP-HOLD-2] channels may come in ${what}, and each answers`,
    async (gateway) => {
      gateway.plays({
        headers: holdResponse('', { 'Grip-Channel': channels(gateway.channel) }),
        body: 'nothing\n',
      });
      for (const channel of [`${gateway.channel}-1`, `${gateway.channel}-2`]) {
        const answer = await gateway.publishUntil(gateway.ask(), { channel, ...poll(channel) });
        assert.equal(answer.body, channel);
      }
    },
  ]),
  [
    '[GRIP-HOLD-2] everybody who waits on a channel is answered',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const all = Promise.all(Array.from({ length: 5 }, () => gateway.ask()));
      const answers = await gateway.publishUntil(all, { channel: gateway.channel, ...poll('a') });
      assert.deepEqual(
        answers.map(({ body }) => body),
        ['a', 'a', 'a', 'a', 'a'],
      );
    },
  ],
  [
    '[GRIP-HOLD-2] the prefix of the route stands before every channel',
    async (gateway) => {
      const answer = await answered(
        gateway,
        (nth) =>
          nth % 2 === 0 ? poll('wrong') : { channel: `pre-${gateway.channel}`, ...poll('right') },
        {},
        'prefix.test',
      );
      assert.equal(answer.body, 'right');
    },
  ],
  [
    '[GRIP-HOLD-3] when nothing is published, the origin’s own answer comes in the end',
    async (gateway) => {
      const { answer, seconds } = await timedOut(
        gateway,
        { 'Grip-Timeout': '5', 'X-A': 'b' },
        { status: 203, reason: 'Late' },
      );
      assert.equal(`${answer.status} ${answer.reason} ${answer.body}`, '203 Late nothing\n');
      assert.equal(answer.header('x-a'), 'b');
      assert.equal(answer.header('content-length'), '8');
      assert.ok(seconds > 4.5 && seconds < 7.5, `it took ${seconds} s`);
    },
  ],
  ...['0', '1', '4'].map((timeout): GripRow => [
    `[GRIP-HOLD-3] a timeout of ${timeout} s is one of 5`,
    async (gateway) => {
      const { seconds } = await timedOut(gateway, { 'Grip-Timeout': timeout });
      assert.ok(seconds > 4.5 && seconds < 7.5, `it took ${seconds} s`);
    },
  ]),
  [
    '[GRIP-HOLD-3] without a timeout it is 55 s',
    async (gateway) => {
      const { answer, seconds } = await timedOut(gateway, {});
      assert.equal(answer.body, 'nothing\n');
      assert.ok(seconds > 54 && seconds < 58, `it took ${seconds} s`);
    },
    { seconds: 70 },
  ],
  [
    '[GRIP-HOLD-4] a hold without channels waits for its timeout',
    async (gateway) => {
      gateway.plays({ headers: { 'Grip-Hold': 'response', 'Grip-Timeout': '5' }, body: 'end\n' });
      const from = performance.now();
      assert.equal((await gateway.ask()).body, 'end\n');
      assert.ok(performance.now() - from > 4_500);
    },
  ],
  [
    '[GRIP-HOLD-5] about a second after a channel got its first subscriber the origin is asked again',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const headers = { Cookie: 'a=b', 'X-Mine': 'c' };
      gateway.send({ method: 'POST', path: '/x?y', headers, body: 'the body' });
      const [first, second] = [await gateway.askedAt(0), await gateway.askedAt(1)];
      const seconds = (second.atMs - first.atMs) / 1_000;
      assert.ok(seconds > 0.7 && seconds < 2, `it took ${seconds} s`);
      assert.equal(second.method, 'POST');
      assert.equal(second.url, first.url);
      assert.equal(second.body.toString(), 'the body');
      assert.equal(second.header('cookie'), 'a=b');
      assert.equal(second.header('x-mine'), 'c');
    },
  ],
  [
    '[GRIP-HOLD-5] the origin is asked again once, however many channels were new',
    async (gateway) => {
      const { channel } = gateway;
      const channels = [1, 2, 3].map((number) => `${channel}-${number}`).join(', ');
      gateway.plays({ headers: holdResponse(channels), body: 'nothing\n' });
      gateway.send({ path: '/many' });
      await gateway.askedAt(1);
      // What takes longer than any of them would: a poll that comes later, of another channel.
      gateway.plays({ headers: holdResponse(`${channel}-late`), body: 'nothing\n' });
      gateway.send({ path: '/late' });
      await gateway.askedFor(({ url }, at) => url.endsWith('/late') && at > 2);
      assert.equal(gateway.asked.filter(({ url }) => url.endsWith('/many')).length, 2);
    },
  ],
  [
    '[GRIP-HOLD-5] a channel that had a subscriber just now is not new',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const item = { channel: gateway.channel, ...poll('a') };
      const first = gateway.ask();
      await gateway.askedAt(1);
      await gateway.publishUntil(first, item);
      const asked = gateway.asked.length;
      const other = gateway.send({ path: '/other' });
      await gateway.askedFor(({ url }) => url.endsWith('/other'));
      // What takes longer than that second: a poll of another channel, which is new.
      const { channel } = gateway;
      gateway.plays({ headers: holdResponse(`${channel}-late`), body: 'nothing\n' });
      gateway.send({ path: '/late' });
      await gateway.askedFor(({ url }, at) => url.endsWith('/late') && at > asked + 1);
      assert.equal(other.isOver, false);
      assert.equal(gateway.asked.filter(({ url }) => url.endsWith('/other')).length, 1);
    },
  ],
  [
    '[GRIP-HOLD-5] the second answer of the origin may end the hold',
    async (gateway) => {
      gateway.plays([
        { headers: holdResponse(gateway.channel), body: 'nothing\n' },
        { status: 202, headers: { 'X-A': 'b' }, body: 'news\n' },
      ]);
      const answer = await gateway.ask();
      assert.equal(`${answer.status} ${answer.body}`, '202 news\n');
      assert.equal(answer.header('x-a'), 'b');
    },
  ],
  [
    '[GRIP-HOLD-6] [DIFF-7] what is published while the origin is asked again is not lost',
    async (gateway) => {
      let release: () => void = () => {};
      gateway.plays(async (_, nth) => {
        if (nth === 1)
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        return { headers: holdResponse(gateway.channel, { 'Grip-Timeout': '5' }), body: 'late\n' };
      });
      const answer = gateway.ask();
      await gateway.askedAt(1);
      await gateway.publish({ channel: gateway.channel, ...poll('once') });
      release();
      assert.equal((await answer).body, 'once');
    },
  ],
  [
    '[GRIP-HOLD-7] [DIFF-8] a held HEAD is answered without a body',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: '' });
      const on = gateway.connection();
      const item = { channel: gateway.channel, ...poll('HTTP/1.1 is not a body') };
      await gateway.publishUntil(gateway.ask({ method: 'HEAD', on }), item);
      gateway.plays({ body: 'next\n' });
      assert.equal((await gateway.ask({ on })).body, 'next\n');
    },
  ],
  [
    '[GRIP-HOLD-8] a client that leaves is forgotten, and others are answered',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const on = gateway.connection();
      gateway.send({ on });
      await gateway.askedAt(0);
      on.leave();
      const item = { channel: gateway.channel, ...poll('a') };
      assert.equal((await gateway.publishUntil(gateway.ask(), item)).body, 'a');
    },
  ],
  [
    '[GRIP-HOLD-9] [DIFF-9] a gone link is asked when the client has left',
    async (gateway) => {
      gateway.plays((asked) =>
        asked.url.includes('gone')
          ? { status: 200 }
          : {
              headers: holdResponse(gateway.channel, {
                'Grip-Link': `<${gateway.path('/gone')}>; rel=gone`,
              }),
            },
      );
      const on = gateway.connection();
      gateway.send({ on });
      await gateway.askedAt(0);
      on.leave();
      const gone = await gateway.askedFor(({ url }) => url.endsWith('/gone'));
      assert.equal(gone.method, 'POST');
      assert.equal(gone.body.length, 0);
    },
  ],
]);

export const answerCases = gripCases('answers', [
  ...(
    [
      ['a code', { code: 201 }, '201 Created'],
      ['a code as text, as libraries send it', { code: '404' }, '404 Not Found'],
      ['a code and a reason', { code: 404, reason: 'Gone Fishing' }, '404 Gone Fishing'],
      ['a reason alone', { reason: 'Fine' }, '200 Fine'],
      ['a code that nobody knows', { code: 299 }, '299 Undefined Reason'],
    ] as const
  ).map(([what, more, wanted]): GripRow => [
    `[GRIP-PUB-10] a published response may have ${what}`,
    async (gateway) => {
      const answer = await answered(gateway, poll('x', more));
      assert.equal(`${answer.status} ${answer.reason}`, wanted);
    },
  ]),
  [
    '[GRIP-PUB-10] without a code it is 200, whatever the origin said',
    async (gateway) => {
      const answer = await answered(gateway, poll('x'), { status: 404, reason: 'Nope' });
      assert.equal(`${answer.status} ${answer.reason}`, '200 OK');
    },
  ],
  ...(
    [
      ['an object', { 'X-A': 'new', 'X-B': 'b' }],
      [
        'a list of pairs',
        [
          ['X-A', 'new'],
          ['X-B', 'b'],
        ],
      ],
    ] as const
  ).map(([what, headers]): GripRow => [
    `[GRIP-PUB-11] published headers, as ${what}, replace those of the origin by name`,
    async (gateway) => {
      const more = { headers: headers as unknown };
      const answer = await answered(gateway, poll('x', more), {
        headers: { 'X-A': ['old', 'older'], 'X-C': 'c' },
      });
      assert.deepEqual(answer.all('x-a'), ['new']);
      assert.deepEqual(answer.all('x-b'), ['b']);
      assert.deepEqual(answer.all('x-c'), ['c']);
    },
  ]),
  [
    '[GRIP-PUB-11] a list of pairs may name one header several times',
    async (gateway) => {
      const headers = [
        ['Set-Cookie', 'a=b'],
        ['Set-Cookie', 'c=d'],
      ];
      const answer = await answered(gateway, poll('x', { headers }));
      assert.deepEqual(answer.all('set-cookie').toSorted(), ['a=b', 'c=d']);
    },
  ],
  [
    '[GRIP-PUB-11] published headers that begin with Grip- are removed',
    async (gateway) => {
      const answer = await answered(
        gateway,
        poll('x', { headers: { 'Grip-Foo': 'a', 'X-A': 'b' } }),
      );
      assert.deepEqual(answer.all('grip-foo'), []);
      assert.deepEqual(answer.all('x-a'), ['b']);
    },
  ],
  [
    '[GRIP-PUB-12] a body may be bytes in Base64, and these win over text',
    async (gateway) => {
      const more = { 'body-bin': Buffer.of(0, 255, 128).toString('base64') };
      const answer = await answered(gateway, poll('text', more));
      assert.deepEqual([...answer.bytes], [0, 255, 128]);
    },
  ],
  [
    '[GRIP-PUB-12] a body may be empty',
    async (gateway) => {
      const answer = await answered(gateway, poll(''));
      assert.equal(answer.body, '');
      assert.equal(answer.header('content-length'), '0');
    },
  ],
  [
    '[GRIP-PUB-12] a body may have any letters',
    async (gateway) => {
      const answer = await answered(gateway, poll('ünï \u0000 😀\n'));
      assert.equal(answer.body, 'ünï \u0000 😀\n');
    },
  ],
  [
    '[GRIP-PUB-12] a body may be large',
    async (gateway) => {
      const body = 'b'.repeat(900_000);
      assert.equal((await answered(gateway, poll(body))).body, body);
    },
  ],
  [
    '[GRIP-PUB-13] a hint asks the origin again',
    async (gateway) => {
      gateway.plays(({ url }, nth) =>
        url.endsWith('/x') && nth >= 2
          ? { body: 'new\n' }
          : { headers: holdResponse(gateway.channel), body: 'nothing\n' },
      );
      const answer = gateway.ask({ path: '/x' });
      await gateway.askedAt(1);
      const item = { channel: gateway.channel, formats: { 'http-response': { action: 'hint' } } };
      assert.equal((await gateway.publishUntil(answer, item)).body, 'new\n');
    },
  ],
  [
    '[GRIP-PUB-13] close ends no response hold',
    async (gateway) => {
      const answer = await answered(gateway, (nth) =>
        nth < 15 ? { formats: { 'http-response': { action: 'close' } } } : poll('sent'),
      );
      assert.equal(answer.body, 'sent');
    },
  ],
  ...(
    [
      ['replace', '{"b":1,"a":2}', [{ op: 'replace', path: '/b', value: 5 }], '200 {"a":2,"b":5}'],
      [
        'add',
        '{"a":1}',
        [{ op: 'add', path: '/b', value: [true, null] }],
        '200 {"a":1,"b":[true,null]}',
      ],
      ['remove', '{"a":1,"b":2}', [{ op: 'remove', path: '/a' }], '200 {"b":2}'],
      ['move', '{"a":1}', [{ op: 'move', from: '/a', path: '/c' }], '200 {"c":1}'],
      ['copy', '{"a":1}', [{ op: 'copy', from: '/a', path: '/c' }], '200 {"a":1,"c":1}'],
      ['test', '{"a":1}', [{ op: 'test', path: '/a', value: 1 }], '200 {"a":1}'],
      ['add at the end', '{"a":[1]}', [{ op: 'add', path: '/a/-', value: 2 }], '200 {"a":[1,2]}'],
      [
        'a deeper path',
        '{"a":{"b":[{"c":1}]}}',
        [{ op: 'replace', path: '/a/b/0/c', value: 'x' }],
        '200 {"a":{"b":[{"c":"x"}]}}',
      ],
      [
        'an escaped path',
        '{"a/b":1,"m~n":2}',
        [
          { op: 'replace', path: '/a~1b', value: 3 },
          { op: 'remove', path: '/m~0n' },
        ],
        '200 {"a/b":3}',
      ],
      [
        'several operations',
        '[]',
        [
          { op: 'add', path: '/-', value: 1 },
          { op: 'add', path: '/-', value: 2 },
        ],
        '200 [1,2]',
      ],
      ['no operation', '{ "b" : 1 , "a" : 2 }', [], '200 {"a":2,"b":1}'],
    ] as const
  ).map(([what, body, patch, wanted]): GripRow => [
    `[GRIP-PATCH-1] a patch of the origin’s body: ${what}`,
    patched(body, patch, wanted),
  ]),
  [
    '[GRIP-PATCH-1] the line end after the origin’s body stays',
    patched('{"a":1}\n', [{ op: 'replace', path: '/a', value: 2 }], '200 {"a":2}\n'),
  ],
  [
    '[GRIP-PATCH-2] add at a place that is taken replaces what is there',
    patched('{"a":[1,2]}', [{ op: 'add', path: '/a/0', value: 9 }], '200 {"a":[9,2]}'),
  ],
  ...(
    [
      ['a body that is no JSON', 'text', [{ op: 'add', path: '/a', value: 1 }]],
      ['a path that is not there', '{}', [{ op: 'remove', path: '/a' }]],
      ['a test that fails', '{"a":1}', [{ op: 'test', path: '/a', value: 2 }]],
      ['an operation that nobody knows', '{}', [{ op: 'frob', path: '/a' }]],
      ['a place beyond the end', '{"a":[1]}', [{ op: 'add', path: '/a/1', value: 2 }]],
    ] as const
  ).map(([what, body, patch]): GripRow => [
    `[GRIP-PATCH-3] a patch that cannot be made is 502: ${what}`,
    patched(body, patch, '502 Error while proxying to origin.\n'),
  ]),
]);

export const instructCases = gripCases('instructions', [
  [
    '[GRIP-INSTR-1] Grip-Status stands in the place of the status',
    async (gateway) => {
      gateway.plays({ headers: { 'Grip-Status': '404 Nope', 'X-A': 'b' }, body: 'x\n' });
      const answer = await gateway.ask();
      assert.equal(`${answer.status} ${answer.reason} ${answer.body}`, '404 Nope x\n');
      assert.equal(answer.header('x-a'), 'b');
      assert.deepEqual(answer.all('grip-status'), []);
    },
  ],
  ...(
    [
      ['404', '404 Not Found'],
      ['299', '299 Undefined Reason'],
    ] as const
  ).map(([status, wanted]): GripRow => [
    `[GRIP-INSTR-1] Grip-Status without a reason gets the usual one: ${status}`,
    async (gateway) => {
      gateway.plays({ headers: { 'Grip-Status': status } });
      const answer = await gateway.ask();
      assert.equal(`${answer.status} ${answer.reason}`, wanted);
    },
  ]),
  [
    '[GRIP-INSTR-1] Grip-Status is that of the answer when a hold times out',
    async (gateway) => {
      const headers = { 'Grip-Timeout': '5', 'Grip-Status': '404 Nope' };
      const { answer } = await timedOut(gateway, headers);
      assert.equal(`${answer.status} ${answer.reason} ${answer.body}`, '404 Nope nothing\n');
    },
  ],
  ...(
    [
      ['no hold', { 'Grip-Channel': 'x' }],
      ['a name that nobody knows', { 'Grip-Anything': 'x' }],
    ] as const
  ).map(([what, headers]): GripRow => [
    `[GRIP-INSTR-2] with ${what}, the answer comes at once without them`,
    async (gateway) => {
      gateway.plays({ headers: { ...headers, 'X-A': 'b' }, body: 'x\n' });
      const answer = await gateway.ask();
      assert.equal(answer.body, 'x\n');
      assert.equal(answer.header('content-length'), '2');
      assert.deepEqual(
        answer.headers.filter(([name]) => name.startsWith('Grip-')),
        [],
      );
    },
  ]),
  ...(
    [
      ['one line', ['X-A, X-B']],
      ['several lines', ['x-a', 'x-b']],
    ] as const
  ).map(([what, names]): GripRow => [
    `[GRIP-INSTR-3] Grip-Expose-Headers leaves only what it names: ${what}`,
    async (gateway) => {
      const { answer } = await timedOut(gateway, {
        ...{ 'Grip-Timeout': '5', 'Grip-Expose-Headers': names },
        ...{ 'X-A': 'a', 'X-B': 'b', 'X-C': 'c' },
      });
      assert.deepEqual(answer.all('x-a'), ['a']);
      assert.deepEqual(answer.all('x-b'), ['b']);
      assert.deepEqual(answer.all('x-c'), []);
      assert.deepEqual(answer.all('content-type'), []);
    },
  ]),
  ...(
    [
      ['Grip-Hold must be set to either', { 'Grip-Hold': 'foo' }],
      ['Grip-Hold must be set to either', { 'Grip-Hold': 'Response' }],
      ['Grip-Timeout has invalid value', { 'Grip-Hold': 'response', 'Grip-Timeout': '-1' }],
      ['failed to parse Grip-Timeout', { 'Grip-Hold': 'response', 'Grip-Timeout': 'soon' }],
      ['no such Grip-Keep-Alive mode', { 'Grip-Hold': 'stream', 'Grip-Keep-Alive': 'x; mode=y' }],
      ['Grip-Status contains invalid status code', { 'Grip-Status': '1000' }],
      ['Grip-Status contains invalid status code', { 'Grip-Status': 'x' }],
    ] as const
  ).flatMap(([text, headers], at): GripRow[] => [
    [
      `[GRIP-INSTR-4] instructions that are wrong are 502: ${Object.values(headers).join(' · ')} (${at})`,
      async (gateway) => {
        gateway.plays({ headers, body: 'x' });
        const answer = await gateway.ask();
        assert.equal(`${answer.status} ${answer.body}`, '502 Error while proxying to origin.\n');
        assert.equal(answer.header('content-type'), 'text/plain');
      },
    ],
    [
      `[GRIP-INSTR-5] and with debug say what is wrong: ${Object.values(headers).join(' · ')} (${at})`,
      async (gateway) => {
        gateway.plays({ headers, body: 'x' });
        const { status, body } = await gateway.ask({ host: 'debug.test' });
        assert.equal(status, 502);
        assert.ok(body.startsWith('Failed to parse accept instructions: '), body);
        assert.ok(body.includes(text), body);
      },
    ],
  ]),
  [
    '[GRIP-INSTR-9] [DIFF-12] more than five filters of one channel are wrong',
    async (gateway) => {
      const headers = { 'Grip-Channel': `a${'; filter=skip-self'.repeat(6)}`, 'Grip-Timeout': '5' };
      gateway.plays({ headers: holdResponse('', headers), body: 'x' });
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-INSTR-9] five are not, and names that nobody knows are passed over',
    async (gateway) => {
      const filters = '; filter=skip-self; filter=x; filter=y; filter=z; filter=skip-users';
      const answer = await answered(gateway, poll('x'), {
        headers: { 'Grip-Channel': gateway.channel + filters },
      });
      assert.equal(answer.body, 'x');
    },
  ],
  [
    '[GRIP-INSTR-6] a response hold with more than 100,000 bytes is 502',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'b'.repeat(100_001) });
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-INSTR-6] one of 100,000 bytes is held',
    async (gateway) => {
      const answer = await answered(gateway, poll('x'), { body: 'b'.repeat(100_000) });
      assert.equal(answer.body, 'x');
    },
  ],
  [
    '[GRIP-INSTR-6] [DIFF-10] a large answer that only happens to carry a Grip- header is passed on',
    async (gateway) => {
      gateway.plays({ headers: { 'Grip-Foo': 'x' }, body: 'b'.repeat(200_000) });
      const answer = await gateway.ask();
      assert.equal(answer.status, 200);
      assert.equal(answer.bytes.length, 200_000);
    },
  ],
  [
    '[GRIP-INSTR-7] a request of more than 100,000 bytes cannot be held',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel) });
      const answer = await gateway.ask({ method: 'POST', body: 'b'.repeat(100_001) });
      assert.equal(
        `${answer.status} ${answer.body}`,
        '400 Request too large to accept GRIP instruct.\n',
      );
    },
  ],
  [
    '[GRIP-INSTR-7] one of 100,000 bytes can',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel) });
      const answer = gateway.ask({ method: 'POST', body: 'b'.repeat(100_000) });
      const item = { channel: gateway.channel, ...poll('x') };
      assert.equal((await gateway.publishUntil(answer, item)).body, 'x');
    },
  ],
  [
    '[GRIP-INSTR-8] a connection holds at most 20 channels; more are not followed',
    async (gateway) => {
      const name = (at: number): string => `${gateway.channel}-${at}`;
      const channels = Array.from({ length: 25 }, (_, at) => name(at));
      gateway.plays({ headers: holdResponse('', { 'Grip-Channel': channels }) });
      const answer = gateway.ask();
      const winner = await gateway.publishUntil(answer, (nth) => ({
        channel: name(nth < 15 ? 20 + (nth % 5) : 19),
        ...poll(nth < 15 ? 'beyond' : 'twentieth'),
      }));
      assert.equal(winner.body, 'twentieth');
    },
  ],
]);

export const jsonCases = gripCases('json-instructions', [
  [
    '[GRIP-JSON-1] instructions may come as JSON',
    async (gateway) => {
      const { channel } = gateway;
      gateway.plays(
        json({
          hold: { mode: 'response', channels: [{ name: channel }] },
          response: { code: 404, headers: { 'X-A': 'b' }, body: 'nothing\n' },
        }),
      );
      const answer = await gateway.publishUntil(gateway.ask(), { channel, ...poll('a') });
      assert.equal(`${answer.status} ${answer.body}`, '200 a');
      assert.equal(answer.header('x-a'), 'b');
      assert.equal(answer.header('content-type'), undefined);
    },
  ],
  [
    '[GRIP-JSON-1] a hold without a mode is a response hold',
    async (gateway) => {
      const { channel } = gateway;
      gateway.plays(json({ hold: { channels: [{ name: channel }] }, response: { body: '' } }));
      const answer = await gateway.publishUntil(gateway.ask(), { channel, ...poll('a') });
      assert.equal(answer.body, 'a');
    },
  ],
  [
    '[GRIP-JSON-1] the type may have parameters',
    async (gateway) => {
      const { channel } = gateway;
      const headers = { 'Content-Type': 'application/grip-instruct; charset=utf-8' };
      gateway.plays(
        json({ hold: { channels: [{ name: channel }] }, response: { body: '' } }, { headers }),
      );
      const answer = await gateway.publishUntil(gateway.ask(), { channel, ...poll('a') });
      assert.equal(answer.body, 'a');
    },
  ],
  [
    '[GRIP-JSON-2] the response of a timeout is the one in the JSON',
    async (gateway) => {
      gateway.plays(
        json({
          hold: { mode: 'response', channels: [{ name: gateway.channel }], timeout: 5 },
          response: { code: 404, reason: 'Nope', headers: [['X-A', 'b']], body: 'nothing\n' },
        }),
      );
      const answer = await gateway.ask();
      assert.equal(`${answer.status} ${answer.reason} ${answer.body}`, '404 Nope nothing\n');
      assert.equal(answer.header('x-a'), 'b');
    },
  ],
  [
    '[GRIP-JSON-2] its body may be bytes in Base64',
    async (gateway) => {
      gateway.plays(json({ response: { 'body-bin': 'AP8=' } }));
      assert.deepEqual([...(await gateway.ask()).bytes], [0, 255]);
    },
  ],
  [
    '[GRIP-JSON-2] without a hold the response comes at once',
    async (gateway) => {
      gateway.plays(json({ response: { code: 201, body: 'x\n' } }));
      const answer = await gateway.ask();
      assert.equal(`${answer.status} ${answer.reason} ${answer.body}`, '201 Created x\n');
    },
  ],
  [
    '[GRIP-PUB-10] [DIFF-29] a published status that no answer can have is 502',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const item = { channel: gateway.channel, ...poll('a', { code: 99 }) };
      assert.equal((await gateway.publishUntil(gateway.ask(), item)).status, 502);
    },
  ],
  [
    '[GRIP-JSON-2] [GRIP-INSTR-4] [DIFF-29] a status that no answer can have is a mistake in JSON',
    async (gateway) => {
      gateway.plays(json({ response: { code: true, body: 'x\n' } }));
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-INSTR-1] [GRIP-INSTR-4] [DIFF-29] and in a header',
    async (gateway) => {
      gateway.plays({ headers: { 'Grip-Status': '101' }, body: 'x\n' });
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-PUB-10] [DIFF-29] a published value is one line',
    async (gateway) => {
      gateway.plays({ headers: holdResponse(gateway.channel), body: 'nothing\n' });
      const headers = { 'X-A': 'b\r\nX-C: d' };
      const item = { channel: gateway.channel, ...poll('a', { headers }) };
      const answer = await gateway.publishUntil(gateway.ask(), item);
      assert.equal(answer.header('x-a'), 'b X-C: d');
      assert.equal(answer.header('x-c'), undefined);
    },
  ],
  [
    '[GRIP-JSON-2] [DIFF-11] a response without a body has an empty one',
    async (gateway) => {
      gateway.plays(json({ response: { code: 201 } }));
      const answer = await gateway.ask();
      assert.equal(`${answer.status} ${answer.body}`, '201 ');
    },
  ],
  [
    '[GRIP-JSON-3] a stream may be held, with a keep-alive',
    async (gateway) => {
      const { channel } = gateway;
      gateway.plays(
        json({
          hold: {
            mode: 'stream',
            channels: [{ name: channel }],
            'keep-alive': { content: 'ping\n', timeout: 1 },
          },
          response: { headers: { 'X-A': 'b' }, body: 'open\n' },
        }),
      );
      const answer = gateway.send();
      assert.equal((await answer.head()).header('x-a'), 'b');
      await answer.until('open\nping\nping\n');
      await gateway.publish({ channel, ...stream('news\n') });
      await answer.until('news\n');
    },
  ],
  ...(
    [
      ['a status that is not 200', 500, { response: { body: '' } }],
      ['no object', 200, [1]],
      ['a hold that is no object', 200, { hold: 'x' }],
      ['a hold without channels', 200, { hold: { mode: 'stream' } }],
      ['a channel without a name', 200, { hold: { channels: [{}] } }],
      ['a mode that nobody knows', 200, { hold: { mode: 'x', channels: [] } }],
      ['a timeout below 0', 200, { hold: { channels: [], timeout: -1 } }],
    ] as const
  ).map(([what, status, value]): GripRow => [
    `[GRIP-JSON-4] JSON that is wrong is 502: ${what}`,
    async (gateway) => {
      gateway.plays(json(value, { status }));
      const answer = await gateway.ask();
      assert.equal(`${answer.status} ${answer.body}`, '502 Error while proxying to origin.\n');
    },
  ]),
  [
    '[GRIP-JSON-4] and so is what is no JSON',
    async (gateway) => {
      gateway.plays({ headers: { 'Content-Type': 'application/grip-instruct' }, body: '{' });
      assert.equal((await gateway.ask()).status, 502);
    },
  ],
  [
    '[GRIP-JSON-5] channels of headers and of JSON add up',
    async (gateway) => {
      const [one, two] = [`${gateway.channel}-1`, `${gateway.channel}-2`];
      const hold = { mode: 'stream', channels: [{ name: one }] };
      const headers = { 'Grip-Channel': two };
      gateway.plays(json({ hold, response: { body: 'open\n' } }, { headers }));
      const answer = gateway.send();
      await answer.until('open\n');
      await gateway.publish({ channel: one, ...stream('a') }, { channel: two, ...stream('b') });
      await answer.until('ab');
    },
  ],
  [
    '[GRIP-JSON-6] numbers may stand in quotes',
    async (gateway) => {
      gateway.plays(json({ response: { code: '404', body: 'x' } }));
      assert.equal((await gateway.ask()).status, 404);
    },
  ],
]);
