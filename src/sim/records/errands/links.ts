// Errands that are answered in parts, held on, or answered by the target that is built in: where links lead and what they
// are asked with, what a HEAD gets, and what is wrong with an answer that has begun. Written from spec/grip.md, "Targets"
// to "Next links"; the routes tell what went wrong.

import type { Header } from '../scenes/scene.ts';
import { asks, type Errand, type Said } from './errand.ts';

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
};

function page(body: string, headers: readonly Header[]): Said {
  return { status: 200, headers, body };
}

function leads(name: string, link: string, more: readonly Header[], ...answer: string[]): Errand {
  const headers: readonly Header[] = [['X-A', '1'], ...more, ['Grip-Link', `<${link}>; rel=next`]];
  const said = page('first\n', headers);
  return asks(name, { host: 'ed.test', said }, `200 OK | x-a: 1 || first\n${answer.join('\n')}`);
}

/** What its origin is asked: nothing of what the client said. */
const asked = (target: string, ...more: string[]): readonly string[] => [
  `GET ${target}`,
  'cdn-loop: us',
  'grip-feature: all',
  ...more,
  '',
];

const stream = (content: string): object => ({ 'http-stream': { content } });
const end = { 'http-stream': { action: 'close' } };

const instructs = (mode: string, body: string, more: object = {}): Said =>
  page(
    JSON.stringify({ hold: { mode, channels: [{ name: 'never' }], ...more }, response: { body } }),
    [['Content-Type', 'application/grip-instruct']],
  );

export const linkErrands: readonly Errand[] = [
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
