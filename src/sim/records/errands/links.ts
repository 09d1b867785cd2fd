// Errands that are answered in parts, held on, or answered by the target that is built in: where links lead and what they
// are asked with, what a HEAD gets, and what is wrong with an answer that has begun. Written from spec/grip.md, "Targets"
// to "Next links"; the routes tell what went wrong.

import type { Header } from '../scenes/scene.ts';
import { asks, type Errand, type Said } from './errand.ts';

/** Nothing is ever said there. */
export const SILENT_PAGE = 'silence';

/** What links lead to, by the end of its path. */
export const pages: Readonly<Record<string, Said>> = {
  second: page('second\n', [['Grip-Link', '<told?third>; rel=next']]),
  polled: page('polled\n', [
    ['Grip-Hold', 'response'],
    ['Grip-Channel', 'never'],
  ]),
  mistaken: page('mistaken\n', [['Grip-Hold', 'later']]),
  streamed: page('streamed\n', [
    ['Grip-Hold', 'stream'],
    ['Grip-Channel', 'link-streams'],
  ]),
  broken: { status: 500, headers: [], body: 'broken\n' },
  dropping: page('', [['Action', 'drop']]),
  silent: { status: 204, headers: [], body: '' },
  large: page('z'.repeat(1_000_001), []),
  'large-with-ids': page('z'.repeat(1_000_001), [['Grip-Channel', 'never; filter=build-id']]),
  'large-and-json': page('z'.repeat(1_000_001), [['Content-Type', 'application/grip-instruct']]),
  'too-long': page('z'.repeat(100_001), []),
  'with-ids': page('%I', [
    ['Grip-Hold', 'stream'],
    ['Grip-Channel', 'never; filter=build-id'],
    ['Grip-Set-Meta', 'id_format=x'],
  ]),
  'breaking-off': { ...page('z'.repeat(100), []), isBroken: true },
};

export function page(body: string, headers: readonly Header[]): Said {
  return { status: 200, headers, body };
}

export function leads(
  name: string,
  link: string,
  more: readonly Header[],
  ...answer: string[]
): Errand {
  const headers: readonly Header[] = [['X-A', '1'], ...more, ['Grip-Link', `<${link}>; rel=next`]];
  const said = page('first\n', headers);
  return asks(name, { host: 'ed.test', said }, `200 OK | x-a: 1 || first\n${answer.join('\n')}`);
}

/** What its origin is asked: nothing of what the client said. */
export const asked = (target: string, ...more: string[]): readonly string[] => [
  `GET ${target}`,
  'cdn-loop: us',
  'grip-feature: all',
  ...more,
  '',
];

export const stream = (content: string): object => ({ 'http-stream': { content } });
export const end = { 'http-stream': { action: 'close' } };

const instructs = (mode: string, body: string, more: object = {}): Said =>
  page(
    JSON.stringify({ hold: { mode, channels: [{ name: 'never' }], ...more }, response: { body } }),
    [['Content-Type', 'application/grip-instruct']],
  );

/** What is wrong with an instruction, on a route that tells. */
function tells(name: string, mistake: string, headers: readonly Header[], body = ''): Errand {
  const details = `Failed to parse accept instructions: ${mistake}\n`;
  return asks(
    name,
    { host: 'ed.test', said: page(body, headers) },
    `502 Bad Gateway | content-type: text/plain || ${details}`,
  );
}

export function tellsLine(mistake: string, name: string, value: string): Errand {
  const words = `line-${mistake.replaceAll(/[^a-zA-Z]+/g, '-')}`;
  return tells(words, mistake, [
    ['Grip-Hold', 'stream'],
    [name, value],
  ]);
}

const INSTRUCT: Header = ['Content-Type', 'application/grip-instruct; charset=x'];

function tellsJson(mistake: string, body: unknown): Errand {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return tells(`json-${mistake.replaceAll(/[^a-zA-Z]+/g, '-')}`, mistake, [INSTRUCT], text);
}

/** What a stream hears meanwhile. */
function keeps(name: string, hold: Said, heard: RegExp): Errand {
  const pauses = Array.from({ length: 7 }, () => ({ channel: 'e-none', formats: end }));
  const last = { channel: `e-${name}`, formats: end };
  return asks(name, { host: 'ed.test', said: hold, items: [...pauses, last] }, heard);
}

export function keepsLine(name: string, line: string, heard: RegExp): Errand {
  const headers: readonly Header[] = [
    ['Grip-Hold', 'stream'],
    ['Grip-Channel', name],
    ['Grip-Keep-Alive', line],
  ];
  return keeps(name, page('', headers), heard);
}

export function keepsJson(name: string, keepAlive: object, heard: RegExp): Errand {
  const hold = { mode: 'stream', channels: [{ name }], 'keep-alive': keepAlive };
  return keeps(name, page(JSON.stringify({ hold }), [INSTRUCT]), heard);
}

export function answersJson(name: string, body: object, answer: string): Errand {
  return asks(name, { host: 'ed.test', said: page(JSON.stringify(body), [INSTRUCT]) }, answer);
}

const channels = [{ name: 'never' }];

const instructionErrands: readonly Errand[] = [
  // [GRIP-FILTER-5]
  ...(['stream', 'none'] as const).map((hold) =>
    asks(
      `ids-from-the-beginning-${hold}`,
      {
        host: 'ed.test',
        said: page('%I', [
          ...(hold === 'none' ? [] : [['Grip-Hold', hold] as const]),
          ['Grip-Channel', 'never; filter=build-id'],
        ]),
      },
      "502 Bad Gateway | content-type: text/plain || filter error: build-id: no sub meta 'id_format'\n",
    ),
  ),
  tellsLine('Grip-Keep-Alive cannot be empty', 'Grip-Keep-Alive', '; format=raw'),
  tellsLine("no such Grip-Keep-Alive mode 'never'", 'Grip-Keep-Alive', 'a; mode=never'),
  tellsLine("no such Grip-Keep-Alive format 'hex'", 'Grip-Keep-Alive', 'a; format=hex'),
  tellsLine('failed to parse Grip-Keep-Alive timeout value', 'Grip-Keep-Alive', 'a; timeout=1x'),
  tellsLine('Grip-Keep-Alive timeout has invalid value', 'Grip-Keep-Alive', 'a; timeout=-1'),
  tellsLine(
    'failed to parse Grip-Keep-Alive cstring format',
    'Grip-Keep-Alive',
    String.raw`a\xg0; format=cstring`,
  ),
  tellsLine('Grip-Status contains invalid status code', 'Grip-Status', '1000 So'),
  tellsLine('failed to parse Grip-Timeout', 'Grip-Timeout', '4294967296'),
  tellsLine('Grip-Timeout has invalid value', 'Grip-Timeout', '-1'),
  tellsLine('failed to parse Grip-Link timeout value', 'Grip-Link', '</a>; rel=next; timeout=x'),
  tellsLine('Grip-Link timeout has invalid value', 'Grip-Link', '</a>; rel=next; timeout=-1'),
  tellsLine('failed to parse Grip-Link value', 'Grip-Link', '<>; rel=next'),
  tellsLine('Grip-Link contains invalid link', 'Grip-Link', '<1:a>; rel=gone'),
  tellsJson('failed to parse application/grip-instruct content as JSON', '{'),
  tellsJson('instruct must be an object', '[]'),
  tellsJson("instruct contains 'hold' with wrong type", { hold: 1 }),
  tellsJson("hold 'mode' must be set to either 'response' or 'stream'", {
    hold: { mode: 'later', channels },
  }),
  tellsJson("hold does not contain 'channels'", { hold: {} }),
  tellsJson("hold contains 'channels' with wrong type", { hold: { channels: {} } }),
  tellsJson("channel does not contain 'name'", { hold: { channels: [{}] } }),
  tellsJson('channel is not an object', { hold: { channels: ['a'] } }),
  tellsJson("channel contains 'prev-id' with wrong type", {
    hold: { channels: [{ name: 'a', 'prev-id': 1 }] },
  }),
  tellsJson('filters contains value with wrong type', {
    hold: { channels: [{ name: 'a', filters: [1] }] },
  }),
  tellsJson("hold contains 'timeout' with invalid value", { hold: { channels, timeout: -1 } }),
  tellsJson("hold contains 'timeout' with wrong type", { hold: { channels, timeout: {} } }),
  tellsJson("hold contains 'keep-alive' with wrong type", { hold: { channels, 'keep-alive': 1 } }),
  tellsJson("'meta' contains 'a' with wrong type", { hold: { channels, meta: { a: 1 } } }),
  tellsJson("response contains 'code' with invalid value", { response: { code: 1000 } }),
  tellsJson("response contains 'body' with wrong type", { response: { body: 1 } }),
  answersJson('json-nothing', {}, '200 OK || '),
  answersJson('json-reason', { response: { reason: 'So' } }, '200 So || '),
  answersJson(
    'json-digits',
    {
      response: {
        ...{ code: ' 201', 'body-bin': 'eA', body: 'never' },
        headers: [
          ['X-A', '1'],
          ['Connection', 'x'],
          ['Grip-A', 'x'],
        ],
      },
    },
    '201 Created | x-a: 1 || x',
  ),
  answersJson(
    'json-ordered',
    { response: { headers: { 'X-B': '1', 'X-A': '2' } } },
    '200 OK | x-a: 2 | x-b: 1 || ',
  ),
  keepsLine(
    'keep-escaped',
    String.raw`\\A\x42\q\n; format=cstring; timeout=1`,
    /^200 OK \|\| (?:\\AB\n){1,6}$/,
  ),
  keepsLine('keep-in-base64', 'eHk; format=base64; timeout="1"', /^200 OK \|\| (?:xy){1,6}$/),
  keepsLine('keep-at-least', 'a; timeout=0', /^200 OK \|\| a{1,6}$/),
  keepsLine('keep-for-long', '"a;b", c', /^200 OK \|\| $/),
  keepsJson('keep-json', { content: 'xy', timeout: '1' }, /^200 OK \|\| (?:xy){1,6}$/),
  keepsJson('keep-json-bytes', { 'content-bin': 'eHk=', timeout: 1 }, /^200 OK \|\| (?:xy){1,6}$/),
  keepsJson('keep-json-for-long', { content: 'xy' }, /^200 OK \|\| $/),
  asks(
    'streamed-in-every-way',
    {
      host: 'ed.test',
      said: page('', [
        ['Grip-Hold', 'stream'],
        ['Grip-Channel', 'streamed-in-every-way'],
      ]),
      items: [
        '{"items":[{"channel":"e-streamed-in-every-way","http-stream":{"content":"a\\"\tb\\\\\n"}}]}',
        {
          pull: {
            channel: 'e-streamed-in-every-way',
            formats: { 'http-stream': { content: 'c' } },
          },
        },
        { pull: 'no item' },
        { channel: 'e-streamed-in-every-way', formats: { 'http-stream': { 'content-bin': 'ZA' } } },
        { channel: 'e-streamed-in-every-way', formats: end },
      ],
    },
    '200 OK || a"\tb\\\ncd',
  ),
];

export const linkErrands: readonly Errand[] = [
  ...instructionErrands,
  leads('link-at-home', '/e/told?second', [], ...asked('/e/told?second')),
  leads('link-relative', 'told', [], ...asked('/e/told')),
  leads('link-up', '../told', [], ...asked('/told')),
  leads(
    'link-elsewhere',
    'http://else.test:81/e/told?a',
    [],
    'GET http://else.test:81/e/told?a',
    'grip-feature: all',
    '',
  ),
  leads(
    'link-secure',
    'https://else.test/e/told',
    [],
    'GET https://else.test:443/e/told',
    'grip-feature: all',
    '',
  ),
  leads('link-to-links', 'second', [], 'second', ...asked('/e/told?third')),
  leads(
    'link-with-a-place',
    'told',
    [['Grip-Channel', 'a; prev-id=7']],
    ...asked('/e/told', 'grip-last: a; last-id=7'),
  ),
  leads('link-of-another-kind', 'ftp://else.test/', [], '\n\nFailed to retrieve next link.\n'),
  leads(
    'link-to-a-poll',
    'polled',
    [],
    'polled',
    '',
    '',
    'Next link returned non-stream hold.',
    '',
  ),
  asks(
    'link-to-a-stream',
    {
      host: 'ed.test',
      said: page('first\n', [['Grip-Link', '<streamed>; rel=next']]),
      items: [
        { channel: 'e-link-streams', formats: stream('one\n') },
        { channel: 'link-streams', formats: stream('not this\n') },
        { channel: 'e-link-streams', formats: end },
      ],
    },
    '200 OK || first\nstreamed\none\n',
  ),
  asks(
    'place-without-a-link',
    {
      host: 'ed.test',
      said: page('first\n', [
        ['Grip-Hold', 'stream'],
        ['Grip-Channel', 'a; prev-id=7'],
      ]),
    },
    "200 OK || first\n\n\nchannel 'a' specifies prev-id, but no next link found\n",
  ),
  asks('head', { method: 'HEAD' }, '200 OK || '),
  asks(
    'head-of-a-stream',
    { method: 'HEAD', said: page('first\n', pages['streamed']?.headers ?? []) },
    '200 OK || ',
  ),
  asks(
    'head-of-instructions',
    { method: 'HEAD', said: instructs('stream', 'never\n') },
    '200 OK || ',
  ),
  asks(
    'head-of-a-poll',
    {
      method: 'HEAD',
      said: page('never\n', [
        ['Grip-Hold', 'response'],
        ['Grip-Channel', 'head-of-a-poll'],
      ]),
      items: [
        {
          channel: 'e-head-of-a-poll',
          formats: { 'http-response': { code: 201, headers: { 'X-A': '1' }, body: 'x' } },
        },
      ],
    },
    '201 Created | x-a: 1 || ',
  ),
  asks(
    'test-response',
    {
      ...{ host: 'et.test', path: '/t/response', search: '?channel=e-test-r&channel=e-test-q' },
      items: [{ channel: 'e-test-q', formats: { 'http-response': { body: 'words\n' } } }],
    },
    '200 OK | content-type: text/plain || words\n',
  ),
  asks(
    'test-stream',
    {
      ...{ host: 'et.test', path: '/t/stream/', search: '?channel=e-test-s' },
      items: [
        { channel: 'e-test-s', formats: stream('words\n') },
        { channel: 'e-test', formats: stream('not these\n') },
        { channel: 'e-test-s', formats: end },
      ],
    },
    '200 OK | content-type: text/plain || [stream opened]\nwords\n',
  ),
  asks(
    'test-stream-of-itself',
    {
      ...{ host: 'et.test', path: '/t/stream' },
      items: [{ channel: 'test', formats: end }],
    },
    '200 OK | content-type: text/plain || [stream opened]\n',
  ),
  ...[
    ['nowhere', 'http://origin-f/e/none'],
    ['silence', SILENT_PAGE],
  ].map(([name = '', url = '']) =>
    asks(
      `check-${name}`,
      {
        host: 'ed.test',
        said: instructs('response', 'in the end\n', {
          channels: [{ name: `check-${name}`, filters: ['http-check'] }],
          meta: { url },
        }),
        items: [{ channel: `e-check-${name}`, formats: { 'http-response': { body: 'never' } } }],
      },
      '502 Bad Gateway | content-type: text/plain || filter error: network request failed\n',
    ),
  ),
  ...(['broken', 'dropping'] as const).map((url) =>
    asks(
      `check-at-${url}`,
      {
        host: 'ed.test',
        said: instructs('response', 'in the end\n', {
          channels: [{ name: `check-${url}`, filters: ['http-check'] }],
          meta: { url },
          timeout: 5,
        }),
        items: [{ channel: `e-check-${url}`, formats: { 'http-response': { body: 'never' } } }],
      },
      url === 'broken'
        ? '502 Bad Gateway | content-type: text/plain || filter error: unexpected network request status: code=500\n'
        : '200 OK || in the end\n',
    ),
  ),
];
