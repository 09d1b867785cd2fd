// Errands of what stands in the lines of an answer: lists with quotes, names in other letters, places and links of every
// kind. Written from spec/grip.md, "Instructions" to "Filters".

import type { Header } from '../../scenes/scene.ts';
import { asks, type Errand } from '../errand.ts';
import { asked, keepsJson, keepsLine, leads, page, stream, tellsLine } from '../links.ts';
import { checks } from '../talks/sockets.ts';

/** More than may ask at once. */
const CROWD = 130;

/** A poll that is answered by an item of this text. */
function fillsIn(name: string, headers: readonly Header[], text: string, becomes: string): Errand {
  return asks(
    name,
    {
      host: 'ed.test',
      said: page('never\n', [
        ['Grip-Hold', 'response'],
        ['Grip-Channel', `${name}; filter=var-subst`],
        ...headers,
      ]),
      items: [{ channel: `e-${name}`, formats: { 'http-response': { body: text } } }],
    },
    `200 OK || ${becomes}`,
  );
}

/** A stream on a channel that is named in its own way. */
function follows(name: string, line: string, channel: string): Errand {
  return asks(
    name,
    {
      host: 'ed.test',
      said: page('', [
        ['GRIP-HOLD', 'stream'],
        ['grip-channel', line],
      ]),
      items: [
        { channel: 'e-', formats: stream('no') },
        { channel: `e-${channel}`, formats: stream('heard') },
        { channel: `e-${channel}`, formats: { 'http-stream': { action: 'close' } } },
      ],
    },
    '200 OK || heard',
  );
}

function modifies(name: string, filter: string, url: string, problem: string): Errand {
  return asks(
    name,
    {
      host: 'ed.test',
      said: page('never\n', [
        ['Grip-Hold', 'response'],
        ['Grip-Channel', `${name}; filter=${filter}`],
        ['Grip-Set-Meta', `url="${url}"`],
      ]),
      items: [{ channel: `e-${name}`, formats: { 'http-response': { body: 'x' } } }],
    },
    `502 Bad Gateway | content-type: text/plain || ${problem}\n`,
  );
}

export const lineErrands: readonly Errand[] = [
  // [GRIP-SEQ-5] [GRIP-SEQ-7]
  leads(
    'link-with-a-quoted-place',
    'told',
    [['Grip-Channel', String.raw`a; prev-id="7\",; 8"; x, b ;prev-id= 9 `]],
    ...asked('/e/told', 'grip-last: a; last-id=7",; 8', 'grip-last: b; last-id=9'),
  ),
  leads(
    'link-with-no-place',
    'told',
    [['Grip-Channel', 'a; prev-id="", b; prev-id']],
    ...asked('/e/told'),
  ),
  leads(
    'link-with-an-empty-place',
    'told',
    [['Grip-Channel', 'a; prev-id=']],
    ...asked('/e/told', 'grip-last: a; last-id='),
  ),
  leads(
    'link-with-two-places',
    'told',
    [
      ['Grip-Channel', 'a; prev-id=1; PREV-ID=2'],
      ['grip-channel', 'b;Prev-Id=3,,'],
    ],
    ...asked('/e/told', 'grip-last: a; last-id=1', 'grip-last: b; last-id=3'),
  ),
  // [GRIP-NEXT-3]
  leads(
    'link-behind-others',
    'told?last',
    [
      ['Grip-Link', '<mistaken>; rel=prev, <polled>; rel=next, <broken>'],
      ['Grip-Link', '<broken>; rel="last"'],
    ],
    ...asked('/e/told?last'),
  ),
  leads('link-without-a-scheme', '//ed.test/e/told', [], ...asked('/e/told')),
  leads('link-at-its-whole', 'http://ed.test/e/told?a=b#c', [], ...asked('/e/told?a=b')),
  // [GRIP-NEXT-11]
  asks(
    'link-to-much',
    { host: 'ed.test', said: page('first\n', [['Grip-Link', '<large>; rel=next']]) },
    `200 OK || first\n${'z'.repeat(94)}… 1000007 …${'z'.repeat(100)}`,
  ),
  ...(['large-with-ids', 'large-and-json'] as const).map((name) =>
    leads(`link-to-${name}`, name, [], '', '', 'Next response too large.', ''),
  ),
  // [GRIP-FILTER-6]
  fillsIn(
    'meta-in-quotes',
    [
      ['Grip-Set-Meta', String.raw`Us="a\"n, x" ; y=1 , b = c`],
      ['grip-set-meta', 'd="open'],
    ],
    '%(Us)s %(b)s',
    'a"n, x c',
  ),
  fillsIn('meta-said-twice', [['Grip-Set-Meta', 'user=ann, user=bob, =x']], '%(user)s', 'bob'),
  fillsIn(
    'meta-in-other-letters',
    [['Grip-Set-Meta', 'k\u00c3\u00a4=\u00c3\u00b6']],
    '%(kä)s',
    'ö',
  ),
  tellsLine('Grip-Set-Meta cannot be empty', 'Grip-Set-Meta', 'a=1,,b=2'),
  follows('named-in-other-letters', 'k\u00c3\u00a4se', 'käse'),
  follows('named-in-no-letters', '\u00ff\u00fe', '\u00ff\u00fe'),
  follows('named-in-quotes', '"named, so" ; filter="never"', '"named, so"'),
  follows('named-with-blanks', '\t named with blanks \t; prev-id', 'named with blanks'),
  keepsLine(
    'keep-in-other-letters',
    '\u00c3\u00a4;timeout=1;mode=interval',
    /^200 OK \|\| ä{1,6}$/,
  ),
  keepsLine('keep-in-quotes', 'x; format="base64" ;timeout="1"', /^200 OK \|\| $/),
  keepsJson('keep-json-halves', { content: 'xy', timeout: 0.6 }, /^200 OK \|\| (?:xy){1,6}$/),
  asks(
    'json-response-of-a-number',
    {
      host: 'ed.test',
      said: page('{"response":1}', [['Content-Type', 'application/grip-instruct']]),
    },
    '502 Bad Gateway | content-type: text/plain || Failed to parse accept instructions: \n',
  ),
  asks(
    'json-with-lines',
    {
      host: 'ed.test',
      said: page('{"response":{"body":"x","headers":{"X-B":"2"}}}', [
        ['Content-Type', 'application/grip-instruct'],
        ['Grip-Status', '404 Gone So'],
        ['X-A', '1'],
      ]),
    },
    '404 Gone So | x-b: 2 || x',
  ),
  // [GRIP-FILTER-5]
  asks(
    'ids-of-no-place',
    {
      host: 'ed.test',
      said: page('%I', [
        ['Grip-Hold', 'response'],
        ['Grip-Channel', 'ids-of-no-place; filter=build-id'],
        ['Grip-Set-Meta', 'id_format=x'],
      ]),
      items: [{ channel: 'e-ids-of-no-place', formats: { 'http-response': { body: '%I %(b)I' } } }],
    },
    '200 OK || x b',
  ),
  // [GRIP-FILTER-8]
  modifies(
    'modify-too-long',
    'http-modify',
    'too-long',
    'filter error: network response too large',
  ),
  modifies(
    'modify-broken-off',
    'http-modify',
    'breaking-off',
    'filter error: network request failed',
  ),
  modifies('modify-no-way', 'http-modify', 'ftp://else.test/', 'invalid url value'),
  asks(
    'ids-at-once',
    {
      host: 'ed.test',
      said: page('a%I', [
        ['Grip-Hold', 'stream'],
        ['Grip-Channel', 'never; filter=build-id'],
        ['Grip-Set-Meta', 'id_format=x'],
      ]),
    },
    '502 Bad Gateway | content-type: text/plain || filter error: build-id: No ID specified and no default ID in context at position 2\n',
  ),
  leads(
    'link-with-ids',
    'with-ids',
    [],
    '',
    '',
    'filter error: build-id: No ID specified and no default ID in context at position 1',
    '',
  ),
  checks('ws-modify-too-long', 'http-modify', 'too-long'),
  checks('ws-modify-broken-off', 'http-modify', 'breaking-off'),
  // [GRIP-LOAD-1] Who waits for a turn is asked about, too.
  ...(['response', 'stream'] as const).map((hold) =>
    asks(
      `crowd-${hold}`,
      {
        ...{ host: 'ed.test', times: CROWD },
        said: page(hold === 'stream' ? 'first\n' : '', [
          ['Grip-Hold', hold],
          ['Grip-Channel', `crowd-${hold}`],
          ...(hold === 'stream' ? [['Grip-Link', `<crowd-${hold}>; rel=next`] as const] : []),
        ]),
        again: page('again\n', []),
        isPaced: true,
        items: [{ channel: `e-crowd-${hold}`, formats: { [`http-${hold}`]: { action: 'hint' } } }],
      },
      `200 OK || ${hold === 'stream' ? 'first\n' : ''}again\n // one after the other`,
    ),
  ),
];
